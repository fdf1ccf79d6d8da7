"""When a bundle may be written, and over what."""

import errno
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgecompress.core.errors import (
    EnvironmentFault,
    GateBroken,
    GateUndecided,
    InputError,
    IntegrityError,
    MissingExtra,
    StoreBusy,
)
from edgecompress.core.gate import GateReport, Limit, Verdict
from edgecompress.core.measurement import Measurement
from edgecompress.core.progress import Silent
from edgecompress.core.report import ModelFacts, RunReport
from edgecompress.runtime.admission import Demands, admit
from edgecompress.runtime.bundle import META, SIGNATURE, SIGNER, seal_bundle
from edgecompress.store.store import Store
from edgecompress.workflow import release
from edgecompress.workflow.release import (
    Terms,
    next_sequence,
    release_run,
    require_free,
    require_holds,
    terms,
)
from edgecompress.workflow.run import start
from tests.security.conftest import make_keys
from tests.security.hostile_graphs import GRAPHS
from tests.security.small_bundle import write_model


def gate(low, high):
    measured = Measurement("label_loyalty", 0.9, low, high, "fraction", 500, "by hand", "test")
    return GateReport((Verdict.of("loyalty", measured, Limit(at_least=0.88)),))


def test_a_gate_that_holds_lets_pass():
    require_holds(gate(0.89, 0.91))


def test_a_broken_limit_is_told_with_its_numbers():
    measured = Measurement("label_loyalty", 0.8, 0.7, 0.85, "fraction", 500, "by hand", "test")
    broken = GateReport((Verdict.of("loyalty", measured, Limit(at_least=0.88)),))
    with pytest.raises(GateBroken, match=r"label_loyalty on test 0.8 \[0.7, 0.85\].*limit >= 0.88"):
        require_holds(broken)


def test_an_undecided_limit_tells_the_rows():
    # half-width 0.03 at 500 rows has to shrink to 0.02: 500 * (3/2)^2 = 1125
    with pytest.raises(GateUndecided, match="about 1,125 rows would decide it"):
        require_holds(gate(0.87, 0.93))


def test_a_gate_without_verdicts_lets_nothing_pass():
    with pytest.raises(GateUndecided, match="undecided"):
        require_holds(GateReport(()))


def test_files_that_are_not_a_bundle_are_never_overwritten(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="holds files that are not a bundle"):
        require_free(tmp_path)


def test_an_empty_folder_is_free(tmp_path):
    require_free(tmp_path)


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="is not a folder"):
        require_free(tmp_path / "out")


def report(model="m", recipe="r"):
    facts = ModelFacts("it", model, 1, 1, "model.onnx")
    return RunReport("it", recipe, facts, facts, {}, gate(0.89, 0.91))


@pytest.fixture
def out(tmp_path):
    """Release 3 of the model "m" by the recipe "r", unsigned."""
    (tmp_path / META).mkdir()
    for name in ("config.json", "model.onnx", "tokenizer.json"):
        (tmp_path / name).touch()
    told = {"candidate": {"digest": "m"}, "recipe": {"digest": "r"}}
    (tmp_path / META / "report.json").write_text(json.dumps(told))
    seal_bundle(tmp_path, sequence=3)
    return tmp_path


def signer(fingerprint):
    return SimpleNamespace(public=SimpleNamespace(fingerprint=fingerprint))


@pytest.mark.parametrize(
    ("made", "asked", "given"),
    [
        (report(), None, None),  # it is there already
        (report(), 3, None),
        (report(), 5, 5),
        (report("other"), None, 4),
        (report(recipe="other"), None, 4),
        (report("other"), 9, 9),
    ],
)
def test_releases_are_numbered_onwards(out, made, asked, given):
    assert next_sequence(out, made, Terms(asked)) == given


@pytest.mark.parametrize(("made", "asked"), [(report(), 2), (report("other"), 3)])
def test_a_number_never_comes_twice_or_goes_back(out, made, asked):
    with pytest.raises(InputError, match=f"--sequence {asked}: .* holds release 3; .* at least 4"):
        next_sequence(out, made, Terms(asked))


@pytest.mark.parametrize(("asked", "given"), [(None, 1), (7, 7)])
def test_an_empty_place_takes_any_number(tmp_path, asked, given):
    assert next_sequence(tmp_path, report(), Terms(asked)) == given


def test_a_damaged_bundle_does_not_count(out):
    (out / "config.json").write_text("{}")
    assert next_sequence(out, report(), Terms()) == 1


