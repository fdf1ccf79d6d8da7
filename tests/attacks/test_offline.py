"""The environment of a worker."""

from pathlib import Path

from edgecompress.attacks.offline import FETCHED, STAND_INS, worker_environment


def test_textattack_takes_its_cache_for_filled(tmp_path: Path):
    found = worker_environment(tmp_path / "words", tmp_path / "cache")
    assert (Path(found["TA_CACHE_DIR"]) / FETCHED).is_file()


def test_stand_ins_come_before_what_is_installed(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "of the user")
    found = worker_environment(tmp_path / "words", tmp_path / "cache")
    assert found["PYTHONPATH"].split(":") == [str(STAND_INS), "of the user"]


def test_our_own_environment_stays_as_it_is(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HF_HOME", "mine")
    found = worker_environment(tmp_path / "words", tmp_path / "cache")
    assert (found["HF_HOME"], found["OMP_NUM_THREADS"]) == ("mine", "1")
