"""Whatever is done to whichever file: the command line and the runtime refuse the bundle."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from edgecompress.cli.main import _run
from edgecompress.runtime import EdgeModel, IntegrityError
from edgecompress.runtime.bundle import META, SIGNATURE, SIGNER, seal_bundle, verify_bundle
from tests.security.conftest import Keys, write_signed
from tests.security.mutants import HARMS, mutants
from tests.security.small_bundle import write_bundle

SOME = 300  # once through every file and every harm, nearly; the slow tests do 2,000


@pytest.fixture
def unsigned(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


def loads(bundle: Path, key: Path | None) -> bool:
    """Whether the runtime takes it."""
    try:
        EdgeModel.load(bundle, key=key)
    except IntegrityError:
        return False
    return True


def refused(bundle: Path, count: int, key: Path | None) -> int:
    """How many of so many changed bundles both refuse; complains about the first that passes."""
    options = ["--key", str(key)] if key else []
    for number, mutant in enumerate(mutants(bundle, count)):
        assert not loads(bundle, key), (number, mutant)
        assert _run(["verify", str(bundle), *options]) == 6, (number, mutant)
    assert loads(bundle, key)  # each was undone
    return count


def test_some_changed_bundles(unsigned: Path) -> None:
    assert refused(unsigned, SOME, None) == SOME


def test_some_changed_signed_bundles(signed: Path, keys: Keys) -> None:
    assert refused(signed, SOME, keys.public) == SOME


@pytest.mark.slow
def test_two_thousand_changed_bundles(unsigned: Path) -> None:
    assert refused(unsigned, 2_000, None) == 2_000


@pytest.mark.slow
def test_two_thousand_changed_signed_bundles(signed: Path, keys: Keys) -> None:
    assert refused(signed, 2_000, keys.public) == 2_000


def test_two_thousand_reach_every_file_with_every_harm(signed: Path) -> None:
    files = len([p for p in signed.rglob("*") if p.is_file()])
    assert files * len(HARMS) <= 2_000


def copied(bundle: Path, to: Path) -> Path:
    return Path(shutil.copytree(bundle, to))


def zipped(bundle: Path, to: Path) -> Path:
    with zipfile.ZipFile(shutil.make_archive(str(to), "zip", bundle)) as archive:
        archive.extractall(to)
    return to


def tarred(bundle: Path, to: Path) -> Path:
    archive = shutil.make_archive(str(to), "gztar", bundle)
    to.mkdir()
    subprocess.run(["tar", "-xzf", archive, "-C", to], check=True, capture_output=True)
    return to


def through_git(bundle: Path, to: Path) -> Path:
    """Committed and cloned; the clone's .git is not part of what is deployed."""
    source = copied(bundle, to.with_suffix(".source"))
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "-A", "-f"], [*who, "commit", "-qm", "a release"]):
        subprocess.run(["git", *command], cwd=source, check=True, capture_output=True)
    subprocess.run(["git", "clone", "-q", source, to], check=True, capture_output=True)
    shutil.rmtree(to / ".git")
    return to


WAYS = (copied, zipped, tarred, through_git)


@pytest.mark.parametrize("way", WAYS)
def test_an_untouched_bundle_arrives(signed: Path, keys: Keys, tmp_path: Path, way: object) -> None:
    there = way(signed, tmp_path / "there")  # type: ignore[operator]
    assert _run(["verify", str(there), "--key", str(keys.public)]) == 0
    EdgeModel.load(there, key=keys.public)


@pytest.mark.slow
def test_two_hundred_untouched_bundles_arrive(unsigned: Path, tmp_path: Path) -> None:
    for number in range(200):
        there = WAYS[number % len(WAYS)](unsigned, tmp_path / f"there-{number}")
        EdgeModel.load(there)
        shutil.rmtree(there)


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What the command line says when it refuses."""
    capsys.readouterr()
    assert _run(["verify", *map(str, arguments)]) == 6
    return capsys.readouterr().err


def test_a_wrong_key(signed: Path, other_keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    assert "signed by another key" in told(capsys, signed, "--key", other_keys.public)


def test_a_stripped_signature(signed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (signed / SIGNATURE).unlink()
    assert "signature.json: missing, and this bundle was released with" in told(capsys, signed)


def test_a_signature_stripped_with_care(
    signed: Path, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a trace: only who asks for a key can know."""
    (signed / SIGNATURE).unlink()
    (signed / SIGNER).unlink()
    seal_bundle(signed, sequence=9)
    assert _run(["verify", str(signed)]) == 0
    assert "not signed, and only bundles signed by" in told(capsys, signed, "--key", keys.public)


def test_a_forger_with_a_key_of_his_own(
    signed: Path, keys: Keys, other_keys: Keys, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = write_signed(tmp_path / "forged", other_keys, sequence=9)
    assert _run(["verify", str(forged)]) == 0
    assert "signed by another key" in told(capsys, forged, "--key", keys.public)


def test_a_signature_of_another_release(
    signed: Path, keys: Keys, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_signed(tmp_path / "other", keys, sequence=4)
    shutil.copy(other / SIGNATURE, signed / SIGNATURE)
    said = told(capsys, signed, "--key", keys.public)
    assert "of another bundle: it is about another .edgecompress/manifest.json" in said


def test_an_older_release(signed: Path, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["verify", str(signed), "--key", str(keys.public), "--at-least", "3"]) == 0
    said = told(capsys, signed, "--key", keys.public, "--at-least", 4)
    assert "release 3 is older than 4, the oldest that may run here" in said


def test_an_old_release_with_a_new_number(
    signed: Path, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    """The number stands in the manifest, and the manifest is signed."""
    signature = (signed / SIGNATURE).read_bytes()
    seal_bundle(signed, sequence=9)
    (signed / SIGNATURE).write_bytes(signature)
    assert verify_bundle(signed).sequence == 9
    said = told(capsys, signed, "--key", keys.public, "--at-least", 4)
    assert "of another bundle" in said


def test_the_files_of_two_releases_do_not_mix(
    signed: Path, keys: Keys, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_signed(tmp_path / "other", keys, sequence=4)
    shutil.copytree(other / META, signed / META, dirs_exist_ok=True)
    (signed / "README.md").write_text("# another card\n")
    assert "README.md: changed" in told(capsys, signed, "--key", keys.public)


def test_other_tools_accept_the_signature(signed: Path, keys: Keys) -> None:
    """OpenSSF's own verifier, by its own reading of the folder."""
    from model_signing import verifying

    verifying.Config().use_elliptic_key_verifier(public_key=keys.public).verify(
        signed, signed / SIGNATURE
    )


def test_other_tools_refuse_what_we_refuse(signed: Path, keys: Keys) -> None:
    from model_signing import verifying

    (signed / "README.md").write_text("# changed\n")
    verifier = verifying.Config().use_elliptic_key_verifier(public_key=keys.public)
    with pytest.raises(ValueError, match=r"README\.md"):
        verifier.verify(signed, signed / SIGNATURE)
