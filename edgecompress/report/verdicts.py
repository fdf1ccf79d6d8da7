"""The verdict in words: the first line of every report, and what decides it."""

from edgecompress.core.gate import GateReport, Outcome, Verdict
from edgecompress.report.numbers import distance_text, figures, printable
from edgecompress.report.words import title

LONGEST_NAME = 120  # characters; the numbers behind a name must still be read
_WHAT_N_COUNTS = {"latency": "pairs", "size": "starts"}  # of every other check: rows


def judged(gate: GateReport) -> tuple[Verdict, ...]:
    """The verdicts that a limit was set for, in the order of the recipe."""
    return tuple(v for v in gate.verdicts if v.outcome is not Outcome.REPORTED)


def of_outcome(gate: GateReport, outcome: Outcome) -> tuple[Verdict, ...]:
    """The verdicts with this outcome, in the order of the recipe."""
    return tuple(v for v in gate.verdicts if v.outcome is outcome)


def headline(gate: GateReport) -> str:
    """One sentence that counts, without naming."""
    total = len(judged(gate))
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


def deciding(gate: GateReport) -> tuple[Verdict, ...]:
    """What makes the verdict what it is: the worst limits, or the closest call if all hold."""
    for outcome in (Outcome.BROKEN, Outcome.UNDECIDED):
        if found := of_outcome(gate, outcome):
            return found
    closest = sorted(judged(gate), key=_room)
    return tuple(closest[:1])


def _room(verdict: Verdict) -> float:
    """Distance of the nearer bound from the limit, as a share of that of the farther one."""
    if verdict.limit is None:
        return 1.0
    m, limit = verdict.measured, verdict.limit.value
    near, far = sorted((abs(m.low - limit), abs(m.high - limit)))
    return near / far if far else 0.0


def name_of(verdict: Verdict) -> str:
    """What was measured, of which part, and on which rows: `label loyalty on test`."""
    m = verdict.measured
    part = f" ({m.part})" if m.part else ""
    where = f" on {m.data}" if m.data else ""
    return printable(title(m.name) + part + where, LONGEST_NAME)


def reason(verdict: Verdict) -> str:
    """Why the outcome is what it is, and what would change it."""
    match verdict.outcome:
        case Outcome.HOLDS:
            return f"{distance_text(verdict)} to spare"
        case Outcome.BROKEN:
            return f"the whole interval is beyond the limit, by {distance_text(verdict)}"
        case Outcome.UNDECIDED:
            return f"the interval contains the limit; {_what_would_decide(verdict)}"
        case _:
            return ""


def sentence(verdict: Verdict) -> str:
    """Everything about a verdict in one line, for whoever reads nothing else."""
    m = verdict.measured
    shown = figures(m, verdict.limit)
    interval = f" ({shown.interval})" if shown.interval else ""
    counted = f", n {shown.n}" if shown.n else ""
    told = f"{name_of(verdict)}: {shown.value}{interval}{counted}, limit {shown.limit}"
    return f"{told}: {reason(verdict)}"


def _what_would_decide(verdict: Verdict) -> str:
    what = _WHAT_N_COUNTS.get(verdict.check, "rows")
    if (needed := verdict.rows_needed()) is None:
        return f"the value is so close to it that no reasonable number of {what} decides"
    return f"about {needed:,} {what} would decide it, {verdict.measured.n:,} were used"


def _limits(count: int) -> str:
    return f"{count} limits" if count > 1 else "1 limit"


def _be(count: int) -> str:
    return "are" if count > 1 else "is"
