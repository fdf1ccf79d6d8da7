"""Arms of the papers' experiments that helpers make, on the tiny encoder and made-up reviews."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.experiments import arms, rmc
from benchmarks.experiments.arms import Laboratory, made_by_helper
from benchmarks.experiments.bench import Bench
from benchmarks.experiments.settings import REVIEWS, SETTINGS, Places, Setting
from edgecompress.core.pool import Done, Task, WorkerDied
from edgecompress.core.progress import Silent
from edgecompress.data.resources import Resources
from edgecompress.workflow.places import cache_folder

SEEDS = (1, 2)
SIZES = {"train": 64, "validation": 32, "test": 32}
STAGES = [{"kind": "distill", "layers": 2, "epochs": 1, "max_length": 32}]


def reviews(places: Places):
    rows = places.resource("tiny-reviews", "train")
    starts = (0, 64, 96)
    return {
        role: rows[start : start + size]
        for (role, size), start in zip(SIZES.items(), starts, strict=True)
    }


class Helpers:
    """Who do every second task, and die of the others."""

    workers = 1

    def __init__(self) -> None:
        self.asked: list[Task] = []

    def work(self, tasks: Sequence[Task]) -> Generator[Done]:
        for number, task in enumerate(tasks):
            self.asked.append(task)
            yield task, WorkerDied("gone") if number % 2 else made_by_helper(task)


@pytest.fixture(autouse=True)
def tiny(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("EDGECOMPRESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(arms, "TEACHER", "resource:tiny-bert")
    monkeypatch.setattr(arms, "TEACHER_TRAINING", {"epochs": 1, "learning_rate": 1e-3})
    setting = Setting("tiny", REVIEWS, reviews, max_length=32, epochs=4)  # room for eight cuts
    monkeypatch.setitem(SETTINGS, "tiny", setting)


def laboratory(work: Path, helpers: Helpers | None = None) -> Laboratory:
    places = Places(work, Resources(cache_folder(), Silent()))
    return Laboratory(SETTINGS["tiny"], places, Silent(), threads=1, helpers=helpers)


@pytest.mark.slow
def test_arms_are_the_same_whether_helpers_make_them_die_or_are_not_there(tmp_path, capsys):
    alone = laboratory(tmp_path / "alone").arms("short", STAGES, SEEDS)
    helpers = Helpers()
    capsys.readouterr()
    lab = laboratory(tmp_path / "helped", helpers)
    lab.teacher()
    shared = lab.arms("short", STAGES, SEEDS)
    assert [task["seed"] for task in helpers.asked] == [1, 2]
    assert [made.model.digest for made in shared] == [made.model.digest for made in alone]
    told = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert told == ["tiny-teacher", "tiny-short-1", "tiny-short-2"]  # each was made once
    answered = {path.name for path in (tmp_path / "helped/answers/tiny").iterdir()}
    assert answered == {f"{shared[0].model.digest}-test.npy"}  # by the helper that lived


@pytest.mark.slow
def test_texts_without_labels_come_from_where_the_setting_says(tmp_path):
    file = tmp_path / "unlabelled.jsonl"
    file.write_text("".join(f'{{"text": "unlabelled {n}"}}\n' for n in range(16)))
    lab = laboratory(tmp_path)
    lab.setting = replace(lab.setting, transfer={"source": str(file)})
    (made,) = lab.arms("more", [STAGES[0] | {"transfer_epochs": 1}], seeds=(1,))
    assert made.model.facts["transfer"]["steps"] == 1  # a batch of 16


@pytest.mark.slow
def test_students_that_guess_say_nothing_of_easy_and_hard_texts(tmp_path):
    # 64 texts and four epochs at most teach nobody anything
    (claim,) = rmc.hardness(Bench(laboratory(tmp_path), seeds=(1,)))
    assert "as chance is" in claim.refused
    assert claim.verdict == "undecided"
