"""Bundles here hold a few words a file: the rules do not read the contents."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgecompress.runtime.bundle import (
    MANIFEST,
    FileRecord,
    Manifest,
    is_bundle,
    seal_bundle,
    verify_bundle,
)
from edgecompress.runtime.errors import InputError, IntegrityError

FILES = {
    "README.md": "a card",
    "config.json": "{}",
    "model.onnx": "weights",
    "tokenizer.json": "{ }",
    ".edgecompress/report.json": "{}",
}


@pytest.fixture
def unsealed(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    for path, content in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder


@pytest.fixture
def bundle(unsealed: Path) -> Path:
    seal_bundle(unsealed, sequence=1)
    return unsealed


def test_a_sealed_folder_verifies_and_tells_its_release(bundle: Path) -> None:
    manifest = verify_bundle(bundle)
    assert manifest.sequence == 1
    assert set(manifest.files) == set(FILES)


def test_sealing_returns_the_digest_that_verifying_finds(unsealed: Path) -> None:
    assert seal_bundle(unsealed, sequence=4) == verify_bundle(unsealed).digest


def test_the_digest_does_not_know_where_the_bundle_lies(bundle: Path, tmp_path: Path) -> None:
    before = verify_bundle(bundle).digest
    assert verify_bundle(bundle.rename(tmp_path / "elsewhere")).digest == before


def test_another_sequence_is_another_bundle(bundle: Path) -> None:
    before = verify_bundle(bundle).digest
    assert seal_bundle(bundle, sequence=2) != before


def test_the_manifest_is_what_the_contract_says(bundle: Path) -> None:
    written = json.loads((bundle / MANIFEST).read_text())
    assert set(written) == {"format_version", "sequence", "files", "digest"}
    # sha256 of the seven bytes "weights", by coreutils' sha256sum
    assert {
        "path": "model.onnx",
        "size": 7,
        "sha256": "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c",
    } in written["files"]


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a changed file": (
        lambda b: (b / "model.onnx").write_text("weighty"),
        r"model\.onnx: changed, its sha256",
    ),
    "a longer file": (
        lambda b: (b / "model.onnx").write_text("weights!"),
        r"model\.onnx: changed, 8 bytes instead of 7",
    ),
    "a missing file": (lambda b: (b / "README.md").unlink(), r"README\.md: missing"),
    "an added file": (lambda b: (b / "more.txt").touch(), r"more\.txt: added"),
    "a hidden added file": (lambda b: (b / ".x").touch(), r"\.x: added"),
    "a file added deep inside": (
        lambda b: ((b / "onnx").mkdir(), (b / "onnx/model.onnx").write_text("other")),
        r"onnx/model\.onnx: added",
    ),
    "a file added beside the manifest": (
        lambda b: (b / ".edgecompress/x").touch(),
        r"\.edgecompress/x: added",
    ),
    "a renamed file": (
        lambda b: (b / "README.md").rename(b / "readme.md"),
        r"README\.md: renamed to readme\.md",
    ),
    "no manifest": (lambda b: (b / MANIFEST).unlink(), r"not a bundle: \.edgecompress/manifest"),
    "a link to a file": (
        lambda b: (
            (b / "README.md").rename(b / ".edgecompress/r")
            and (b / "README.md").symlink_to(b / ".edgecompress/r")
        ),
        r"README\.md is a link",
    ),
    "a link to a folder": (lambda b: (b / "up").symlink_to(b.parent), r"up is a link"),
    "a dangling link": (lambda b: (b / "up").symlink_to("nowhere"), r"up is a link"),
    "a linked manifest": (
        lambda b: (
            (b / MANIFEST).rename(b.parent / "m") and (b / MANIFEST).symlink_to(b.parent / "m")
        ),
        r"manifest\.json is missing or not a plain file",
    ),
    "a named pipe": (lambda b: os.mkfifo(b / "pipe"), r"pipe is not a plain file"),
    "an empty manifest": (lambda b: (b / MANIFEST).write_text(""), r"manifest\.json: changed"),
    "a manifest of brackets": (
        lambda b: (b / MANIFEST).write_text("[" * 100_000),
        r"manifest\.json: changed",
    ),
    "a huge manifest": (
        lambda b: (b / MANIFEST).write_text(" " * 4_000_001),
        r"manifest\.json: larger than",
    ),
    "a manifest of bytes": (
        lambda b: (b / MANIFEST).write_bytes(b"\xff\xfe"),
        r"manifest\.json: changed",
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_refused_by_name(bundle: Path, what: str) -> None:
    damage, named = DAMAGE[what]
    damage(bundle)
    with pytest.raises(IntegrityError, match=named):
        verify_bundle(bundle)


def test_every_flipped_byte_is_found(bundle: Path) -> None:
    """Each byte of each file in turn, the manifest's own included."""
    for path in (*FILES, MANIFEST):
        whole = (bundle / path).read_bytes()
        for at in range(len(whole)):
            flipped = bytearray(whole)
            flipped[at] ^= 1
            (bundle / path).write_bytes(flipped)
            with pytest.raises(IntegrityError, match=path.rpartition("/")[2].replace(".", r"\.")):
                verify_bundle(bundle)
        (bundle / path).write_bytes(whole)
    verify_bundle(bundle)


