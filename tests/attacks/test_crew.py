"""Workers, with toys in the place of TextAttack."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgecompress.attacks import crew as crews
from edgecompress.attacks.crew import Crew, local_crew, ray_crew
from edgecompress.attacks.offline import worker_variables
from edgecompress.core.errors import MeasureError
from tests.fake_ray import FakeRay, NodeDied

TOY = str(Path(__file__).parent / "toy_worker.py")


@pytest.fixture
def crew(tmp_path: Path, word_lists: Path) -> Iterator[Crew]:
    (tmp_path / "seen").mkdir()
    with local_crew(2, word_lists, [sys.executable, TOY, str(tmp_path / "seen")]) as made:
        yield made


def tasks(*texts: str):
    return [{"row": row, "text": text, "seed": 10 * row} for row, text in enumerate(texts)]


def tries(folder: Path, row: int) -> list[str]:
    return (folder / f"seen/{row}.log").read_text().split()


def test_every_task_has_its_answer(crew: Crew):
    found = {reply["row"]: reply["text"] for reply in crew.work(tasks(*["slow"] * 9))}
    assert found == {row: f"changed {10 * row}" for row in range(9)}


def test_workers_share_the_work(crew: Crew, tmp_path: Path):
    list(crew.work(tasks(*["slow"] * 12)))
    assert len({tries(tmp_path, row)[0] for row in range(12)}) == 2


def test_nobody_starts_before_there_is_work(tmp_path: Path, word_lists: Path):
    with local_crew(2, word_lists, [str(tmp_path / "no such program")]):
        pass


def test_the_text_of_a_dead_worker_gets_a_second_try(crew: Crew, tmp_path: Path):
    found = list(crew.work(tasks("", "die once", "", "")))
    assert len(found) == 4
    assert len(set(tries(tmp_path, 1))) == 2  # two processes


def test_a_text_that_kills_twice_is_an_error_with_the_last_words(crew: Crew):
    reason = "2 processes in a row died of row 1: exit code 3; out of luck"
    with pytest.raises(MeasureError, match=reason):
        list(crew.work(tasks("", "die", "", "")))


def test_after_an_error_nobody_works_on(crew: Crew, tmp_path: Path):
    with pytest.raises(MeasureError, match="died of row 0"):
        list(crew.work(tasks("die", *["slow"] * 200)))
    assert len(list((tmp_path / "seen").iterdir())) < 100


def test_whoever_attacks_alone_goes_on_after_an_error(tmp_path: Path, word_lists: Path):
    (tmp_path / "seen").mkdir()
    command = [sys.executable, TOY, str(tmp_path / "seen")]
    with local_crew(1, word_lists, command) as alone:
        with pytest.raises(MeasureError, match="died of row 1"):
            list(alone.work(tasks("", "die", "")))
        assert len(list(alone.work(tasks("", "")))) == 2


@pytest.fixture
def ray(monkeypatch) -> FakeRay:
    made = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", made)
    return made


def test_a_cluster_is_told_the_conditions_of_this_machine(ray, word_lists: Path, monkeypatch):
    monkeypatch.setattr(crews, "attacked", dict)  # tells what it was told
    monkeypatch.setattr(crews, "conditions", lambda: {"processor": "such a one"})
    with ray_crew("auto", word_lists) as made:
        found = list(made.work(tasks("a", "b")))
    told = {"conditions": {"processor": "such a one"}}
    assert found == [{**task, **told} for task in tasks("a", "b")]


def test_a_clusters_processes_start_with_the_variables_of_workers(ray, word_lists: Path):
    with ray_crew("auto", word_lists):
        assert ray.options["runtime_env"] == {"env_vars": worker_variables(word_lists)}


def test_a_text_that_takes_two_nodes_along_is_an_error(ray, word_lists: Path, monkeypatch):
    def die(task):
        raise NodeDied("the node is gone")

    monkeypatch.setattr(crews, "attacked", die)
    with (
        ray_crew("auto", word_lists) as made,
        pytest.raises(MeasureError, match="2 processes in a row died of row 0: the node is gone"),
    ):
        list(made.work(tasks("a")))
