"""Opening a store sweeps what the dead left, and only that."""

from edgecompress.core.progress import Silent
from edgecompress.store.store import Store

DRAFT = """
with store.draft(key) as draft:
    (draft / "weights").write_text("abc")
    ready()
    time.sleep(60)
"""


def _drafts(store):
    return [path for path in (store.root / "drafts").iterdir() if path.is_dir()]


def test_the_draft_of_a_living_process_stays(children, store):
    children.wait_until_ready(children.start(DRAFT))
    Store(store.root, Silent())
    assert len(_drafts(store)) == 1


def test_the_draft_of_a_dead_process_is_swept(children, store):
    child = children.start(DRAFT)
    children.wait_until_ready(child)
    children.kill(child)
    Store(store.root, Silent())
    assert list((store.root / "drafts").iterdir()) == []


def test_a_draft_of_this_very_process_stays(store, key):
    with store.draft(key) as draft:
        Store(store.root, Silent())
        assert draft.is_dir()


def test_a_deletion_that_was_cut_short_is_finished(store):
    (store.root / "trash" / "half" / "files").mkdir(parents=True)
    Store(store.root, Silent())
    assert list((store.root / "trash").iterdir()) == []
