"""Measuring and judging with a recipe's gate; what is kept and what is measured again."""

from dataclasses import replace

from edgecompress.core.gate import Outcome
from edgecompress.workflow.judging import judge_candidate
from tests.fakes import Answers, case, contestant

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
