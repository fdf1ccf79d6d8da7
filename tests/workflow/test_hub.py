"""A repository is the bundle itself; what a hub needs is there, and nothing leaves unasked."""

import fnmatch
import shutil
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import HfApi, ModelCard

from edgecompress.core.errors import MissingExtra
from edgecompress.report.card import card
from edgecompress.report.json import dumps
from edgecompress.runtime.admission import Demands
from edgecompress.runtime.bundle import seal_bundle, verify_bundle
from edgecompress.runtime.errors import EnvironmentFault, InputError, IntegrityError
from edgecompress.runtime.golden import write_golden
from edgecompress.workflow import hub
from edgecompress.workflow.hub import attributes, push, write_repository
from tests.report.conftest import holding
from tests.runtime.conftest import folder, make_model, tokenizer

__all__ = ["folder", "holding", "make_model", "tokenizer"]


@pytest.fixture
def bundle(make_model, holding, tmp_path) -> Path:
    made = make_model()
    text = card(holding, license="apache-2.0", language="en", labels=("negative", "positive"))
    (made / "README.md").write_text(text)
    write_golden(made, ["good film"])
    (made / ".edgecompress/report.json").write_text(dumps(holding))
    seal_bundle(made, sequence=3)
    return Path(shutil.copytree(made, tmp_path / "bundle"))


@pytest.fixture
def to(tmp_path) -> Path:
    return tmp_path / "repository"


def written(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_repository_is_the_bundle_and_gitattributes(bundle, to):
    made = write_repository(bundle, to, Demands())
    assert written(to).keys() - written(bundle).keys() == {".gitattributes"}
    assert made.files == {path: len(content) for path, content in written(to).items()}
    (to / ".gitattributes").unlink()
    assert verify_bundle(to) == verify_bundle(bundle)


def test_the_card_carries_every_number_of_the_gate(bundle, to, holding):
    write_repository(bundle, to, Demands())
    data = ModelCard.load(to / "README.md").data
    told = {result.metric_type: result.metric_value for result in data.eval_results}
    assert told == {v.measured.name: v.measured.value for v in holding.gate.verdicts}


def test_whoever_looks_for_a_graph_is_told_where_it_is(bundle, to):
    made = write_repository(bundle, to, Demands())
    found = {(reader.library, reader.file) for reader in made.readers}
    assert ("optimum", "model.onnx") in found
    assert ("transformers.js", "") in found  # the bundle was not released as portable


def test_a_portable_graph_is_found_by_scripts(bundle, to):
    (bundle / "onnx").mkdir()
    shutil.copyfile(bundle / "model.onnx", bundle / "onnx/model_quantized.onnx")
    seal_bundle(bundle, sequence=4)
    made = write_repository(bundle, to, Demands())
    (script,) = [reader for reader in made.readers if reader.library == "transformers.js"]
    assert script.file == "onnx/model_quantized.onnx"


def test_transformers_reads_tokenizer_and_settings(bundle, to):
    transformers = pytest.importorskip("transformers", reason="the extra build is not installed")
    write_repository(bundle, to, Demands())
    assert transformers.AutoConfig.from_pretrained(to).id2label == {0: "negative", 1: "positive"}
    reader = transformers.PreTrainedTokenizerFast(tokenizer_file=str(to / "tokenizer.json"))
    assert reader("good film")["input_ids"] == [2, 6, 7, 3]  # as VOCABULARY counts


def test_large_files_are_kept_outside_git_whatever_their_kind():
    text = attributes({"model.onnx": 5, "tokenizer.json": 17_000_000, "config.json": 900})
    patterns = [line.split()[0] for line in text.splitlines()]
    assert patterns == ["*.onnx", "*.safetensors", "/tokenizer.json"]
    assert all(line.endswith(" filter=lfs diff=lfs merge=lfs -text") for line in text.splitlines())


def test_an_older_repository_is_replaced_but_its_history_stays(bundle, to):
    write_repository(bundle, to, Demands())
    (to / ".git").mkdir()
    (to / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (to / "onnx").mkdir()
    (to / "onnx/model.onnx").write_bytes(b"of the release before")
    write_repository(bundle, to, Demands())
    assert set(written(to)) == {*written(bundle), ".gitattributes", ".git/HEAD"}


def test_an_empty_clone_is_free(bundle, to):
    (to / ".git").mkdir(parents=True)
    (to / ".gitattributes").write_text("*.bin filter=lfs\n")
    write_repository(bundle, to, Demands())
    assert "*.onnx" in (to / ".gitattributes").read_text()


def test_a_folder_with_anything_else_is_left_alone(bundle, to):
    to.mkdir()
    (to / "thesis.md").write_text("years of work")
    with pytest.raises(InputError, match="holds files that are no bundle"):
        write_repository(bundle, to, Demands())
    assert list(written(to)) == ["thesis.md"]


@pytest.mark.parametrize("place", [".", "sub", ".."])
def test_a_repository_does_not_lie_in_its_bundle(bundle, place):
    with pytest.raises(InputError, match="lies in the bundle, or the bundle in it"):
        write_repository(bundle, bundle / place, Demands())


def test_a_damaged_bundle_is_not_published(bundle, to):
    (bundle / "config.json").write_text("{}")
    with pytest.raises(IntegrityError, match=r"config\.json: changed"):
        write_repository(bundle, to, Demands())
    assert not to.exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "missing; release with `card: true`"),
        ("# no metadata", "needs license, pipeline_tag"),
        ("---\nlicense: [\n---\n", "its metadata cannot be read"),
        ("---\nlicense: mit\npipeline_tag: text-classification\n---\n", "and a model-index"),
    ],
)
def test_a_card_that_a_hub_cannot_use_is_refused(bundle, to, text, why):
    (bundle / "README.md").unlink()
    if text:
        (bundle / "README.md").write_text(text)
    seal_bundle(bundle, sequence=4)
    with pytest.raises(InputError, match=why):
        write_repository(bundle, to, Demands())