def test_many_problems_are_counted_beyond_the_fifth(bundle: Path) -> None:
    for number in range(9):
        (bundle / f"x{number}").touch()
    with pytest.raises(IntegrityError, match=r"x4: added.*; and 4 more$"):
        verify_bundle(bundle)


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "a//b", "./a", "a/../../b", "C:x", "a\\b", "a\nb", "", "\ud800"]
)
def test_a_manifest_that_points_outside_is_refused(bundle: Path, path: str) -> None:
    hostile = Manifest(1, {path: FileRecord(0, "0" * 64)})
    (bundle / MANIFEST).write_text(hostile.to_json())
    with pytest.raises(IntegrityError, match="is not a plain relative path"):
        verify_bundle(bundle)


@pytest.mark.parametrize(("one", "other"), [("a", "A"), ("a", "A/b"), ("\u00e9", "e\u0301")])
def test_names_that_fall_together_elsewhere_are_refused(
    unsealed: Path, one: str, other: str
) -> None:
    for path in (one, other):
        (unsealed / path).parent.mkdir(exist_ok=True)
        (unsealed / path).touch()
    with pytest.raises(InputError, match="are one name where case does not count"):
        seal_bundle(unsealed, sequence=1)


@pytest.mark.parametrize(
    ("field", "value", "seen"),
    [
        ("format_version", 2, "format version 2; this runtime reads 1"),
        ("format_version", None, "format version None"),
        ("sequence", "1", "wrong kind"),
        ("sequence", 2, "own digest"),
        ("files", {}, "wrong kind"),
        ("files", [{"path": 3, "size": 0, "sha256": ""}], "wrong kind"),
        ("files", [], "own digest"),
        ("digest", "0", "own digest"),
        ("more", 1, "own digest"),
    ],
)
def test_an_edited_manifest_is_refused(bundle: Path, field: str, value: object, seen: str) -> None:
    facts = json.loads((bundle / MANIFEST).read_text())
    (bundle / MANIFEST).write_text(json.dumps({**facts, field: value}))
    with pytest.raises(IntegrityError, match=rf"manifest\.json: changed: .*{seen}"):
        verify_bundle(bundle)


def test_what_is_no_folder_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a folder"):
        verify_bundle(tmp_path / "nowhere")


@pytest.mark.parametrize("path", ["config.json", "model.onnx", "tokenizer.json"])
def test_a_bundle_cannot_be_sealed_without(unsealed: Path, path: str) -> None:
    (unsealed / path).unlink()
    with pytest.raises(InputError, match=f"a bundle needs {path}"):
        seal_bundle(unsealed, sequence=1)


def test_a_link_cannot_be_sealed(unsealed: Path) -> None:
    (unsealed / "link").symlink_to("config.json")
    with pytest.raises(InputError, match="link is a link"):
        seal_bundle(unsealed, sequence=1)


def test_sequences_start_at_one(unsealed: Path) -> None:
    with pytest.raises(InputError, match="starts at 1, got 0"):
        seal_bundle(unsealed, sequence=0)


def test_sealing_again_after_a_kill_leaves_no_draft(bundle: Path) -> None:
    (bundle / ".edgecompress/manifest.draft").write_text("{")
    seal_bundle(bundle, sequence=2)
    assert verify_bundle(bundle).sequence == 2


def test_only_the_manifests_folder_makes_a_bundle(bundle: Path, tmp_path: Path) -> None:
    assert is_bundle(bundle)
    assert not is_bundle(tmp_path)
