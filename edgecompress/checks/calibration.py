"""Check `calibration`: does the candidate's confidence say how often it is right?

Compression moves confidence more than decisions: a student of soft labels doubts too much, a pruned
network too little, and whoever acts on a score of 0.9 relies on it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgecompress.core.calibration import (
    BINS,
    RESAMPLES,
    Decided,
    brier,
    error_interval,
    expected_error,
    increase_interval,
    negative_log_likelihood,
    reliability,
)
from edgecompress.core.case import Case, Contestant, FloatArray
from edgecompress.core.exhibit import Exhibit, Finding
from edgecompress.core.intervals import Interval, bootstrap_mean, mean_method
from edgecompress.core.measurement import Measurement
from edgecompress.core.temperature import best_temperature, temperature_interval
from edgecompress.recipe.shifting import Calibration

TUNED_ON = "validation"


@dataclass(frozen=True)
class _Rows:
    """The rows of one role, and how doubt about them is told."""

    role: str
    n: int
    seed: int

    def told(
        self, name: str, value: float, interval: Interval, method: str, unit: str = "fraction"
    ) -> Measurement:
        return Measurement(name, value, *interval, unit, self.n, method, self.role)

    def error(self, name: str, decided: Decided) -> Measurement:
        interval = error_interval(decided, self.seed)
        return self.told(name, expected_error(decided), interval, self._by_bins())

    def increase(self, ours: Decided, teacher: Decided) -> Measurement:
        value = expected_error(ours) - expected_error(teacher)
        interval = increase_interval(ours, teacher, self.seed)
        return self.told(
            "calibration_error_increase", value, interval, f"paired; {self._by_bins()}"
        )

    def _by_bins(self) -> str:
        return (
            f"{BINS} equal-mass bins; standard deviation of {RESAMPLES} resamples, widened by what "
            f"bins can overstate, 95 %, seed {self.seed}"
        )


def measure(case: Case, settings: Calibration) -> Sequence[Finding]:
    """Calibration errors, Brier scores and likelihoods of both models, before and after scaling."""
    return [one for role in settings.roles(case.data) for one in _of_role(case, role)]


def _of_role(case: Case, role: str) -> Iterator[Finding]:
    truth = case.data[role].labels
    rows = _Rows(role, len(truth), case.seed)
    ours = Decided.of(case.answers(case.candidate, role), truth)
    teacher = Decided.of(case.answers(case.teacher, role), truth)
    yield rows.error("expected_calibration_error", ours)
    yield rows.error("teacher_expected_calibration_error", teacher)
    yield rows.increase(ours, teacher)
    for who, prefix in ((case.candidate, ""), (case.teacher, "teacher_")):
        yield from _scores(case, who, prefix, rows)
        if TUNED_ON in case.data:
            yield from _scaled(case, who, prefix, rows)
    content = {"ours": reliability(ours), "teacher": reliability(teacher)}
    yield Exhibit("reliability", f"Confidence and accuracy on {role}", role, content)


def _scores(case: Case, who: Contestant, prefix: str, rows: _Rows) -> Iterator[Measurement]:
    """Brier score and likelihood, which reward being right and knowing it at once."""
    logits, truth = case.answers(who, rows.role), case.data[rows.role].labels
    method = mean_method(case.seed)
    near = -brier(logits, truth)  # negated, since a limit is set on the side of the worst
    low, high = bootstrap_mean(near, case.seed, worst=-2.0)
    interval = (-high, -low)
    yield rows.told(f"{prefix}brier_score", -float(near.mean()), interval, method, "of 2")
    unlikely = negative_log_likelihood(logits, truth)
    likelihood = float(unlikely.mean()), bootstrap_mean(unlikely, case.seed)
    yield rows.told(f"{prefix}negative_log_likelihood", *likelihood, method, "nats")


def _scaled(case: Case, who: Contestant, prefix: str, rows: _Rows) -> Iterator[Measurement]:
    """The temperature that suits the validation rows, and the error on the judged rows after it."""
    logits, truth = case.answers(who, TUNED_ON), case.data[TUNED_ON].labels
    finite = np.isfinite(logits).all(axis=1)
    if not finite.any():
        return
    fitted, wanted = logits[finite], np.eye(logits.shape[1])[truth[finite]]
    temperature, (low, high) = (
        best_temperature(fitted, wanted),
        temperature_interval(fitted, wanted),
    )
    interval = min(low, temperature), max(high, temperature)
    tuned = _Rows(TUNED_ON, int(finite.sum()), case.seed)
    name, method = f"{prefix}temperature", "likeliest on validation rows; score interval, 95 %"
    yield tuned.told(name, temperature, interval, method, "")
    scaled: FloatArray = (case.answers(who, rows.role) / temperature).astype(np.float32)
    decided = Decided.of(scaled, case.data[rows.role].labels)
    yield rows.error(f"{prefix}scaled_calibration_error", decided)
