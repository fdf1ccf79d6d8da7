"""The gate as plain text, for stdout: ASCII, aligned, verdict first."""

from collections.abc import Sequence

from edgecompress.core.gate import Refusal, Verdict
from edgecompress.core.report import ModelFacts, RunReport
from edgecompress.report.numbers import figures, printable
from edgecompress.report.verdicts import gathered, headline, name_of, reason, refused_limit

_HEAD = ("outcome", "measurement", "part", "data", "value", "interval", "limit", "n", "rows needed")
_FLUSH_RIGHT = {"value", "interval", "limit", "n", "rows needed"}
_ASCII = str.maketrans({"≥": ">=", "≤": "<=", "−": "-", "×": "x", "–": "-", "…": "..."})


def text_table(report: RunReport, *, reported: bool = False) -> str:
    """What was judged, with its interval, in the order of the recipe.

    Of a measurement with many parts only what is worth a line at once.

    Args:
        reported: also what was measured without a limit, below the rest.
    """
    judged = [v for v in report.gate.verdicts if v.limit]
    others = [v for v in report.gate.verdicts if not v.limit]
    shown, rest = gathered([*judged, *others] if reported or not judged else judged)
    name = printable(report.recipe_name, 80)
    first = f"{report.gate.outcome.upper()}: {name}: {headline(report.gate)}"
    rows = [*map(_row, shown), *map(_refused_row, report.gate.refusals)]
    why = [f"{name_of(r)}: {reason(r)}" for r in report.gate.refusals]
    more = [f"and {len(rest)} more parts, which report.json holds"] if rest else []
    if judged and others and not reported:
        more.append(f"and {len(others)} measurements without a limit: in the report, or with -v")
    lines = [first, "", *aligned([_HEAD, *rows]), *more, "", *why, _models(report)]
    return in_ascii("\n".join(lines))


def _row(verdict: Verdict) -> tuple[str, ...]:
    shown = figures(verdict.measured, verdict.limit)
    needed = verdict.rows_needed()
    return (
        verdict.outcome.upper() if verdict.limit else verdict.outcome.value,
        printable(verdict.measured.name, 40),
        printable(verdict.measured.part, 40),
        printable(verdict.measured.data, 40),
        shown.value,
        shown.interval,
        shown.limit,
        shown.n,
        f"about {needed:,}" if needed else "",
    )


def _refused_row(refusal: Refusal) -> tuple[str, ...]:
    refused, limit = refusal.refused, refused_limit(refusal)
    names = (printable(name, 40) for name in (refused.name, refused.part, refused.data))
    outcome = refusal.outcome.upper() if refusal.limit else refusal.outcome.value
    return (outcome, *names, "no number", "", limit, "", "")


def in_ascii(text: str) -> str:
    """With the plain signs for those that a log may not know."""
    return text.translate(_ASCII)


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows of equally wide columns, without the columns that are empty below their head."""
    columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
    padded = [_padded([in_ascii(cell) for cell in column]) for column in columns]
    return ["  ".join(cells).rstrip() for cells in zip(*padded, strict=True)]


def _padded(column: Sequence[str]) -> list[str]:
    width = max(map(len, column))
    if column[0] in _FLUSH_RIGHT:
        return [cell.rjust(width) for cell in column]
    return [cell.ljust(width) for cell in column]


def _models(report: RunReport) -> str:
    return f"candidate {_model(report.candidate)}; teacher {_model(report.teacher)}"


def _model(model: ModelFacts) -> str:
    size = f"{model.bytes / 1e6:.1f} MB, {model.params / 1e6:.1f} M parameters"
    return f"{printable(model.name, 80)} ({size})"
