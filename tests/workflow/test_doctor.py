"""What `doctor` finds."""

import tomllib

from edgecompress.workflow.doctor import EXTRAS, examine


def test_a_usable_store_is_fine(tmp_path):
    found = {f.what: f for f in examine(tmp_path / "store")}
    assert found["store"].fine
    assert found["timing noise"].seen.startswith("p90 is")


def test_the_build_extra_is_seen(tmp_path):
    found = {f.what: f for f in examine(tmp_path)}
    assert found["extra build"].seen.startswith("torch 2.")


def test_every_extra_of_the_package_is_looked_for(repository):
    text = (repository / "pyproject.toml").read_text()
    extras = set(tomllib.loads(text)["project"]["optional-dependencies"])
    assert set(EXTRAS) == extras - {"dev", "docs"}


def test_a_missing_package_is_told_with_its_command(monkeypatch, tmp_path):
    monkeypatch.setitem(EXTRAS, "sign", ("no-such-package",))
    found = {f.what: f for f in examine(tmp_path)}["extra sign"]
    assert (found.seen, found.fine) == ("missing no-such-package", True)
    assert found.advice == 'pip install "edgecompress[sign]"'


def test_damage_in_the_store_is_seen_without_hashing(ws):
    healthy = {f.what: f for f in examine(ws.store.root)}["store health"]
    assert (healthy.seen, healthy.advice) == ("0 objects, 0.0 GB; 0 unfinished", "")
    (ws.store.root / "objects/ab/torn").mkdir(parents=True)
    (ws.store.root / "quarantine/cd-1").mkdir()
    damaged = {f.what: f for f in examine(ws.store.root)}["store health"]
    assert damaged.seen.endswith("; 1 unreadable, 1 set aside as damaged")
    assert "cache verify" in damaged.advice


def test_a_look_makes_no_store(tmp_path):
    examine(tmp_path / "store")
    assert not (tmp_path / "store").exists()
