"""Measuring and judging with a recipe's gate; what is kept and what is measured again."""

from dataclasses import replace

from edgecompress.core.gate import Outcome
from edgecompress.workflow.judging import gate_key, judge_candidate
from tests.fakes import Answers, case, contestant, texts

TWO_CHECKS = (
    ("  - {check: latency, pairs: 100, speedup_at_least: 1.5}\n", ""),
    ("  - {check: size, ratio_at_most: 0.6}\n", ""),
    ("  - {check: parity, flips_at_most: 0.06}\n", ""),
)
TRUTH = [0, 1] * 300


class Counting(Answers):
    asked = 0

    def logits(self, texts):
        self.asked += 1
        return super().logits(texts)


def judged(smoke, ws, labels, *, again=False):
    predictor = Counting(labels)
    here = replace(case(labels, TRUTH, TRUTH), candidate=contestant("candidate", predictor))
    return judge_candidate(here, smoke(*TWO_CHECKS).recipe, ws, again=again), predictor.asked


def test_a_twin_of_the_teacher_holds(smoke, ws):
    assert judged(smoke, ws, TRUTH)[0].outcome is Outcome.HOLDS


def test_what_held_is_not_measured_twice(smoke, ws):
    judged(smoke, ws, TRUTH)
    report, asked = judged(smoke, ws, TRUTH)
    assert (report.outcome, asked) == (Outcome.HOLDS, 0)


def test_gate_measures_again_all_the_same(smoke, ws):
    judged(smoke, ws, TRUTH)
    assert judged(smoke, ws, TRUTH, again=True)[1] > 0


def test_what_did_not_hold_is_measured_again(smoke, ws):
    opposite = [1 - label for label in TRUTH]
    assert judged(smoke, ws, opposite)[0].outcome is Outcome.BROKEN
    assert judged(smoke, ws, opposite)[1] > 0


BIAS = (
    ("  - {check: accuracy, data: test, max_drop: 0.06}\n", ""),
    ("{check: loyalty, data: test, label_at_least: 0.85}", "{check: shift, LIMIT}"),
    ("gate:", "  #\ngate:"),
    ("  test: ", '  ood: {far: {source: "resource:tiny-reviews", split: test}}\n  test: '),
)


def biased(smoke, ws, limit):
    """A twin of a teacher that loses nothing elsewhere: there is no bias to tell of."""
    recipe = smoke(*TWO_CHECKS, *BIAS, ("LIMIT", limit)).recipe
    here = replace(
        case(TRUTH, TRUTH, TRUTH),
        data={role: texts(TRUTH, role) for role in ("test", "ood/far")},
    )
    return here, recipe, judge_candidate(here, recipe, ws, again=False)


def test_a_limit_on_a_refused_number_is_undecided(smoke, ws):
    report = biased(smoke, ws, "max_drop: 0.1, relative_bias_at_most: 1.1")[2]
    assert report.outcome is Outcome.UNDECIDED
    assert [r.refused.name for r in report.refusals] == ["relative_bias"]


def test_a_refused_number_without_a_limit_decides_nothing(smoke, ws):
    assert biased(smoke, ws, "max_drop: 0.1")[2].outcome is Outcome.HOLDS


def test_a_check_is_measured_again_when_what_it_compares_with_changes(smoke, ws):
    here, recipe, _ = biased(smoke, ws, "max_drop: 0.1")
    other = replace(here, data={**here.data, "test": replace(here.data["test"], digest="other")})
    (check,) = recipe.gate
    assert gate_key(here, check, "shift") != gate_key(other, check, "shift")
