"""Check `attack`: how many right answers survive somebody who rewords the text?

Teacher and candidate are attacked each anew: texts that fool one of two nearly equal models often
fail on the other, by lying just across its border, so that texts crafted on the teacher alone would
make any compressed model look sturdier than it is. How they transfer is told, never judged.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import softmax

from edgecompress.attacks.campaign import Campaign
from edgecompress.attacks.crew import Crew, local_crew, ray_crew
from edgecompress.attacks.diffs import share_changed, word_count, word_diff
from edgecompress.attacks.outcomes import Kind, Outcome
from edgecompress.attacks.preparing import Drawn, Room, drawn_rows, methods_of, target_of
from edgecompress.checks.shares import Hits, Place, difference, share
from edgecompress.core.case import Case, Contestant, FloatArray, decision_name, decisions
from edgecompress.core.errors import MeasureError
from edgecompress.core.exhibit import Exhibit, Finding
from edgecompress.core.intervals import bootstrap_mean, mean_method
from edgecompress.core.measurement import Measurement
from edgecompress.core.texts import Text
from edgecompress.recipe.attacking import REDUCTION, WORD_LISTS, Attack, AttackRecipe

MOST_SHOWN = 8
MOST_LEFT_OUT = 0.05  # share of the rows that TextAttack may fail on


@dataclass(frozen=True)
class _Side:
    """One model and what an attack made of the rows; whatever it changed was asked once more."""

    rows: Drawn
    outcomes: tuple[Outcome, ...]
    before: FloatArray  # [n, classes], logits on the rows
    after: FloatArray  # [n, classes], on the rows as the attack left them

    def ended(self, *kinds: Kind) -> Hits:
        """Rows with such an outcome."""
        return np.array([outcome.kind in kinds for outcome in self.outcomes])

    @property
    def right(self) -> Hits:
        """Rows that are answered rightly as the attack left them."""
        return np.equal(decisions(self.after), self.rows.labels)

    @property
    def survived(self) -> Hits:
        """Rows that were answered rightly, and still are."""
        return self.right & ~self.ended("skipped")

    @property
    def fell(self) -> Hits:
        """Rows that changed their answer, and did so again when asked again."""
        return ~self.right & self.ended("succeeded")

    @property
    def tried(self) -> Hits:
        """Rows that were attacked at all."""
        return self.ended("failed", "succeeded", "reduced")

    def text(self, row: int) -> Text:
        """As the attack left it."""
        left = self.outcomes[row].text
        return self.rows.texts[row] if left is None else left

    def changes(self, chosen: Hits) -> list[tuple[Text, Text]]:
        """Chosen rows as they were and as the attack left them."""
        return [(self.rows.texts[row], self.text(row)) for row in _places(chosen)]

    def only(self, chosen: Hits) -> "_Side":
        """The same for some of the rows."""
        at = np.flatnonzero(chosen)
        outcomes = tuple(self.outcomes[i] for i in at)
        return _Side(self.rows.at(at), outcomes, self.before[at], self.after[at])


@dataclass(frozen=True)
class _Duel:
    """Both models after the same attack, each on its own changed texts."""

    attack: str
    ours: _Side
    teacher: _Side
    transferred: _Side  # the candidate on the texts that were crafted on the teacher
    labels: tuple[str, ...]
    seed: int

    @property
    def place(self) -> Place:
        """What its measurements are called by."""
        return Place(self.ours.rows.role, self.attack)


def measure(case: Case, settings: Attack, crew: Crew | None = None) -> Sequence[Finding]:
    """After-attack accuracy of both, their paired drop, transfer, and what the attacker paid.

    Args:
        case: candidate and teacher.
        settings: which attacks, on which rows.
        crew: who attacks; else one is hired, and gone when the check ends, so that whatever is
            timed after it has the machine to itself.

    Raises:
        DataError: there are fewer rows than asked for.
        MeasureError: a text kills whoever attacks it, or too many cannot be attacked at all.
    """
    found: list[Finding] = []
    with nullcontext(crew) if crew else _crew(case, settings) as hired:
        for recipe, duel in _all_duels(case, settings, hired):
            found += _reduction(duel) if recipe == REDUCTION else _attack(duel)
    return found


def survivors(case: Case, settings: Attack, crew: Crew) -> Iterator[tuple[str, Hits, Hits]]:
    """Row by row, for whoever sets more than two models side by side; raises as `measure`.

    Args:
        case: one of the models, and the teacher.
        settings: which attacks, on which rows.
        crew: who attacks; the same one for all models, since each takes seconds to start.

    Yields:
        The name of each attack, and which of the rows candidate and teacher still answer rightly.
    """
    for _, duel in _all_duels(case, settings, crew):
        yield duel.attack, duel.ours.survived, duel.teacher.survived


def _all_duels(case: Case, settings: Attack, crew: Crew) -> Iterator[tuple[AttackRecipe, _Duel]]:
    for role in settings.roles(case.data):
        rows = drawn_rows(case.data[role], settings.rows, case.seed)
        yield from _duels(case, settings, rows, crew)


def _crew(case: Case, settings: Attack) -> AbstractContextManager[Crew]:
    words = case.sources.place(WORD_LISTS)
    if case.ray_address:
        return ray_crew(case.ray_address, words)
    return local_crew(min(case.workers, settings.rows), words)


def _duels(
    case: Case, settings: Attack, rows: Drawn, crew: Crew
) -> Iterator[tuple[AttackRecipe, _Duel]]:
    campaign = Campaign(rows.labelled, case.seed, crew, case.keep, case.progress)
    room = Room(case.keep, case.progress, case.sources.place)
    ours = target_of(room, "candidate", case.candidate, rows)
    theirs = target_of(room, "teacher", case.teacher, rows)
    for method in methods_of(room, settings, pairs=rows.pairs):
        on_us, on_teacher = campaign.outcomes(method, ours), campaign.outcomes(method, theirs)
        sides = (
            _side(case, case.candidate, rows, on_us),
            _side(case, case.teacher, rows, on_teacher),
            _side(case, case.candidate, rows, on_teacher),
        )
        possible = ~(sides[0].ended("unattackable") | sides[1].ended("unattackable"))
        _require_most(possible, (*on_us, *on_teacher), method.name)
        kept, teacher, transferred = (side.only(possible) for side in sides)
        yield (
            method.recipe,
            _Duel(method.name, kept, teacher, transferred, case.labels, case.seed),
        )


def _side(case: Case, who: Contestant, rows: Drawn, outcomes: tuple[Outcome, ...]) -> _Side:
    before = case.answers(who, rows.role)[rows.places]
    after = before.copy()
    if changed := {o.row: o.text for o in outcomes if o.text is not None}:
        after[list(changed)] = case.answers_to(who, list(changed.values()))
    return _Side(rows, outcomes, before, after)


def _require_most(possible: Hits, outcomes: Sequence[Outcome], attack: str) -> None:
    """A row that TextAttack fails on is nobody's success; a few may be left out."""
    if possible.mean() < 1 - MOST_LEFT_OUT:
        note = next(outcome.note for outcome in outcomes if outcome.kind == "unattackable")
        raise MeasureError(
            f"attack: {attack} cannot be run on {int((~possible).sum())} of {len(possible)} rows, "
            f"allowed {MOST_LEFT_OUT:.0%}; the first says: {note}"
        )


