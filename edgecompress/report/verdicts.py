"""The verdict in words: the first line of every report, and what decides it."""

from collections.abc import Sequence

from edgecompress.core.gate import GateReport, Outcome, Refusal, Verdict
from edgecompress.report.numbers import Scale, distance_text, figures, limit_text, printable
from edgecompress.report.words import title

FEW, MANY = 5, 8  # parts of one measurement that are told at once, where there are more than many
LONGEST_NAME = 120  # characters; the numbers behind a name must still be read
_WHAT_N_COUNTS = {
    "latency": "pairs",
    "size": "starts",
    "bench": "texts",
}  # of every other check: rows
Told = Verdict | Refusal

_WORST_FIRST = (Outcome.BROKEN, Outcome.UNDECIDED, Outcome.HOLDS, Outcome.REPORTED)


def judged(gate: GateReport) -> tuple[Verdict, ...]:
    """The verdicts that a limit was set for, in the order of the recipe."""
    return tuple(v for v in gate.verdicts if v.outcome is not Outcome.REPORTED)


def limited(gate: GateReport) -> tuple[Told, ...]:
    """The same, and the limits on a number that was refused."""
    return (*judged(gate), *(r for r in gate.refusals if r.limit is not None))


def of_outcome(gate: GateReport, outcome: Outcome) -> tuple[Told, ...]:
    """What a limit was set for and came out so."""
    return tuple(v for v in limited(gate) if v.outcome is outcome)


def headline(gate: GateReport) -> str:
    """One sentence that counts, without naming."""
    total = len(limited(gate))
    broken = len(of_outcome(gate, Outcome.BROKEN))
    undecided = len(of_outcome(gate, Outcome.UNDECIDED))
    if not total:
        return "no limit was judged, and an empty gate has shown nothing"
    if broken:
        also = f"; {undecided} more undecided" if undecided else ""
        return f"{broken} of {_limits(total)} {_be(broken)} broken{also}"
    if undecided:
        return f"{undecided} of {_limits(total)} cannot be decided with this much data"
    return f"all {total} limits hold" if total > 1 else "the one limit holds"


def deciding(gate: GateReport) -> tuple[Told, ...]:
    """What makes the verdict what it is: the worst limits, or the closest call if all hold."""
    for outcome in (Outcome.BROKEN, Outcome.UNDECIDED):
        if found := of_outcome(gate, outcome):
            return found
    closest = sorted(judged(gate), key=_room)
    return tuple(closest[:1])


def gathered(verdicts: Sequence[Verdict]) -> tuple[tuple[Verdict, ...], tuple[Verdict, ...]]:
    """What is worth a line at once, and the rest, both in the order of the recipe.

    A measurement of many parts, such as slices, would bury all others: all that is broken is told
    at once, and of the others the closest calls.
    """
    groups: dict[tuple[str, str, str], list[int]] = {}
    for place, verdict in enumerate(verdicts):
        m = verdict.measured
        groups.setdefault((verdict.check, m.name, m.data), []).append(place)
    first: set[int] = set()
    for places in groups.values():
        worst = sorted(places, key=lambda place: urgency(verdicts[place]))
        broken = sum(verdicts[place].outcome is Outcome.BROKEN for place in places)
        few = FEW if len(places) > MANY else len(places)
        first |= set(worst[: max(broken, few)])
    shown = tuple(v for place, v in enumerate(verdicts) if place in first)
    return shown, tuple(v for place, v in enumerate(verdicts) if place not in first)


def urgency(verdict: Verdict) -> tuple[int, float]:
    """Smaller for what decides sooner: by outcome, then by how close a call it is."""
    return _WORST_FIRST.index(verdict.outcome), _room(verdict)


def _room(verdict: Verdict) -> float:
    """Distance of the nearer bound from the limit, as a share of that of the farther one."""
    if verdict.limit is None:
        return 1.0
    m, limit = verdict.measured, verdict.limit.value
    near, far = sorted((abs(m.low - limit), abs(m.high - limit)))
    return near / far if far else 0.0


def name_of(told: Told) -> str:
    """What was measured, of which part, and on which rows: `label loyalty on test`."""
    m = told.measured if isinstance(told, Verdict) else told.refused
    part = f" ({m.part})" if m.part else ""
    where = f" on {m.data}" if m.data else ""
    return printable(title(m.name) + part + where, LONGEST_NAME)


def reason(told: Told) -> str:
    """Why the outcome is what it is, and what would change it."""
    if isinstance(told, Refusal):
        return f"no number can be given: {printable(told.refused.why)}"
    match told.outcome:
        case Outcome.HOLDS:
            return f"{distance_text(told)} to spare"
        case Outcome.BROKEN:
            return f"the whole interval is beyond the limit, by {distance_text(told)}"
        case Outcome.UNDECIDED:
            return f"{_why_open(told)}; {_what_would_decide(told)}"
        case _:
            return ""


def sentence(told: Told) -> str:
    """Everything about a verdict in one line, for whoever reads nothing else."""
    if isinstance(told, Refusal):
        limit = f"limit {refused_limit(told)}: " if told.limit else ""
        return f"{name_of(told)}: {limit}{reason(told)}"
    shown = figures(told.measured, told.limit)
    interval = f" ({shown.interval})" if shown.interval else ""
    counted = f", n {shown.n}" if shown.n else ""
    numbers = f"{name_of(told)}: {shown.value}{interval}{counted}, limit {shown.limit}"
    return f"{numbers}: {reason(told)}"


def refused_limit(refusal: Refusal) -> str:
    """The limit on a number that was not given, and so has no unit; "" without one."""
    return limit_text(refusal.limit, Scale(1, 0, "")) if refusal.limit else ""


def _why_open(verdict: Verdict) -> str:
    least = verdict.limit.rows if verdict.limit else 1
    if verdict.measured.n < least:
        return f"fewer than {least:,} rows decide nothing"
    return "the interval contains the limit"


def _what_would_decide(verdict: Verdict) -> str:
    what = _WHAT_N_COUNTS.get(verdict.check, "rows")
    if (needed := verdict.rows_needed()) is None:
        return f"the value is so close to it that no reasonable number of {what} decides"
    return f"about {needed:,} {what} would decide it, {verdict.measured.n:,} were used"


def _limits(count: int) -> str:
    return f"{count} limits" if count > 1 else "1 limit"


def _be(count: int) -> str:
    return "are" if count > 1 else "is"
