"""What the gate's rows can certify."""

import pytest

from edgecompress.core.intervals import paired_drop, wilson
from edgecompress.data.roles import Data
from edgecompress.workflow.certify import certificates


def by_setting(file, ws):
    found = certificates(file, Data(file.recipe, file.folder, ws.resources, ws.progress))
    return {c.setting: c for c in found}


def test_a_limit_that_no_candidate_can_hold_is_impossible(smoke, ws):
    found = by_setting(smoke(("split: test}", "split: test, rows: 30}")), ws)
    assert found["max_drop"].impossible  # even without a difference, 30 rows leave 0.11 open


@pytest.mark.parametrize("rows", [30, 59, 60, 61, 200])
def test_impossible_agrees_with_the_interval_of_a_perfect_candidate(smoke, ws, rows):
    found = by_setting(smoke(("split: test}", f"split: test, rows: {rows}}}")), ws)
    assert found["max_drop"].impossible == (paired_drop(0, 0, rows)[1] > 0.06)
    assert found["label_at_least"].impossible == (wilson(rows, rows)[0] < 0.85)


def test_the_rows_needed_make_it_likely(smoke, ws):
    # 600 rows with 9 % differing certify 0.036; see tests/core/test_power.py
    tight = by_setting(smoke(("max_drop: 0.06", "max_drop: 0.02")), ws)["max_drop"]
    assert (tight.doubtful, tight.impossible, tight.rows_needed) == (True, False, 1814)


def test_limits_of_two_attacks_are_told_apart(smoke, ws):
    attacks = "".join(
        f"  - {{check: attack, recipes: [{names}], rows: 100, max_drop_from_teacher: 0.2}}\n"
        for names in ("deepwordbug", "pwws, checklist")
    )
    file = smoke(("gate:\n", "gate:\n" + attacks))
    found = certificates(file, Data(file.recipe, file.folder, ws.resources, ws.progress))
    assert [c.name for c in found if c.check == "attack"] == [
        "attack.max_drop_from_teacher (deepwordbug)",
        "attack.max_drop_from_teacher (pwws, checklist)",
    ]


def test_limits_that_rest_on_no_rows_have_no_certificate(smoke, ws):
    assert "ratio_at_most" not in by_setting(smoke(), ws)


LOYALTY = "label_at_least: 0.85"


def test_a_limit_on_parity_has_a_certificate(smoke, ws):
    # 1.5 % flip: 0.015 + (1.96 * sqrt(0.034 * 0.966) + 0.84 * sqrt(0.015 * 0.985)) / sqrt(600)
    found = by_setting(smoke(), ws)["flips_at_most"]
    assert (found.likely, found.doubtful) == (pytest.approx(0.034, abs=1e-3), False)


def test_probabilities_are_certified_by_their_usual_spread(smoke, ws):
    # 0.11 + 2.80 * 0.115 / sqrt(600) below 1
    found = by_setting(smoke((LOYALTY, "probability_at_least: 0.88")), ws)["probability_at_least"]
    assert (found.likely, found.doubtful) == (pytest.approx(0.8768, abs=1e-3), True)


def test_the_worst_of_two_classes_has_half_the_rows(smoke, ws):
    file = smoke(("max_drop: 0.06", "worst_class_recall_at_least: 0.7"))
    found = by_setting(file, ws)["worst_class_recall_at_least"]
    assert (found.rows, found.rows_needed) == (300, 60)  # 30 of each class


def test_rows_that_leave_no_class_enough_are_refused_beforehand(smoke, ws):
    file = smoke(
        ("max_drop: 0.06", "worst_class_recall_at_least: 0.1"),
        ("split: test}", "split: test, rows: 59}"),
    )
    assert by_setting(file, ws)["worst_class_recall_at_least"].impossible


def test_slices_share_the_rows_and_the_doubt(smoke, ws):
    file = smoke(("check: loyalty, data: test", "check: slices, by: [label, length]"),
                 (LOYALTY, "max_drop: 0.2"))  # fmt: skip
    found = certificates(file, Data(file.recipe, file.folder, ws.resources, ws.progress))
    (sliced,) = [c for c in found if c.check == "slices"]
    assert sliced.as_document()["rows"] == 150  # the smallest of four quartiles, of 600
    assert sliced.as_document()["intervals"] == 6  # of two classes and four quartiles
    assert sliced.best == pytest.approx(paired_drop(0, 0, 150, 1 - 0.05 / 6)[1], abs=1e-6)


def test_no_limit_against_the_floor_is_impossible_but_a_tight_one_is_doubtful(smoke, ws):
    file = smoke((LOYALTY, "label_at_least: retrain-floor"))
    found = by_setting(file, ws)["floor_margin"]
    assert (found.impossible, found.doubtful, found.rows_needed) == (False, True, None)
    assert found.likely == pytest.approx(-0.0357, abs=1e-3)
    assert str(found).endswith(
        "can certify -0.036; no number of rows is enough, unless the candidate is better than that"
    )


def test_a_margin_below_the_floor_needs_rows(smoke, ws):
    file = smoke((LOYALTY, "label_at_least: retrain-floor, floor_margin: 0.02"))
    assert by_setting(file, ws)["floor_margin"].rows_needed == 1814
