"""What becomes of decisions when a text is changed a little, for the check `shift`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from edgecompress.checks.shares import Hits, Place, difference, share
from edgecompress.core.case import Case, Contestant, IntArray, decision_name, decisions
from edgecompress.core.exhibit import Exhibit, Finding
from edgecompress.core.measurement import Refused
from edgecompress.core.texts import TextSet, joined
from edgecompress.data.draws import draw
from edgecompress.data.perturbations import NEGATION, Suite, suites
from edgecompress.recipe.shifting import Shift

SHOWN_OF_EACH = 2  # texts of a suite
_COLUMNS = {
    "change": "",
    "rows": "count",
    "teacher before": "fraction",
    "teacher after": "fraction",
    "candidate before": "fraction",
    "candidate after": "fraction",
}
_EXAMPLE = ("change", "label", "before", "after", "teacher", "candidate before", "candidate")


@dataclass(frozen=True)
class _Both:
    """Decisions of one model on the same rows, before and after a change."""

    before: IntArray
    after: IntArray

    @property
    def turned(self) -> Hits:
        return np.not_equal(self.before, self.after)


@dataclass(frozen=True)
class _Changed:
    """One suite, and what both models make of it."""

    suite: Suite
    rows: IntArray  # places among the rows of the role
    truth: IntArray
    ours: _Both
    teacher: _Both

    @property
    def labels_stay(self) -> bool:
        return self.suite.name != NEGATION


def perturbed_findings(case: Case, settings: Shift) -> Iterator[Finding]:
    """Of each suite: decisions that stay, and the drop from the teacher where labels stay."""
    role = settings.against
    texts = case.data[role]
    wanted = min(settings.perturb_rows, len(texts))
    drawn = draw(texts.labels, wanted, f"{case.seed}/perturb/{role}")
    shown = []
    for kind in settings.perturb:
        for suite in suites(kind, [texts.texts[row] for row in drawn], case.seed):
            if not len(suite.rows):
                yield from _refused(suite, role, wanted)
                continue
            shown.append(_changed(case, role, suite, drawn[suite.rows]))
            yield from _measured(shown[-1], Place(role, suite.name))
    if shown:
        yield _accuracies(shown, role)
        yield _examples(shown, texts, case.labels)


def _changed(case: Case, role: str, suite: Suite, rows: IntArray) -> _Changed:
    truth, name = case.data[role].labels[rows], f"{role}, {suite.name}"
    origins = tuple(case.data[role].origins[row] for row in rows)
    texts = TextSet(name, suite.texts, truth, origins, digest="")
    changed = replace(case, data={**case.data, name: texts})

    def both(who: Contestant) -> _Both:
        before = decisions(case.answers(who, role))[rows]
        return _Both(before, decisions(changed.answers(who, name)))

    return _Changed(suite, rows, truth, both(case.candidate), both(case.teacher))


def _measured(found: _Changed, place: Place) -> Iterator[Finding]:
    ours, teacher = found.ours, found.teacher
    if found.labels_stay:
        yield share("invariance", ~ours.turned, place)
        yield share("teacher_invariance", ~teacher.turned, place)
        right, teacher_right = (both.after == found.truth for both in (ours, teacher))
        yield difference("perturbed_drop", teacher_right, right, place)
    else:
        yield share("negation_response", ours.turned, place)
        yield share("teacher_negation_response", teacher.turned, place)
        yield difference("negation_lag", teacher.turned, ours.turned, place)


def _refused(suite: Suite, role: str, rows: int) -> Iterator[Refused]:
    names = ("negation_lag",) if suite.name == NEGATION else ("invariance", "perturbed_drop")
    why = f"none of {rows:,} rows of {role} holds anything that {suite.name} would change"
    for name in names:
        yield Refused(name, role, why, part=suite.name)


def _accuracies(shown: list[_Changed], role: str) -> Exhibit:
    """Before and after; after a negation nobody knows the labels."""
    rows: list[list[str | float | None]] = []
    for one in shown:
        row: list[str | float | None] = [one.suite.name, len(one.rows)]
        for both in (one.teacher, one.ours):
            after = float((both.after == one.truth).mean()) if one.labels_stay else None
            row += [float((both.before == one.truth).mean()), after]
        rows.append(row)
    columns = [{"name": name, "unit": unit} for name, unit in _COLUMNS.items()]
    content = {"columns": columns, "rows": rows}
    return Exhibit("table", f"Accuracy on changed texts of {role}", role, content)


def _examples(shown: list[_Changed], texts: TextSet, labels: tuple[str, ...]) -> Exhibit:
    """Of each suite texts on which the candidate's decision turned, or else its first."""

    rows = []
    for one in shown:
        turned = np.flatnonzero(one.ours.turned)[:SHOWN_OF_EACH].tolist()
        for place in turned or [0]:
            decided = (one.teacher.after[place], one.ours.before[place], one.ours.after[place])
            before, after = texts.texts[one.rows[place]], one.suite.texts[place]
            known = labels[one.truth[place]] if one.labels_stay else None
            row = [one.suite.name, known, joined(before), joined(after)]
            rows.append([*row, *(decision_name(int(decision), labels) for decision in decided)])
    content = {"columns": [{"name": name, "unit": ""} for name in _EXAMPLE], "rows": rows}
    return Exhibit("table", f"Changed texts of {texts.name}, for example", texts.name, content)
