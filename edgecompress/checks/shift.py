"""Check `shift`: does the candidate still decide as its teacher does on texts from elsewhere?

What a model leans on that is no reason shows only where it stops working. Sources of the measures:
relative bias, Du et al. (2021), arXiv:2110.08419; detection, Hendrycks and Gimpel (2017),
arXiv:1610.02136.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecompress.checks.perturbed import perturbed_findings
from edgecompress.checks.shares import Hits, Place, difference, share
from edgecompress.core.bias import POOLED, Hit, relative_bias
from edgecompress.core.case import Case, FloatArray, decisions
from edgecompress.core.detection import (
    ACCEPTED,
    RESAMPLES,
    Estimate,
    coverage_curve,
    negative_energy,
    separation,
    surest,
    surety,
)
from edgecompress.core.errors import DataError
from edgecompress.core.exhibit import Exhibit, Finding
from edgecompress.core.intervals import newcombe
from edgecompress.core.measurement import Measurement
from edgecompress.core.texts import TextSet
from edgecompress.recipe.shifting import Shift

COVERAGE = 0.8
MOST_SUBCASES = 50
SCORES = {"max probability": surety, "energy": negative_energy}


@dataclass(frozen=True)
class _Seen:
    """The rows of one role, and what both models make of them."""

    texts: TextSet
    ours: FloatArray
    teacher: FloatArray

    @classmethod
    def by(cls, case: Case, role: str) -> "_Seen":
        return cls(
            case.data[role], case.answers(case.candidate, role), case.answers(case.teacher, role)
        )

    @property
    def models(self) -> tuple[tuple[str, FloatArray], ...]:
        """Prefix of the measurements, logits."""
        return ("", self.ours), ("teacher_", self.teacher)

    @property
    def hit(self) -> Hit:
        return Hit(self.right(self.ours), self.right(self.teacher))

    def right(self, logits: FloatArray) -> Hits:
        return np.equal(decisions(logits), self.texts.labels)


def measure(case: Case, settings: Shift) -> Sequence[Finding]:
    """All that is told of each set, of all sets together, and of changed texts.

    Raises:
        DataError: the column of `subcases` has more values than can be told apart.
    """
    usual = _Seen.by(case, settings.against)
    others = [_Seen.by(case, role) for role in settings.roles(case.data)]
    found: list[Finding] = [one for other in others for one in _of_set(usual, other, case.seed)]
    found.append(replace(_bias(usual, others, case.seed), data=settings.data))
    if settings.subcases is not None:
        found.append(_subcases(others, settings.subcases, case.labels))
    return [*found, *perturbed_findings(case, settings)]


def _of_set(usual: _Seen, other: _Seen, seed: int) -> Iterator[Finding]:
    place = Place(other.texts.name)
    hit = other.hit
    yield share("ood_accuracy", hit.ours, place)
    yield share("teacher_ood_accuracy", hit.teacher, place)
    yield difference("ood_drop", hit.teacher, hit.ours, place)
    yield _gap(usual, other)
    for prefix, logits in other.models:
        answered = surest(surety(logits), COVERAGE)
        kept = share(f"{prefix}accuracy_at_coverage_80", other.right(logits)[answered], place)
        yield replace(kept, note="on the 80 % of rows it is surest of")
    for (prefix, inside), (_, outside) in zip(usual.models, other.models, strict=True):
        for score in SCORES:
            yield from _detection(prefix, score, (inside, outside), (place, seed))
    yield _coverage(other)


def _gap(usual: _Seen, other: _Seen) -> Measurement:
    """Accuracy on the usual texts minus accuracy here; different rows, so nothing is paired."""
    at_home, away = usual.right(usual.ours), other.right(other.ours)
    low, high = newcombe((int(at_home.sum()), len(at_home)), (int(away.sum()), len(away)))
    return Measurement(
        "ood_gap",
        float(at_home.mean() - away.mean()),
        low,
        high,
        "fraction",
        len(away),
        "newcombe hybrid score, 95 %",
        other.texts.name,
        note=f"from {at_home.mean():.3f} on {len(at_home)} rows of {usual.texts.name}",
    )


def _detection(
    prefix: str, score: str, logits: tuple[FloatArray, FloatArray], where: tuple[Place, int]
) -> Iterator[Measurement]:
    """How well one score of one model tells the usual texts from these."""
    (inside, outside), (place, seed) = (SCORES[score](one) for one in logits), where
    found = separation(inside, outside, seed)

    def told(name: str, estimate: Estimate, note: str) -> Measurement:
        """One figure of this score, bootstrapped over both sets."""
        return Measurement(
            f"{prefix}{name}",
            estimate.value,
            *estimate.interval,
            "fraction",
            len(inside) + len(outside),
            f"bootstrap of both sets, {RESAMPLES}, seed {seed}",
            place.role,
            note=note,
            part=score,
        )

    yield told("ood_auroc", found.auroc, "0.5 is chance; the usual texts should score higher")
    yield told(
        "ood_false_positive_rate",
        found.false_positives,
        f"share of these texts above the threshold that keeps {ACCEPTED:.0%} of the usual",
    )


def _coverage(seen: _Seen) -> Exhibit:
    curves = {
        name: [list(point) for point in coverage_curve(surety(logits), seen.right(logits))]
        for name, logits in (("ours", seen.ours), ("teacher", seen.teacher))
    }
    role = seen.texts.name
    return Exhibit("coverage", f"Accuracy on {role} if the least sure are left out", role, curves)


def _bias(usual: _Seen, others: Sequence[_Seen], seed: int) -> Finding:
    """Pooled by rows, as the paper does; chance is what always giving the commonest label gets."""
    hits = [other.hit for other in others]
    pooled = Hit(
        np.concatenate([hit.ours for hit in hits]), np.concatenate([hit.teacher for hit in hits])
    )
    counts = np.bincount(np.concatenate([other.texts.labels for other in others]))
    return relative_bias(usual.hit, pooled, float(counts.max() / counts.sum()), seed)


def _subcases(others: Sequence[_Seen], column: str, labels: tuple[str, ...]) -> Exhibit:
    """Accuracy by value of the column and label: a heuristic is right on one label by design."""
    rows: list[list[str | float]] = []
    for other in others:
        if column in other.texts.columns:
            values = np.array(list(other.texts.columns[column]))
            for value in np.unique(values).tolist():
                for label in np.unique(other.texts.labels[values == value]).tolist():
                    among = (values == value) & (other.texts.labels == label)
                    name = [other.texts.name, value or "(empty)", labels[label]]
                    rows.append([*name, *_accuracies(other, among)])
    if len(rows) > MOST_SUBCASES:
        raise DataError(
            f"shift: {column} and the labels make {len(rows):,} sub-cases, and at most "
            f"{MOST_SUBCASES} can be told apart; group them in a column of their own"
        )
    columns = [("set", ""), (column, ""), ("label", ""), ("rows", "count")]
    columns += [(name, "fraction") for name in ("teacher", "candidate", "drop")]
    content = {"columns": [{"name": n, "unit": u} for n, u in columns], "rows": rows}
    return Exhibit("table", f"Accuracy by {column} and label", POOLED, content)


def _accuracies(seen: _Seen, among: NDArray[np.bool_]) -> tuple[float, ...]:
    """Rows, the teacher's accuracy, ours, and the drop."""
    hit = seen.hit
    ours, teacher = float(hit.ours[among].mean()), float(hit.teacher[among].mean())
    return int(among.sum()), teacher, ours, teacher - ours
