"""What a device insists on, said in a call or by its environment."""

from pathlib import Path
from typing import Any

import pytest

from edgecompress.runtime import EdgeModel
from edgecompress.runtime.admission import AT_LEAST, KEY, Demands, admit
from edgecompress.runtime.bundle import seal_bundle
from edgecompress.runtime.errors import InputError, IntegrityError


@pytest.fixture
def bundle(make_model: Any) -> Path:
    folder: Path = make_model()
    seal_bundle(folder, sequence=3)
    return folder


def test_a_device_that_says_nothing_takes_any_whole_bundle(bundle: Path) -> None:
    admitted = admit(bundle, Demands.here())
    assert (admitted.manifest.sequence, admitted.signer) == (3, None)


@pytest.mark.parametrize(("least", "passes"), [(2, True), (3, True), (4, False)])
def test_older_releases_are_refused(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, least: int, passes: bool
) -> None:
    monkeypatch.setenv(AT_LEAST, str(least))
    if passes:
        EdgeModel.load(bundle)
        return
    with pytest.raises(IntegrityError, match="release 3 is older than 4, the oldest that may run"):
        EdgeModel.load(bundle)


def test_a_call_knows_better_than_the_environment(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(AT_LEAST, "9")
    monkeypatch.setenv(KEY, "device.pub")
    assert Demands.here("mine.pub", 2) == Demands(Path("mine.pub"), 2)
    assert Demands.here() == Demands(Path("device.pub"), 9)


@pytest.mark.parametrize("told", ["three", "-1", "3.0", "\u0663"])
def test_a_number_that_is_none_stops_everything(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setenv(AT_LEAST, told)
    with pytest.raises(InputError, match="EDGECOMPRESS_AT_LEAST: must be a release number"):
        EdgeModel.load(bundle)


def test_the_environments_key_holds_for_every_load(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("cryptography", reason="needs the extra verify")
    monkeypatch.setenv(KEY, str(tmp_path / "nowhere.pub"))
    with pytest.raises(InputError, match=r"nowhere\.pub: cannot be read"):
        EdgeModel.load(bundle)


def test_a_key_without_verifying_is_a_contradiction(bundle: Path) -> None:
    with pytest.raises(InputError, match="verify=False checks no signature"):
        EdgeModel.load(bundle, verify=False, key="mine.pub")
