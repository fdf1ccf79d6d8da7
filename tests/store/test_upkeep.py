"""Upkeep: entries tell, verify finds, prune takes only what may go."""

import os
import time

import pytest

from edgecompress.core.errors import StoreBusy


def _aged(artifact, days):
    when = time.time() - days * 86_400
    os.utime(artifact.path.parent, (when, when))


def test_entries_tell_what_is_there(store, seal, key):
    sealed = seal(key, weights="abc", config="{}")
    (entry,) = store.entries()
    assert (entry.key, entry.digest, entry.kind, entry.size_bytes) == (
        key,
        sealed.digest,
        "torch-model",
        5,
    )


def test_an_object_with_a_broken_manifest_is_no_entry(store, seal, key):
    (seal(key).path.parent / "manifest.json").write_text("")
    assert store.entries() == []


def test_a_healthy_store_has_no_damages(store, seal, key):
    seal(key)
    assert store.verify() == []


def test_verify_names_the_damaged_file_and_leaves_it_there(store, seal, key):
    sealed = seal(key)
    seal(key[::-1])
    (sealed.path / "weights").write_text("0123456780")
    for _ in range(2):
        (damage,) = store.verify()
        assert damage.key == key
        assert "weights: contents changed" in damage.reason


def test_pruning_without_an_age_takes_all_but_the_kept(store, seal, key):
    seal(key, weights="abc")
    kept = seal(key[::-1])
    pruned = store.prune(older_than_days=None, keep={kept.key})
    assert pruned.folders == 1
    assert [entry.key for entry in store.entries()] == [kept.key]
    assert list((store.root / "trash").iterdir()) == []


def test_pruning_by_age_leaves_the_young(store, seal, key):
    _aged(seal(key), days=8)
    young = seal(key[::-1])
    _aged(young, days=6)
    store.prune(older_than_days=7, keep=())
    assert [entry.key for entry in store.entries()] == [young.key]


def test_age_counts_from_the_last_use(store, seal, key):
    _aged(seal(key), days=8)
    store.find(key)
    assert store.prune(older_than_days=7, keep=()).folders == 0


def test_pruning_takes_scratch_and_quarantine_too(store, seal, key):
    (seal(key).path / "weights").unlink()
    store.find(key)
    (store.scratch(key) / "step-7").write_text("state")
    assert store.prune(older_than_days=None, keep=()).folders == 2
    assert list((store.root / "scratch").iterdir()) == []
    assert list((store.root / "quarantine").iterdir()) == []


def test_a_store_in_use_is_not_pruned(store, seal, key):
    seal(key)
    with (
        store.lock(key[::-1]),
        pytest.raises(StoreBusy, match=rf"pid {os.getpid()} .* is under way"),
    ):
        store.prune(older_than_days=None, keep=())
    assert store.find(key) is not None
