"""Whole searches on a space whose best students are known."""

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.core.errors import EnvironmentFault, InputError
from edgecompress.core.pool import Task
from tests.fakes import Listener
from tests.search.toys import Killed, Workers, best, course, run


def outcome(made):
    """What must not hang on who did what when."""
    return [(s.name, s.generation, s.found, s.failed) for s in made.students], [
        one.name for one in made.front()
    ]


def test_evolution_finds_students_that_nobody_beats_and_random_search_fewer(tmp_path):
    budget = {"evaluations": 606}
    found = {}
    for random in (False, True):
        (folder := tmp_path / str(random)).mkdir()
        made = run(course(folder, Workers(), random=random, budget=budget, population=30))
        made_of = made.evolution.space.described
        found[random] = {made_of(one.genome) for one in made.front()} & best()
    assert len(found[False]) >= 9  # of ten; a million students, six hundred tried
    assert len(found[True]) <= 1


def test_each_generation_has_children_of_the_students_before_it(tmp_path):
    made = run(course(tmp_path, Workers()))
    assert [s.generation for s in made.students] == [g for g in range(6) for _ in range(10)]
    assert len({s.name for s in made.students}) == 60
    assert all(s.genome[1] < 9 for s in made.students)  # the bound


def test_only_the_better_part_of_a_generation_is_attacked(tmp_path):
    made = run(course(tmp_path, Workers(), survivors=0.3, elites=0))
    first = [s for s in made.students if s.generation == 0]
    attacked = [s for s in first if s.has(["robustness"])]
    assert len(attacked) == 3
    spared = [s for s in first if s not in attacked]
    assert min(s.value("accuracy") for s in attacked) >= max(s.value("accuracy") for s in spared)


def test_elites_are_trained_from_other_seeds_and_their_means_are_told(tmp_path):
    made = run(course(tmp_path, Workers()))
    elites = [s for s in made.students if len(s.found) > 1]
    assert len(elites) == 3
    one = elites[0]
    assert sorted(one.found) == [0, 1, 2]
    low, high = one.range("accuracy")
    assert high - low == pytest.approx(0.002)  # the toy adds a thousandth for each seed
    assert one.value("accuracy") == pytest.approx((low + high) / 2)


def test_who_is_too_inaccurate_is_not_attacked_and_never_chosen(tmp_path):
    made = course(tmp_path, Workers())
    made.floor = -1.5  # of accuracies from -3.2 to 0
    run(made)
    poor = [s for s in made.students if s.value("accuracy") < made.floor]
    assert poor
    assert not any(s.has(["robustness"]) for s in poor)
    chosen = [*made.front(), *made.firsts(), *made.choosable()]
    assert {s.name for s in chosen}.isdisjoint({s.name for s in poor})


@dataclass
class Watched(Workers):
    """Remember in which order they were asked."""

    asked: list[list[Task]] = field(default_factory=list)

    def work(self, tasks):
        self.asked.append(list(tasks))
        return super().work(tasks)


def test_the_heaviest_students_of_a_rung_are_handed_out_first(tmp_path):
    workers = Watched()
    made = course(tmp_path, workers)
    made.costs = lambda digits: {"params": float(sum(digits))}
    run(made)
    for tasks in workers.asked:
        weights = [sum(task["digits"]) for task in tasks]
        assert weights == sorted(weights, reverse=True)


def test_elites_are_trained_from_all_other_seeds_at_once(tmp_path):
    workers = Watched()
    run(course(tmp_path, workers))
    trained, attacked = ([t["seed"] for t in tasks] for tasks in workers.asked[-2:])
    assert sorted(trained) == sorted(attacked) == [1, 1, 1, 2, 2, 2]


def test_the_budget_counts_all_trainings(tmp_path):
    workers = Workers()
    run(course(tmp_path, workers))
    assert sum(name.endswith("/train") for name in workers.done) == 66


