"""summary.md: the report for a CI job page or a comment on a change."""

from collections.abc import Iterable, Sequence

from edgecompress.core.gate import GateReport, Outcome, Refusal, Verdict
from edgecompress.core.report import RunReport, StageRecord
from edgecompress.report.claims import limits_of_claim
from edgecompress.report.difficulty import KIND as DIFFICULTY
from edgecompress.report.difficulty import difficulty_counts, difficulty_finding
from edgecompress.report.digest import digest, escape, table
from edgecompress.report.fallback import fallbacks
from edgecompress.report.fooling import foolings
from edgecompress.report.numbers import duration, fact, figures, printable, scale_of
from edgecompress.report.verdicts import (
    deciding,
    gathered,
    headline,
    name_of,
    reason,
    refused_limit,
)

LONGEST = 65_000  # characters: what comments on the usual code hosts take
ICONS = {
    Outcome.HOLDS: "✅",
    Outcome.BROKEN: "❌",
    Outcome.UNDECIDED: "❓",
    Outcome.REPORTED: "▫️",
}
STAGE_METRICS = {  # name -> head of its column
    "accuracy": "accuracy:",
    "easy_accuracy": "on easy texts:",
    "hard_accuracy": "on hard texts:",
    "label_loyalty": "label loyalty:",
    "size_bytes": "size:",
    "latency_p50_ms": "median latency:",
}
WHERE_KNOWN = {"easy_accuracy", "hard_accuracy"}  # the others have a column in any case
HEAD = ("outcome", "measurement", "value:", "interval:", "limit:", "n:")


def summary(report: RunReport) -> str:
    """Verdict, gate table, stages, and the rest folded away; headings start at the third level."""
    parts = [
        _verdict(report),
        gate_table(report.gate),
        digest(report.gate.exhibits),
        _stages(report),
        _details(report),
    ]
    text = "\n\n".join(part for part in parts if part) + "\n"
    if len(text) <= LONGEST:
        return text
    note = "\n\nThe rest is left out here; report.json and report.html hold all of it.\n"
    kept = text[: LONGEST - len(note)]
    return kept[: kept.rfind("\n")] + note


def gate_table(gate: GateReport) -> str:
    """Every measurement, judged ones first; of many parts only those worth a line at once."""
    first, rest = gathered(sorted(gate.verdicts, key=lambda v: v.limit is None))
    rows = [*map(_row, first), *map(_refused_row, gate.refusals)]
    left_out = f"And {len(rest)} more parts, which report.json holds." if rest else ""
    return "\n\n".join(p for p in (table(HEAD, rows) if rows else "", left_out) if p)


def _row(verdict: Verdict) -> list[str]:
    shown = figures(verdict.measured, verdict.limit)
    return [
        f"{ICONS[verdict.outcome]} {verdict.outcome.value}",
        escape(name_of(verdict)),
        shown.value,
        shown.interval or "exact",
        shown.limit or "–",
        shown.n or "–",
    ]


def _refused_row(refusal: Refusal) -> list[str]:
    outcome = f"{ICONS[refusal.outcome]} {refusal.outcome.value}"
    limit = refused_limit(refusal) or "–"
    return [outcome, escape(name_of(refusal)), "no number", escape(refusal.refused.why), limit, "–"]


def _verdict(report: RunReport) -> str:
    outcome = report.gate.outcome
    lines = [
        f"### {ICONS[outcome]} {escape(report.recipe_name)}: {outcome.upper()}",
        f"{headline(report.gate).capitalize()}.",
        "\n".join(
            f"- {escape(name_of(v))}: {escape(reason(v), 500)}" for v in deciding(report.gate)[:10]
        ),
    ]
    return "\n\n".join(line for line in lines if line)


def _stages(report: RunReport) -> str:
    if not report.stages:
        return ""
    measured = {m.name for stage in report.stages for m in stage.metrics}
    shown = [name for name in STAGE_METRICS if name in measured or name not in WHERE_KNOWN]
    head = ("stage", "time:", *(STAGE_METRICS[name] for name in shown))
    rows = [[escape(s.kind), _time(s), *_metrics(s, shown)] for s in report.stages]
    found = [
        *_difficulties(report.stages),
        *_foolings(report.stages),
        *_fallbacks(report.stages),
    ]
    return "\n\n".join(["#### Stages", table(head, rows), *found])


def _difficulties(stages: Sequence[StageRecord]) -> Iterable[str]:
    for stage in stages:
        if stage.kind == DIFFICULTY:
            counts = escape(difficulty_counts(stage.facts), 500)
            finding = escape(difficulty_finding(stage.facts), 1000)
            yield f"Difficulty of the training texts: {finding} From easy to hard: {counts}."


def _foolings(stages: Sequence[StageRecord]) -> Iterable[str]:
    for found in foolings(stages):
        yield f"Training texts that fooled the model: {escape(found.finding, 1000)}"


def _fallbacks(stages: Sequence[StageRecord]) -> Iterable[str]:
    for found in fallbacks(stages):
        yield f"Operators left floating: {escape(found.finding, 1000)}"
        if found.sheet:
            head = [escape(h.name) + ":" * h.number for h in found.sheet.head]
            yield table(head, [[escape(cell) for cell in row] for row in found.sheet.rows])


def _time(stage: StageRecord) -> str:
    return duration(stage.seconds) + (" (from the store)" if stage.cached else "")


def _metrics(stage: StageRecord, names: Iterable[str]) -> list[str]:
    found = {m.name: scale_of(m).write(m.value) for m in stage.metrics if not m.part}
    return [found.get(name, "–") for name in names]


def _details(report: RunReport) -> str:
    blocks = [
        ("How far these numbers reach", [escape(claim, 500) for claim in limits_of_claim(report)]),
        ("Data", [_pair(role, notes) for role, notes in report.data.items()]),
        ("What the stages tell", [_pair(s.kind, s.facts) for s in report.stages]),
        ("Machine", [_pair(name, value) for name, value in report.environment.items()]),
        ("Identity", [f"{name}: `{digest}`" for name, digest in _digests(report)]),
    ]
    return "\n\n".join(
        f"<details><summary>{name}</summary>\n\n"
        + "\n".join(f"- {line}" for line in lines)
        + "\n\n</details>"
        for name, lines in blocks
        if lines
    )


def _pair(name: str, value: object) -> str:
    return f"{escape(name)}: {escape(fact(value), 300)}"


def _digests(report: RunReport) -> list[tuple[str, str]]:
    return [
        ("candidate", printable(report.candidate.digest)),
        ("teacher", printable(report.teacher.digest)),
        ("recipe", printable(report.recipe_digest)),
    ]