def test_a_missing_extra_says_what_to_install(bundle, to, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(hub, "import_module", missing)
    with pytest.raises(MissingExtra, match=r'pip install "edgecompress\[hub\]"'):
        write_repository(bundle, to, Demands())


class Api:
    """What a hub would be asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict]] = []

    def create_repo(self, name, **how):
        self.calls.append((name, how))

    def upload_folder(self, **how):
        self.calls.append(("upload", how))
        return "https://hub/somebody/films/commit/1"


def test_a_push_is_one_commit_that_leaves_nothing_of_the_last_one(bundle, to):
    made, api = write_repository(bundle, to, Demands()), Api()
    assert push(made, "somebody/films", api, public=False).endswith("/commit/1")
    (create, how), (_, upload) = api.calls
    assert (create, how) == ("somebody/films", {"private": True, "exist_ok": True})
    assert (upload["repo_id"], upload["folder_path"]) == ("somebody/films", to)
    assert upload["commit_message"].startswith("edgecompress: release 3, ")
    assert upload["delete_patterns"] == "*"
    assert [
        p for p in made.files if any(fnmatch.fnmatch(p, g) for g in upload["ignore_patterns"])
    ] == []


def test_only_who_says_so_publishes_openly(bundle, to):
    made, api = write_repository(bundle, to, Demands()), Api()
    push(made, "somebody/films", api, public=True)
    assert api.calls[0][1]["private"] is False


def test_a_hub_that_nobody_answers_at_is_the_environments_fault(bundle, to):
    made = write_repository(bundle, to, Demands())
    with pytest.raises(EnvironmentFault, match="--push somebody/films: "):
        push(made, "somebody/films", HfApi("http://127.0.0.1:9", token="t"), public=False)


def test_a_name_that_no_hub_has_is_refused(bundle, to):
    made = write_repository(bundle, to, Demands())
    with pytest.raises(InputError, match="--push a--b/c: "):
        push(made, "a--b/c", huggingface_hub.HfApi(), public=False)