def test_no_generation_begins_once_the_minutes_are_over(tmp_path):
    # 10 students of 2 + 2 s by 3 workers are 13 s: after five generations more than a minute is up
    made = run(course(tmp_path, Workers(), budget={"evaluations": 900, "minutes": 1.0}, elites=0))
    assert max(s.generation for s in made.students) == 4


FEW = {"budget": {"evaluations": 26}}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return outcome(run(course(tmp_path_factory.mktemp("whole"), Workers(), **FEW)))


@settings(max_examples=10, deadline=None)
@given(kills=st.lists(st.integers(0, 40), max_size=4), seed=st.integers(0, 99))
def test_whoever_is_killed_whenever_the_outcome_is_the_same(kills, seed, whole, tmp_path_factory):
    folder, done = tmp_path_factory.mktemp("killed"), []
    for again, after in enumerate([*kills, None]):
        workers = Workers(seed + again, killed_after=after)
        made = course(folder, workers, **FEW)
        with suppress(Killed):
            run(made)
        done += workers.done
    assert outcome(made) == whole
    assert len(done) == len(set(done)) == 2 * 26  # each training with its attack


def test_a_torn_last_line_of_the_journal_is_one_evaluation_to_do_again(tmp_path):
    whole = run(course(tmp_path, Workers()))
    path = tmp_path / "search.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:-20] + b"\n")
    workers = Workers()
    assert outcome(run(course(tmp_path, workers))) == outcome(whole)
    assert len(workers.done) == 1


def test_a_longer_budget_goes_on_from_what_was_evaluated(tmp_path):
    run(course(tmp_path, Workers(), elites=0, budget={"evaluations": 20}))
    workers = Workers()
    made = run(course(tmp_path, workers, elites=0, budget={"evaluations": 40}))
    assert len(made.students) == 40
    assert len(workers.done) == 40  # 20 new ones, trained and attacked


def test_a_student_that_kills_its_worker_costs_itself_only(tmp_path):
    (tmp_path / "first").mkdir()
    first = run(course(tmp_path / "first", Workers()))
    described = first.evolution.space.described
    deadly, refused = (described(first.students[at].genome) for at in (2, 5))
    heard = Listener()
    made = run(course(tmp_path, Workers(deadly=(deadly,), refused=(refused,)), heard))
    failed = {described(s.genome): s.failed for s in made.students if s.failed}
    assert failed[deadly] == "two workers died of it: exit code -9; it said nothing"
    assert failed[refused] == "no such student"
    assert not any(s.failed for s in made.front())
    assert any("two workers died of it" in line for line in heard.warnings)


def test_where_all_fail_the_reason_is_told_and_they_are_tried_again(tmp_path):
    first = run(course(tmp_path, Workers(), elites=0, budget={"evaluations": 10}))
    all_of_them = tuple(first.evolution.space.described(s.genome) for s in first.students)
    (folder := tmp_path / "again").mkdir()
    with pytest.raises(
        EnvironmentFault, match=r"every student of generation 0: train failed; .* no"
    ):
        run(course(folder, Workers(refused=all_of_them), elites=0))
    assert len(run(course(folder, Workers(), elites=0)).students) == 66


def test_bounds_that_nobody_keeps_are_told(tmp_path):
    made = course(tmp_path, Workers())
    made.evolution = replace(made.evolution, allowed=lambda digits: False)
    with pytest.raises(InputError, match="search.bounds: none of the students that were drawn"):
        run(made)


def test_a_thousand_students_cost_little_beside_their_training(tmp_path):
    made = course(
        tmp_path, Workers(), elites=0, population=50, budget={"evaluations": 1000}, survivors=0.5
    )
    began = time.process_time()
    run(made)
    spent_s = time.process_time() - began
    assert len(made.students) == 1000
    assert spent_s / 1000 < 0.05  # seen: under 10 ms; a student's training takes a minute
