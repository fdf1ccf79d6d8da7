"""The environment of a worker."""

import os
import sys
from pathlib import Path

from edgecompress.attacks.offline import (
    FETCHED,
    STAND_INS,
    prepare,
    worker_environment,
    worker_variables,
)


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


def test_a_process_that_started_with_the_variables_makes_up_for_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", ["before"])
    monkeypatch.setattr(os, "environ", dict(worker_variables(tmp_path / "words")))
    prepare(tmp_path / "cache")
    whole = worker_environment(tmp_path / "words", tmp_path / "cache")
    assert sys.path == [str(STAND_INS), "before"]
    assert os.environ == {k: v for k, v in whole.items() if k != "PYTHONPATH"}
    assert (tmp_path / "cache" / FETCHED).is_file()
