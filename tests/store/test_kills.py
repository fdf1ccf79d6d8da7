"""Killed at any moment, a store never shows a half-made object."""

import random
import time

from edgecompress.store.store import Store

# Eight keys, so that children meet each other on one; pruned and sealed again without an end.
SEAL_FOR_EVER = """
ready()
turn = 0
while True:
    turn += 1
    key = step_key({"turn": turn % 8})
    with store.draft(key) as draft:
        for name in "abc":
            (draft / name).write_bytes(os.urandom(200_000))
        store.seal(draft, key, "torch-model", (), {"turn": turn})
    if turn % 8 == 0:
        store.prune(older_than_days=None, keep=())
"""


def test_no_kill_ever_leaves_a_corrupt_object(children, store, lines):
    moments = random.Random(7)
    sealed = 0
    for _ in range(10):
        trio = [children.start(SEAL_FOR_EVER) for _ in range(3)]
        for child in trio:
            children.wait_until_ready(child)
        for child in trio:
            time.sleep(moments.uniform(0.0, 0.1))
            assert child.poll() is None
            children.kill(child)
        again = Store(store.root, lines)
        sealed += len(again.entries())
        assert again.verify() == []
        assert list((store.root / "drafts").iterdir()) == []
    assert sealed > 10  # else the children died before they did anything
    assert lines.warned == []


# One key, so that what one child is about to replace is what the other prunes at that moment.
SEAL_AND_PRUNE = """
from contextlib import suppress
from edgecompress.core.errors import StoreBusy
ready()
for turn in range(2000):
    with store.draft(key) as draft:
        (draft / "a").write_bytes(b"a")
        store.seal(draft, key, "torch-model", (), {"turn": turn})
    with suppress(StoreBusy):
        store.prune(older_than_days=None, keep=())
"""


def test_an_object_may_be_pruned_while_another_is_sealed_in_its_place(children, store):
    pair = [children.start(SEAL_AND_PRUNE) for _ in range(2)]
    for child in pair:
        children.wait_until_ready(child)
    assert [child.wait(timeout=300) for child in pair] == [0, 0]