def _attack(duel: _Duel) -> Iterator[Finding]:
    """What survives, on both; names with `teacher` or `transfer` are never limited."""
    ours, teacher, place = duel.ours, duel.teacher, duel.place
    yield replace(share("after_attack_accuracy", ours.survived, place), note=_fates(ours))
    yield difference("after_attack_drop", teacher.survived, ours.survived, place)
    yield share("teacher_after_attack_accuracy", teacher.survived, place)
    yield share("transfer_accuracy", duel.transferred.right, place)
    if ours.tried.any():
        yield share("attack_success_rate", ours.fell[ours.tried], place)
    yield from _prices(duel)
    if ours.fell.any():
        changed = [share_changed(before, after) for before, after in ours.changes(ours.fell)]
        yield _mean("words_changed", changed, "fraction", duel)
        yield _exhibit(duel, ours.fell)


def _reduction(duel: _Duel) -> Iterator[Finding]:
    """How little of a right text is enough; few words say that the rest was not read."""
    for name, side in (("words_left", duel.ours), ("teacher_words_left", duel.teacher)):
        reduced = side.right & side.ended("reduced")
        if reduced.any():
            left = [word_count(after) for _, after in side.changes(reduced)]
            yield _mean(name, left, "words", duel)
    yield from _prices(duel)
    if (shown := duel.ours.right & duel.ours.ended("reduced")).any():
        yield _exhibit(duel, shown)


def _prices(duel: _Duel) -> Iterator[Measurement]:
    """What an attacker asks of a row, whether or not it falls."""
    if duel.ours.tried.any():
        asked = [duel.ours.outcomes[row].queries for row in _places(duel.ours.tried)]
        yield _mean("queries_mean", asked, "queries", duel)


def _fates(side: _Side) -> str:
    again = int((side.ended("succeeded") & side.right).sum())
    told = {
        "wrong before": int(side.ended("skipped").sum()),
        "fell": int(side.fell.sum()),
        "fell once but not when asked again": again,
        "attack failed": int(side.ended("failed").sum()),
    }
    return ", ".join(f"{what} {count}" for what, count in told.items() if count)


def _places(chosen: Hits) -> list[int]:
    found: list[int] = np.flatnonzero(chosen).tolist()
    return found


def _mean(name: str, values: Sequence[float], unit: str, duel: _Duel) -> Measurement:
    each = np.array(values, dtype=np.float64)
    low, high = bootstrap_mean(each, duel.seed)
    method = mean_method(duel.seed)
    mean, place = float(each.mean()), duel.place
    return Measurement(name, mean, low, high, unit, len(each), method, place.role, part=place.part)


def _exhibit(duel: _Duel, chosen: Hits) -> Exhibit:
    """The least changed first: those are the ones a reader would not have noticed."""
    side, role = duel.ours, duel.ours.rows.role
    shares = {row: share_changed(side.rows.texts[row], side.text(row)) for row in _places(chosen)}
    shown = sorted(shares, key=lambda row: (shares[row], row))[:MOST_SHOWN]
    rows = [_example(side, row, duel.labels) for row in shown]
    title = f"Texts that {duel.attack} changed, on {role}"
    return Exhibit("adversarial", title, role, {"attack": duel.attack, "rows": rows})


def _example(side: _Side, row: int, labels: tuple[str, ...]) -> dict[str, Any]:
    truth = int(side.rows.labels[row])
    before, after = decisions(side.before[[row]])[0], decisions(side.after[[row]])[0]
    return {
        "origin": side.rows.origins[row],
        "label": labels[truth],
        "from": decision_name(before, labels),
        "to": decision_name(after, labels),
        "queries": side.outcomes[row].queries,
        "score_before": _score(side.before[row], truth),
        "score_after": _score(side.after[row], truth),
        "diff": [list(piece) for piece in word_diff(side.rows.texts[row], side.text(row))],
    }


def _score(logits: FloatArray, truth: int) -> float:
    """Probability of the true label; 0 where the answer is not a number."""
    if not np.isfinite(logits).all():
        return 0.0
    return float(softmax(logits.astype(np.float64))[truth])