def test_another_signer_is_another_release(out):
    assert next_sequence(out, report(), Terms(None, signer("a" * 64))) == 4
    (out / SIGNER).write_text("key")
    seal_bundle(out, sequence=3)
    (out / SIGNATURE).write_text("{}")
    # sha256 of "key", by coreutils' sha256sum
    same = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"
    assert next_sequence(out, report(), Terms(None, signer(same))) is None
    assert next_sequence(out, report(), Terms()) == 4


def test_signing_without_its_packages_says_what_to_install(tmp_path, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError("no", name="model_signing")

    monkeypatch.setattr(release, "import_module", missing)
    with pytest.raises(MissingExtra, match=r'pip install "edgecompress\[sign\]"'):
        terms(None, tmp_path / "key.pem")


@pytest.fixture
def finished(smoke, ws, tmp_path):
    """A run of the smoke recipe that has, without any training, come to a model of ten words."""
    run = start(smoke(), ws)
    run.made.append(SimpleNamespace(path=write_model(tmp_path / "made")))
    return run


def test_a_release_carries_its_papers_and_a_second_one_is_the_first(finished, tmp_path):
    out = release_run(finished, report(), tmp_path / "out", Terms())
    for paper in ("provenance.json", "bom.cdx.json", "golden.jsonl", "report.html"):
        assert (out / META / paper).is_file()
    sealed = admit(out, Demands()).manifest
    assert release_run(finished, report(), out, Terms()) == out
    assert admit(out, Demands()).manifest == sealed
    release_run(finished, report(), out, Terms(2))
    assert admit(out, Demands(at_least=2)).manifest.digest != sealed.digest


class KilledError(BaseException):
    """Nothing happens after it."""


def kill_before_renaming_to(name, monkeypatch):
    """Of the next release, when a folder is to get a name that begins so."""

    real = Path.rename

    def rename(path, target):
        if target.name.startswith(name):
            monkeypatch.setattr(release._Aside, "clear", lambda *_: None)
            raise KilledError(name)
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)


@pytest.mark.parametrize(("name", "left"), [(".out-old", 1), ("out", 2)])
def test_a_release_killed_while_it_replaces_a_bundle_loses_neither_it_nor_its_number(
    finished, tmp_path, name, left
):
    out = release_run(finished, report(), tmp_path / "out", Terms(4))
    with pytest.MonkeyPatch.context() as patch:
        kill_before_renaming_to(name, patch)
        with pytest.raises(KilledError, match=name):
            release_run(finished, report("other"), out, Terms())
    assert len(list(tmp_path.glob(".out-*"))) == left
    release_run(finished, report("other"), out, Terms())
    assert admit(out, Demands()).manifest.sequence == 5
    assert list(tmp_path.glob(".out-*")) == []


def test_a_full_disk_under_a_bundle_is_named_and_the_bundle_there_stays(
    finished, tmp_path, monkeypatch
):
    out = release_run(finished, report(), tmp_path / "out", Terms(4))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(release, "write_golden", full)
    with pytest.raises(EnvironmentFault, match=r"out: the disk is full.* GB free.*--out"):
        release_run(finished, report("other"), out, Terms())
    assert admit(out, Demands()).manifest.sequence == 4
    assert list(tmp_path.glob(".out-*")) == []


def test_two_releases_to_one_place_take_turns(finished, tmp_path):
    impatient = Store(finished.ws.store.root, Silent(), wait_s=0)
    with (
        release._only_writer_of(tmp_path / "out", finished.ws.store),
        pytest.raises(StoreBusy, match="pid"),
        release._only_writer_of(tmp_path / "out", impatient),
    ):
        pass


def test_a_signed_release_passes_by_its_key(finished, tmp_path):
    pytest.importorskip("model_signing", reason="needs the extra sign")
    keys = make_keys(tmp_path, "publisher")
    out = release_run(finished, report(), tmp_path / "out", terms(7, keys.private))
    admitted = admit(out, Demands(keys.public, at_least=7))
    assert admitted.signer == terms(7, keys.private).signer.public.fingerprint


def test_a_graph_that_no_bundle_may_hold_is_not_released(finished, tmp_path):
    GRAPHS["a branch"](finished.made[-1].path, tmp_path)
    shutil.rmtree(finished.made[-1].path / META)
    with pytest.raises(IntegrityError, match="no branches or loops"):
        release_run(finished, report(), tmp_path / "out", Terms())
    assert not (tmp_path / "out").exists()
