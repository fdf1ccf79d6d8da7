"""Locks: one maker a key; whoever waits is told; the dead hold nothing."""

import threading
import time

import pytest

from edgecompress.core.errors import StoreBusy
from edgecompress.core.progress import Silent
from edgecompress.store.store import Store

HOLD = "\nwith store.lock(key):\n    ready()\n    time.sleep(60)"


def test_a_lock_is_free_again_after_its_block(store, key):
    for _ in range(2):
        with store.lock(key):
            pass
    assert list((store.root / "locks").glob("*.json")) == []


def test_two_keys_can_be_held_at_once(store, key):
    with store.lock(key), store.lock(key[::-1]):
        pass


def test_a_lock_is_let_go_when_its_block_raises(store, key):
    with pytest.raises(KeyboardInterrupt, match="stop"), store.lock(key):
        raise KeyboardInterrupt("stop")
    with store.lock(key):
        pass


def test_a_busy_store_names_who_holds_it(children, store, key):
    child = children.start(HOLD)
    children.wait_until_ready(child)
    impatient = Store(store.root, Silent(), wait_s=0)
    held_by = rf"held by pid {child.pid} on \S+ \(.*\) for \d+ s"
    with pytest.raises(StoreBusy, match=held_by), impatient.lock(key):
        pass


def test_whoever_waits_is_told_within_two_seconds(store, lines, key):
    def waiting():
        with store.lock(key):
            pass

    with Store(store.root, Silent()).lock(key):
        thread = threading.Thread(target=waiting)
        thread.start()
        deadline = time.monotonic() + 2
        while not lines.said and time.monotonic() < deadline:
            time.sleep(0.02)
        said = list(lines.said)
    thread.join()
    assert len(said) == 1
    assert "held by pid" in said[0]


def test_the_lock_of_a_killed_owner_is_taken_over_at_once(children, store, lines, key):
    child = children.start(HOLD)
    children.wait_until_ready(child)
    children.kill(child)
    impatient = Store(store.root, lines, wait_s=0)
    with impatient.lock(key):
        pass
    assert [f"taking over from pid {child.pid}" in line for line in lines.said] == [True]


def test_an_unreadable_note_of_an_owner_does_no_harm(store, key):
    (store.root / "locks" / f"{key}.json").write_text("{")
    with store.lock(key):
        pass


MAKE_ONCE = """
with store.lock(key):
    if store.find(key) is None:
        with store.draft(key) as draft:
            (draft / "maker").write_text(str(os.getpid()))
            time.sleep(0.3)
            store.seal(draft, key, "torch-model", (), {})
        store.journal("made").write("made", pid=os.getpid())
"""


def test_two_processes_that_want_one_key_make_it_once(children, store, key):
    both = [children.start(MAKE_ONCE) for _ in range(2)]
    assert [child.wait(timeout=30) for child in both] == [0, 0]
    (made,) = store.journal("made").events()
    found = store.find(key)
    assert (found.path / "maker").read_text() == str(made["pid"])
