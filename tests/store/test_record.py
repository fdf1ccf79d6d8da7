"""The journal: what was written whole is read back, whatever happened after it."""

import errno
import os

import pytest

from edgecompress.core.errors import EnvironmentFault


def test_events_come_back_in_order(store):
    journal = store.journal("run-1")
    journal.write("started", recipe="smoke")
    journal.write("sealed", seconds=1.5)
    assert [(e["event"], e.get("seconds")) for e in journal.events()] == [
        ("started", None),
        ("sealed", 1.5),
    ]


def test_a_run_that_never_started_has_no_events(store):
    assert store.journal("run-1").events() == []


def test_a_torn_last_line_is_passed_over(store):
    journal = store.journal("run-1")
    journal.write("started")
    with journal.path.open("a") as file:
        file.write('{"event": "seal')
    assert [e["event"] for e in journal.events()] == ["started"]


def test_an_event_after_a_torn_line_is_not_lost(store):
    journal = store.journal("run-1")
    journal.path.write_text('{"event": "seal')
    journal.write("started")
    assert [e["event"] for e in journal.events()] == ["started"]


def test_garbage_is_passed_over(store):
    journal = store.journal("run-1")
    journal.path.write_bytes(b"\xff\x00\n[1]\n7\n{}\n")
    journal.write("started")
    assert [e["event"] for e in journal.events()] == ["started"]


def test_a_full_disk_names_the_journal(store, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EnvironmentFault, match=r"run-1\.jsonl: the disk is full.* GB free"):
        store.journal("run-1").write("started")
