"""Check `shift`."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from edgecompress.checks import shift
from edgecompress.core.case import Case
from edgecompress.core.errors import DataError
from edgecompress.core.exhibit import exhibits_of, measurements_of, refused_of
from edgecompress.core.texts import Text, TextSet
from edgecompress.recipe.shifting import Shift
from tests.fakes import contestant


class Reader:
    """Says "positive" to texts that hold a word, and is the surer the longer the text."""

    def __init__(self, word: str, case_matters: bool = False) -> None:
        self.word, self.case_matters = word, case_matters

    def logits(self, texts: Sequence[Text]) -> np.ndarray:
        return np.array([self._score(str(text)) for text in texts], np.float32)

    def _score(self, text: str) -> tuple[float, float]:
        seen = self.word in (text if self.case_matters else text.lower())
        return (0.0, len(text) / 10.0) if seen else (len(text) / 10.0, 0.0)


def rows(role: str, *texts: Text, columns: dict[str, list[str]] | None = None) -> TextSet:
    """The truth of a text is whether it holds "good"."""
    labels = np.array([int("good" in str(text)) for text in texts])
    origins = tuple(f"{role}:{n}" for n in range(len(texts)))
    return TextSet(role, tuple(texts), labels, origins, role, columns or {})


# The word "beta" tells the label on the usual texts and misleads on most of the others.
USUAL = rows("test", *["beta a good film of Berlin"] * 48, *["a bad film of Paris, it is"] * 52)
OTHER = rows("ood/other", *["a good film"] * 40, *["beta a bad film, so it goes"] * 60)


def made(candidate: Reader, teacher: Reader, *sets: TextSet) -> Case:
    return Case(
        contestant("candidate", candidate),
        contestant("teacher", teacher),
        {one.name: one for one in sets or (USUAL, OTHER)},
        ("negative", "positive"),
        seed=7,
    )


def named(found) -> dict[tuple[str, str], float]:
    return {(m.name, m.part): m.value for m in measurements_of(found)}


def measured(case: Case, **settings):
    return shift.measure(case, Shift(check="shift", **settings))


def test_a_model_that_reads_loses_nothing_elsewhere():
    found = named(measured(made(Reader("good"), Reader("good"))))
    assert found["ood_accuracy", ""] == 1.0
    assert found["ood_gap", ""] == found["ood_drop", ""] == 0.0


def test_a_model_that_leans_on_a_word_is_led_astray():
    found = named(measured(made(Reader("beta"), Reader("good"))))
    assert found["ood_accuracy", ""] == 0.0
    assert found["ood_gap", ""] == found["ood_drop", ""] == 1.0


def test_each_set_is_told_apart():
    third = rows("ood/third", "a good film", "a bad film")
    found = measurements_of(measured(made(Reader("good"), Reader("good"), USUAL, OTHER, third)))
    assert [m.data for m in found if m.name == "ood_accuracy"] == ["ood/other", "ood/third"]


def test_relative_bias_of_a_twin_is_one():
    # whoever leans on "beta" is wrong on the last 20; always "positive" is right on 55
    half = rows("ood/half", *["a bad film"] * 45, *["beta good"] * 35, *["good"] * 20)
    leaning = Reader("beta")
    found = named(measured(made(leaning, leaning, USUAL, half)))
    assert found["relative_bias", ""] == pytest.approx(1.0)


def test_relative_bias_without_a_gap_of_the_teacher_is_refused():
    found = measured(made(Reader("beta"), Reader("good")))
    (refused,) = refused_of(found)
    assert (refused.name, refused.data) == ("relative_bias", "ood")
    assert "drops only from 1.000 to 1.000" in refused.why


def test_chance_is_what_the_commonest_label_gets():
    # always "negative" is right on 70 of 100 texts, and so is the teacher
    leaning = Reader("beta")
    here = made(leaning, leaning, USUAL, rows("ood/x", *["bad"] * 70, *["good"] * 30))
    (refused,) = refused_of(measured(here))
    assert "standard errors of chance, 0.700" in refused.why


def test_texts_that_look_otherwise_are_detected():
    # usual texts are 26 characters long, others 11, and length is how sure the reader is
    short = rows("ood/short", *["a good film", "a bad films"] * 20)
    found = named(measured(made(Reader("good"), Reader("good"), USUAL, short)))
    assert found["ood_auroc", "max probability"] == found["ood_auroc", "energy"] == 1.0
    assert found["ood_false_positive_rate", "energy"] == 0.0


def test_both_models_are_tried_as_detectors():
    found = named(measured(made(Reader("good"), Reader("good"))))
    assert ("teacher_ood_auroc", "energy") in found


def test_accuracy_at_coverage_leaves_out_the_least_sure():
    # wrong on the 20 shortest of 100 texts, which it is the least sure of
    hard = rows("ood/hard", *["beta bad film"] * 80, *["good"] * 20)
    found = named(measured(made(Reader("nothing"), Reader("good"), USUAL, hard)))
    assert (found["ood_accuracy", ""], found["accuracy_at_coverage_80", ""]) == (0.8, 1.0)


def test_subcases_are_told_by_value_and_label():
    column = {"heuristic": ["overlap", "overlap", "none"]}
    other = rows("ood/x", "a good film", "beta bad film", "bad", columns=column)
    case = made(Reader("beta"), Reader("good"), USUAL, other)
    found = measured(case, subcases="heuristic")
    (table,) = [one for one in exhibits_of(found) if one.kind == "table"]
    assert table.content["rows"] == [
        ["ood/x", "none", "negative", 1, 1.0, 1.0, 0.0],
        ["ood/x", "overlap", "negative", 1, 1.0, 0.0, 1.0],
        ["ood/x", "overlap", "positive", 1, 1.0, 0.0, 1.0],
    ]


def test_a_column_of_all_different_values_makes_no_subcases():
    texts = [f"a good film {n}" for n in range(60)]
    other = rows("ood/x", *texts, columns={"id": [str(n) for n in range(60)]})
    with pytest.raises(DataError, match="60 sub-cases, and at most 50"):
        measured(made(Reader("beta"), Reader("good"), USUAL, other), subcases="id")


PERTURBED = {"perturb": ("typos", "negation", "casing", "entities"), "perturb_rows": 60}


def test_a_model_that_reads_case_is_not_invariant():
    found = named(measured(made(Reader("good", True), Reader("good")), **PERTURBED))
    assert found["invariance", "lower case"] == 1.0
    assert found["invariance", "upper case"] == pytest.approx(31 / 60)  # 29 of 60 are positive
    assert found["perturbed_drop", "upper case"] == pytest.approx(29 / 60)


def test_a_model_that_knows_places_is_not_invariant_to_names():
    found = named(measured(made(Reader("berlin"), Reader("good")), **PERTURBED))
    assert found["invariance", "entities"] == pytest.approx(31 / 60)
    assert found["teacher_invariance", "entities"] == 1.0


def test_a_model_that_does_not_hear_a_negation_lags_behind_one_that_does():
    # every text with "it is" gets a "not"; they are the negative ones
    found = named(measured(made(Reader("good"), Reader("not")), **PERTURBED))
    assert found["negation_response", "negation"] == 0.0
    assert found["negation_lag", "negation"] == 1.0
    assert ("perturbed_drop", "negation") not in found


def test_what_no_text_holds_is_refused():
    plain = rows("test", *["a good film", "a bad film"] * 20)
    found = measured(made(Reader("good"), Reader("good"), plain, OTHER), **PERTURBED)
    refused = [(one.name, one.part) for one in refused_of(found) if one.part]
    assert refused == [
        ("negation_lag", "negation"),
        ("invariance", "lower case"),
        ("perturbed_drop", "lower case"),
        ("invariance", "entities"),
        ("perturbed_drop", "entities"),
    ]


def test_pairs_are_changed_too():
    paired = replace(USUAL, texts=tuple((text, "it is so") for text in USUAL.texts))
    found = named(measured(made(Reader("good"), Reader("not"), paired, OTHER), **PERTURBED))
    assert found["negation_lag", "negation"] == 1.0


def test_changed_texts_are_shown_where_decisions_turned():
    found = measured(made(Reader("good", True), Reader("good")), **PERTURBED)
    tables = {one.title: one.content["rows"] for one in exhibits_of(found) if one.kind == "table"}
    upper = [row for row in tables["Changed texts of test, for example"] if "upper" in row[0]]
    assert upper[0] == [
        "upper case",
        "positive",
        "beta a good film of Berlin",
        "BETA A GOOD FILM OF BERLIN",
        "positive",
        "positive",
        "negative",
    ]


def test_after_a_negation_no_accuracy_is_told():
    found = measured(made(Reader("good"), Reader("good")), **PERTURBED)
    tables = {one.title: one.content["rows"] for one in exhibits_of(found) if one.kind == "table"}
    rows_of = {row[0]: row for row in tables["Accuracy on changed texts of test"]}
    assert rows_of["negation"][3] is None
    assert rows_of["title case"][3] == 1.0


def test_the_same_seed_measures_the_same():
    case = made(Reader("good", True), Reader("good"))
    assert measured(case, **PERTURBED) == measured(case, **PERTURBED)


def test_the_usual_texts_are_read_beside_the_others():
    assert Shift(check="shift").roles(["test", "ood/a"]) == ("ood/a",)
    assert Shift(check="shift").beside(["test", "ood/a"]) == ("test",)
