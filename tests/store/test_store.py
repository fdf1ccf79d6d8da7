"""The store: what was sealed comes back, and nothing else does."""

import errno
import json
from pathlib import Path

import pytest

from edgecompress.core.errors import EnvironmentFault, InputError, IntegrityError
from edgecompress.core.progress import Silent
from edgecompress.store.store import Store


def test_what_was_sealed_is_found_again(store, seal, key):
    sealed = seal(key, weights="abc")
    assert store.find(key) == sealed
    assert (sealed.path / "weights").read_text() == "abc"


def test_an_artifact_holds_just_the_files_of_its_stage(seal, key):
    assert [path.name for path in seal(key, weights="abc").path.iterdir()] == ["weights"]


def test_what_was_never_sealed_is_not_there(store, key):
    assert store.find(key) is None


def test_equal_files_under_other_keys_have_equal_digests(seal, key):
    assert seal(key).digest == seal(key[::-1]).digest


def test_facts_come_back_as_they_will_be_read(store, key):
    with store.draft(key) as draft:
        sealed = store.seal(draft, key, "report", (), {"sizes": (1, 2)})
    assert sealed.facts == {"sizes": [1, 2]}


def test_facts_that_are_not_numbers_are_refused(store, key):
    with (
        pytest.raises(ValueError, match="not JSON compliant"),
        store.draft(key) as draft,
    ):
        store.seal(draft, key, "report", (), {"loss": float("nan")})


def test_nothing_is_visible_before_sealing(store, key):
    with store.draft(key) as draft:
        (draft / "weights").write_text("abc")
        assert store.find(key) is None
    assert store.entries() == []


def test_a_draft_whose_body_raises_leaves_nothing(store, key):
    def write_and_stop():
        with store.draft(key) as draft:
            (draft / "weights").write_text("abc")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_and_stop()
    assert list((store.root / "drafts").iterdir()) == []


def test_the_first_to_seal_a_key_wins(store, seal, key):
    with store.draft(key) as draft:
        (draft / "weights").write_text("late")
        first = seal(key, weights="first")
        assert store.seal(draft, key, "torch-model", (), {}) == first
    assert (first.path / "weights").read_text() == "first"


def test_a_damaged_first_does_not_win(store, seal, key):
    with store.draft(key) as draft:
        (draft / "weights").write_text("late")
        (seal(key, weights="first").path / "weights").write_text("firsT")
        sealed = store.seal(draft, key, "torch-model", (), {})
    assert (sealed.path / "weights").read_text() == "late"


def test_links_are_never_sealed(store, key):
    with store.draft(key) as draft:
        (draft / "weights").symlink_to("/etc/hostname")
        with pytest.raises(IntegrityError, match="only plain files"):
            store.seal(draft, key, "torch-model", (), {})


def _flip(artifact):
    data = bytearray((artifact.path / "weights").read_bytes())
    data[3] ^= 1
    (artifact.path / "weights").write_bytes(data)


def _manifest(artifact):
    return artifact.path.parent / "manifest.json"


def _edit(artifact, **changes):
    told = json.loads(_manifest(artifact).read_text()) | changes
    _manifest(artifact).write_text(json.dumps(told))


DAMAGES = {
    "contents changed": _flip,
    "4 bytes, sealed with 10": lambda a: (a.path / "weights").write_text("0123"),
    "weights: missing": lambda a: (a.path / "weights").unlink(),
    "was added after sealing": lambda a: (a.path / "more").write_text(""),
    "only plain files": lambda a: (a.path / "more").symlink_to("weights"),
    "manifest.json: missing": lambda a: _manifest(a).unlink(),
    "manifest.json: cannot be read": lambda a: _manifest(a).write_text(""),
    "json: cannot be read": lambda a: _manifest(a).write_bytes(b"\xff\xfe garbage"),
    "cannot be read": lambda a: _manifest(a).write_text("[]"),
    "describe": lambda a: _edit(a, digest="0" * 64),
    "does not describe this object": lambda a: _edit(a, key="0" * 64),
    "does not describe this": lambda a: _edit(a, format=2),
}


@pytest.mark.parametrize("reason", DAMAGES)
def test_a_damaged_object_is_set_aside_and_told_once(store, seal, lines, key, reason):
    DAMAGES[reason](seal(key))
    assert store.find(key) is None
    assert store.find(key) is None
    assert len(lines.warned) == 1
    assert reason in lines.warned[0]
    assert len(list((store.root / "quarantine").iterdir())) == 1


def test_a_damaged_object_can_be_made_again(store, seal, key):
    _flip(seal(key))
    store.find(key)
    assert seal(key) == store.find(key)


def test_scratch_outlives_the_store_and_ends_with_the_seal(store, seal, key):
    (store.scratch(key) / "step-7").write_text("state")
    again = Store(store.root, Silent())
    assert (again.scratch(key) / "step-7").read_text() == "state"
    seal(key)
    assert list((store.root / "scratch").iterdir()) == []


def test_a_full_disk_names_the_place_the_space_and_the_way_out(store, key):
    with (
        pytest.raises(EnvironmentFault, match=r"drafts.* GB free.*EDGECOMPRESS_STORE"),
        store.draft(key),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_missing_permission_elsewhere_is_not_blamed_on_the_store(store, key):
    with pytest.raises(PermissionError, match=r"reviews\.csv"), store.lock(key), store.draft(key):
        raise PermissionError(errno.EACCES, "Permission denied", "reviews.csv")


def test_a_file_is_no_store(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file, a store is a folder"):
        Store(tmp_path / "file", Silent())


def test_a_place_that_cannot_be_written_is_named():
    with pytest.raises(EnvironmentFault, match=r"/sys/store.*EDGECOMPRESS_STORE"):
        Store(Path("/sys/store"), Silent())


@pytest.mark.parametrize("key", ["", "abc", "../" * 21 + "x", "G" * 64])
def test_what_is_not_a_key_never_becomes_a_path(store, key):
    with pytest.raises(ValueError, match="64 hexadecimal"):
        store.find(key)


def test_a_run_id_is_never_a_path(store):
    with pytest.raises(ValueError, match="run id"):
        store.journal("../elsewhere")
