"""The arithmetic and the words behind the demonstration of `search`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from benchmarks.judge import differences
from benchmarks.search_demo import PAIRS, plain_of, winner_of
from benchmarks.search_table import DEMO, markdown, marks, write_section
from edgecompress.recipe.searching import Subnetworks
from edgecompress.search.course import Candidate
from edgecompress.search.genome import Shape
from edgecompress.search.subnetworks import SubnetworkSpace
from edgecompress.search.taught import Taught, TaughtSpace, bare

BEGIN, END = marks(DEMO)
SHAPE = Shape(64, 16, (4,) * 6, (128,) * 6, 221, 128, 2, 2)
SPACE = SubnetworkSpace(Subnetworks(kind="subnetworks"), SHAPE)


@dataclass
class Evolved:
    space: Any = SPACE


@dataclass
class Searched:
    """As much of a course as the demonstration looks at; a layer costs 0.1 ms and more if wide."""

    students: list[Candidate[Any]]
    evolution: Evolved

    def front(self) -> list[Candidate[Any]]:
        return self.students

    def costs(self, genome: Any) -> dict[str, float]:
        return {"latency_ms": sum(0.1 + cut.neurons / 1280 for cut in bare(genome).cuts)}


@dataclass
class Found:
    course: Searched
    space: Any = SPACE


def student(name: str, robustness: float, accuracy: float, trainings: int = 3) -> Candidate[Any]:
    values = {"robustness": {"value": robustness}, "accuracy": {"value": accuracy}}
    return Candidate(name, None, 0, {}, dict.fromkeys(range(trainings), values))


def found(*students: Candidate[Any]) -> Any:
    return Found(Searched(list(students), Evolved()))


def test_the_winner_is_sturdy_not_lucky_and_not_much_less_accurate():
    lucky = student("lucky", 0.9, 0.9, trainings=1)
    blunt, sturdy, exact = (
        student("blunt", 0.8, 0.70),
        student("sturdy", 0.5, 0.79),
        student("exact", 0.4, 0.80),
    )
    assert winner_of(found(lucky, blunt, sturdy, exact)) is sturdy


@pytest.mark.parametrize(
    ("latency_ms", "layers", "neurons"),
    [
        (0.2, [0], 128),  # one whole layer takes 0.2 ms
        (0.21, [0, 5], 16),  # two take at least 0.225
        (0.35, [0, 5], 96),
        (0.55, [0, 2, 5], 112),
        (9.0, [0, 1, 2, 3, 4, 5], 128),  # nobody is that slow
    ],
)
def test_the_plain_student_is_the_smallest_that_is_no_faster(latency_ms, layers, neurons):
    plain = plain_of(found(), latency_ms)
    assert [cut.layer for cut in plain.cuts] == layers
    assert {(cut.heads, cut.neurons) for cut in plain.cuts} == {(4, neurons)}
    assert plain.rank is None


def test_where_a_search_names_adversaries_the_plain_student_has_none():
    course = Searched([], Evolved(TaughtSpace(SPACE, (0.1, 0.2))))
    plain = plain_of(Found(course), 0.35)
    assert plain == Taught(plain_of(found(), 0.35), 0.0)


def right(*shares: float, rows: int = 400) -> list[dict[str, Any]]:
    """Three trainings that are right on the first rows alone."""
    each = {
        name: np.arange(rows) < share * rows for name, share in zip(MEASURES, shares, strict=True)
    }
    return [each] * 3


MEASURES = ("accuracy", "deepwordbug", "pwws")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    models = {
        "winner": right(0.81, 0.40, 0.35),
        "plain": right(0.82, 0.30, 0.25),
        "random": right(0.81, 0.39, 0.40),
        "teacher": right(0.85, 0.20, 0.15),
    }
    search = {
        "students": 24,
        "failed": 1,
        "front": 5,
        "hypervolume": 0.61,
        "seconds_of_work": 1500.0,
        "workers": 2,
    }
    model = {"made_of": "0:4x128 rank full", "latency_ms": 0.41, "params": 12.4e6}
    return {
        "values": {
            name: {m: [float(one[m].mean()) for one in each] for m in MEASURES}
            for name, each in models.items()
        },
        "models": {
            "winner": model,
            "plain": model | {"made_of": "0:4x112 5:4x112 rank full"},
            "random": model | {"made_of": "1:4x128 rank full"},
        },
        "differences": differences(models, PAIRS),
        "searches": {"evolution": search, "random": search},
        "environment": {"cpu": "A Fictional CPU"},
        "minutes": 34.2,
    }


def test_differences_are_paired_by_seed_and_row(document):
    (one,) = (
        d
        for d in document["differences"]
        if (d["second"], d["measure"]) == ("plain", "deepwordbug")
    )
    assert one["value"] == pytest.approx(0.10)
    # 40 of 400 rows differ, all one way: a standard error of 1.5 points
    assert one["low"] == pytest.approx(0.07, abs=0.006)
    assert one["high"] == pytest.approx(0.13, abs=0.006)


def test_the_table_begins_with_what_was_to_be_shown(document):
    told = markdown(document)
    first, second, third = told.splitlines()[:3]
    assert "plain student, no faster: more right answers after every attack" in first
    assert "random search: not beaten under every attack" in second
    assert "less after pwws" in second
    assert "-1.0 [" in third
    assert "at most 2 points are lost" in third or "undecided" in third
    assert "| winner of evolution | 0:4x128 rank full | 0.41 | 12.4 M | 81.0 % |" in told


def test_two_searches_that_find_the_same_student_are_told_so(document):
    models = document["models"]
    told = markdown(document | {"models": models | {"random": models["winner"]}})
    assert "winner of random search: it is the same student." in told


def test_the_section_is_replaced_and_the_rest_is_left(tmp_path, document):
    page = tmp_path / "README.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_section(page, markdown(document))
    write_section(page, markdown(document))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text


def test_the_readme_has_the_section(repository):
    text = (repository / "benchmarks/README.md").read_text()
    assert text.count(BEGIN) == text.count(END) == 1
