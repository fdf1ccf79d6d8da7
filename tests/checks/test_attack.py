"""Check `attack`: what it makes of outcomes, and once everything for real."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgecompress.attacks.outcomes import Outcome, write_outcomes
from edgecompress.checks import attack
from edgecompress.core.case import Case, Contestant
from edgecompress.core.errors import DataError, MeasureError
from edgecompress.core.exhibit import exhibits_of, measurements_of
from edgecompress.core.gate import Limit, judge
from edgecompress.core.texts import Text, TextSet
from edgecompress.recipe.attacking import Attack
from edgecompress.runtime.model import EdgeModel
from tests.attacks.small_words import write_word_lists
from tests.attacks.word_models import LABELS, write_word_model
from tests.fake_ray import FakeRay

TEXTS = ("good film", "fine film", "bad film", "poor film")
TRUTH = (1, 1, 0, 0)
TEACHER = {"good": (0, 1), "fine": (0, 1), "bad": (1, 0), "poor": (1, 0), "film": (0, 0)}
OURS = {**TEACHER, "fine": (1, 0), "nice": (0, 0.5)}  # wrong on "fine film"


class Beside:
    """Word lists, and nothing else."""

    def __init__(self, word_lists: Path) -> None:
        self.word_lists = word_lists

    def digest(self, name: str) -> str:
        return name

    def place(self, name: str) -> Path:
        assert name == "resource:nltk-data"
        return self.word_lists


def contestant(folder: Path, scores: Mapping[str, Sequence[float]]) -> Contestant:
    write_word_model(folder, scores)
    model = EdgeModel.load(folder, verify=False)
    return Contestant(folder.name, folder.name, model, folder, 1, 1)


def outcomes(*ends: tuple[str, Text | None], queries: int = 10) -> list[Outcome]:
    return [Outcome(row, kind, text, queries) for row, (kind, text) in enumerate(ends)]


class Kept:
    """Outcomes by model, as if they had been made before."""

    def __init__(self, folder: Path, known: Mapping[str, list[Outcome]]) -> None:
        self.folder, self.known = folder, known

    def __call__(self, asked, make) -> Path:
        assert asked["kind"] == "attack-outcomes"
        place = self.folder / f"kept-{asked['model'][0]}"
        place.mkdir(exist_ok=True)
        write_outcomes(self.known[asked["model"][0]], place)
        return place


OURS_ENDED = outcomes(
    ("succeeded", "gud film"), ("skipped", None), ("failed", None), ("failed", None)
)
THEIRS_ENDED = outcomes(
    ("failed", None), ("succeeded", "nice film"), ("failed", None), ("failed", None)
)


@pytest.fixture
def make_case(tmp_path: Path):
    def make(ours=OURS_ENDED, theirs=THEIRS_ENDED, texts: Sequence[Text] = TEXTS) -> Case:
        origins = tuple(f"made-up:{row}" for row in range(len(texts)))
        rows = TextSet("test", tuple(texts), np.array(TRUTH), origins, digest="rows")
        return Case(
            contestant(tmp_path / "ours", OURS),
            contestant(tmp_path / "theirs", TEACHER),
            {"test": rows},
            LABELS,
            seed=7,
            keep=Kept(tmp_path, {"ours": ours, "theirs": theirs}),
            sources=Beside(tmp_path),
        )

    return make


def settings(**more: object) -> Attack:
    asked = {"check": "attack", "recipes": ["pwws"], "rows": 4, **more}
    return Attack.model_validate_json(json.dumps(asked))


def by_name(found):
    return {m.name: m for m in measurements_of(found)}


def test_a_row_that_was_wrong_before_counts_against_the_model(make_case):
    found = by_name(attack.measure(make_case(), settings()))["after_attack_accuracy"]
    assert (found.value, found.n, found.part) == (0.5, 4, "pwws")
    assert found.note == "wrong before 1, fell 1, attack failed 2"


def test_the_drop_is_teacher_minus_candidate_each_attacked_anew(make_case):
    found = by_name(attack.measure(make_case(), settings()))
    assert found["teacher_after_attack_accuracy"].value == 0.75
    assert found["after_attack_drop"].value == 0.25


def test_only_rows_that_were_attacked_count_for_success(make_case):
    found = by_name(attack.measure(make_case(), settings()))["attack_success_rate"]
    assert (found.value, found.n) == (pytest.approx(1 / 3), 3)


def test_transfer_asks_the_candidate_about_the_teachers_texts(make_case):
    # "nice film" says positive by half to the candidate, though "fine film" says negative
    assert by_name(attack.measure(make_case(), settings()))["transfer_accuracy"].value == 1.0


def test_a_success_that_does_not_repeat_is_none(make_case):
    ours = outcomes(("succeeded", "good movie"), *[("failed", None)] * 3)
    found = by_name(attack.measure(make_case(ours), settings()))
    assert found["attack_success_rate"].value == 0.0
    assert "fell once but not when asked again 1" in found["after_attack_accuracy"].note


def test_words_changed_are_those_of_successes(make_case):
    found = by_name(attack.measure(make_case(), settings()))["words_changed"]
    assert (found.value, found.n) == (0.5, 1)  # one of two words


def test_queries_are_those_of_attacked_rows(make_case):
    ours = [Outcome(0, "failed", None, 30), Outcome(1, "skipped", None, 1)]
    ours += [Outcome(2, "failed", None, 10), Outcome(3, "failed", None, 20)]
    found = by_name(attack.measure(make_case(ours), settings()))["queries_mean"]
    assert (found.value, found.n) == (20.0, 3)


def test_where_nothing_succeeded_nothing_is_said_of_words(make_case):
    found = attack.measure(make_case(outcomes(*[("failed", None)] * 4)), settings())
    assert "words_changed" not in by_name(found)
    assert exhibits_of(found) == ()


def test_where_nothing_was_attacked_there_is_no_rate(make_case):
    found = by_name(attack.measure(make_case(outcomes(*[("skipped", None)] * 4)), settings()))
    assert found["after_attack_accuracy"].value == 0.0
    assert {"attack_success_rate", "queries_mean"} & set(found) == set()


def test_examples_show_what_was_changed(make_case):
    (shown,) = exhibits_of(attack.measure(make_case(), settings()))
    (row,) = shown.content["rows"]
    assert (shown.kind, shown.content["attack"]) == ("adversarial", "pwws")
    assert row["diff"] == [["gone", "good"], ["new", "gud"], ["same", "film"]]
    assert (row["label"], row["from"], row["to"]) == ("positive", "positive", "negative")
    assert row["score_before"] == pytest.approx(np.e / (1 + np.e))  # logits 0 and 1
    assert row["score_after"] == 0.5
    json.dumps(shown.content, allow_nan=False)


def test_reductions_tell_how_many_words_are_left(make_case):
    ours = outcomes(("reduced", "good"), ("skipped", None), ("reduced", "bad"), ("reduced", "film"))
    theirs = outcomes(*[("reduced", text) for text in TEXTS])
    found = by_name(attack.measure(make_case(ours, theirs), settings(recipes=["input-reduction"])))
    # "film" alone is a tie, which the first label wins, as it did for "poor film"
    assert (found["words_left"].value, found["words_left"].n) == (1.0, 3)
    assert found["teacher_words_left"].value == 2.0
    assert "after_attack_accuracy" not in found


def test_rows_that_cannot_be_attacked_are_left_out(make_case, monkeypatch):
    monkeypatch.setattr(attack, "MOST_LEFT_OUT", 0.5)
    ours = [*OURS_ENDED[:3], Outcome(3, "unattackable", None, 0, "ValueError: no")]
    found = by_name(attack.measure(make_case(ours), settings()))
    assert (found["after_attack_accuracy"].n, found["after_attack_drop"].n) == (3, 3)


def test_too_many_rows_that_cannot_be_attacked_are_an_error(make_case):
    ours = [*OURS_ENDED[:3], Outcome(3, "unattackable", None, 0, "ValueError: no")]
    with pytest.raises(MeasureError, match="pwws cannot be run on 1 of 4 rows.*ValueError: no"):
        attack.measure(make_case(ours), settings())


def test_more_rows_than_there_are_cannot_be_attacked(make_case):
    with pytest.raises(DataError, match="asks for 5 rows, test has 4"):
        attack.measure(make_case(), settings(rows=5))


def test_the_rows_are_a_draw_with_the_shares_of_the_labels(make_case):
    found = attack.measure(make_case(OURS_ENDED[:2], THEIRS_ENDED[:2]), settings(rows=2))
    assert by_name(found)["after_attack_accuracy"].n == 2


def test_a_cluster_attacks_where_there_is_one_and_is_left_before_the_check_ends(
    make_case, monkeypatch
):
    ray = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", ray)
    found = attack.measure(replace(make_case(), ray_address="auto"), settings())
    assert ray.calls == ["init", "shutdown"]
    assert found == attack.measure(make_case(), settings())
    assert len(ray.calls) == 2  # without an address nobody looks for it


STRONG = dict.fromkeys(("good", "great", "lovely", "clever", "funny", "warm"), (0.0, 1.0))
STRONG |= dict.fromkeys(("bad", "awful", "dull", "clumsy", "flat", "cold"), (1.0, 0.0))
BRITTLE = {"good": (0.0, 1.0), "bad": (1.5, 0.5)}


@pytest.mark.slow
def test_a_student_that_hangs_on_one_word_is_caught(tmp_path: Path):
    """Both models are right on every text; only one of them still is once a word is misspelt."""
    kind_words = (list(STRONG)[:6], list(STRONG)[6:])
    texts, truth = [], []
    for number in range(60):
        words = kind_words[number % 2]
        others = [words[1 + (number // 2 + i) % 5] for i in range(4)]
        texts.append(" ".join([words[0], *others, f"film {number}"]))
        truth.append(1 - number % 2)
    origins = tuple(f"made-up:{row}" for row in range(60))
    rows = TextSet("test", tuple(texts), np.array(truth), origins, digest="rows")
    ours, theirs = contestant(tmp_path / "ours", BRITTLE), contestant(tmp_path / "theirs", STRONG)
    made = tmp_path / "kept"

    def keep(asked, make) -> Path:
        draft, scratch = made / asked["model"][0], made / "scratch" / asked["model"][0]
        draft.mkdir(parents=True)
        scratch.mkdir(parents=True)
        make(draft, scratch)
        return draft

    lists = Beside(write_word_lists(tmp_path / "nltk"))
    case = Case(ours, theirs, {"test": rows}, LABELS, 7, keep=keep, sources=lists, workers=2)
    found = by_name(
        attack.measure(case, settings(recipes=["deepwordbug"], rows=60, query_budget=20))
    )
    drop = found["after_attack_drop"]
    assert judge(drop, Limit(at_most=0.05)).value == "broken"
    assert drop.part == "deepwordbug@20"
