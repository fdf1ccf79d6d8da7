"""A made-up report of a gate with everything in it: six checks, three attacks, forty slices."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from edgecompress.core.exhibit import Exhibit
from edgecompress.core.gate import GateReport, Limit, Verdict
from edgecompress.core.measurement import Measurement
from edgecompress.core.report import RunReport

ATTACKS = ("deepwordbug", "pwws", "textbugger@100")
COLUMNS = {"country": 25, "length": 4, "source": 9, "label": 2}  # forty slices
TEXT = "a film that never quite finds the courage of its own quiet convictions, but"


def part_of(part: str, name: str, value: float, spread: float, n: int = 200) -> Measurement:
    low, high = max(-1.0, value - spread), min(1.0, value + spread)
    return Measurement(name, value, low, high, "fraction", n, "wilson, 95 %", "test", part=part)


def slices() -> list[tuple[str, float, int]]:
    """Name, accuracy and rows of each slice, the worst first."""
    names = [f"{column} = {k}" for column, count in COLUMNS.items() for k in range(count)]
    found = [(name, 0.70 + 0.006 * k, 20 + 17 * k) for k, name in enumerate(names)]
    assert len(found) == 40
    return found


def attack_verdicts() -> Iterator[Verdict]:
    for k, attack in enumerate(ATTACKS):
        after = part_of(attack, "after_attack_accuracy", 0.31 - 0.08 * k, 0.06)
        yield Verdict.of("attack", after, None)
        drop = part_of(attack, "after_attack_drop", 0.01 + 0.02 * k, 0.035)
        yield Verdict.of("attack", drop, Limit(at_most=0.08))
        yield Verdict.of("attack", part_of(attack, "attack_success_rate", 0.6, 0.07), None)
        yield Verdict.of("attack", part_of(attack, "transfer_accuracy", 0.66, 0.06), None)
        queries = Measurement(
            "attack_queries", 35.2, 33.9, 36.6, "queries", 200, "bootstrap", "test", part=attack
        )
        yield Verdict.of("attack", queries, None)


def slice_verdicts() -> Iterator[Verdict]:
    floor = Limit(at_least=0.6, rows=30)
    for name, accuracy, n in slices():
        spread = 1.0 / n**0.5
        yield Verdict.of("slices", part_of(name, "slice_accuracy", accuracy, spread, n), floor)
        drop = part_of(name, "slice_accuracy_drop", 0.01, spread, n)
        yield Verdict.of("slices", drop, Limit(at_most=0.3, rows=30))
        yield Verdict.of("slices", part_of(name, "slice_label_loyalty", 0.9, spread, n), None)


def shift_verdicts() -> Iterator[Verdict]:
    for role in ("ood/tweets", "ood/amazon"):
        seen = part_of("", "ood_accuracy", 0.74, 0.02, 3432)
        yield Verdict.of("shift", replace(seen, data=role), None)
        gap = part_of("", "ood_drop", 0.021, 0.012, 3432)
        yield Verdict.of("shift", replace(gap, data=role), Limit(at_most=0.05))
    ece = part_of("", "expected_calibration_error", 0.041, 0.009, 2015)
    yield Verdict.of("calibration", ece, Limit(at_most=0.06))


def adversarial(attack: str) -> dict[str, Any]:
    row = {
        "origin": "movie-snippets.csv:1204",
        "label": "positive",
        "from": "positive",
        "to": "negative",
        "queries": 41,
        "score_before": 0.97,
        "score_after": 0.42,
        "diff": [
            ["same", TEXT],
            ["gone", "enjoyable"],
            ["new", "enjoyab1e"],
            ["same", "all the same, and"],
            ["gone", "often"],
            ["same", "funny <b>too</b>"],
        ],
    }
    return {"attack": attack, "rows": [row] * 8}


def reliability(shift: float) -> list[dict[str, Any]]:
    """Fifteen bins; the lowest three are empty."""
    bins: list[dict[str, Any]] = []
    for k in range(15):
        sure = 0.5 + k / 30 + 1 / 60
        some = k > 2
        bins.append(
            {
                "low": 0.5 + k / 30,
                "high": 0.5 + (k + 1) / 30,
                "n": 4 * k * k if some else 0,
                "confidence": sure if some else None,
                "accuracy": min(1.0, sure - shift) if some else None,
            }
        )
    return bins


def coverage(floor: float) -> list[list[float]]:
    return [[1 - k / 50, floor + (1 - floor) * (k / 50) ** 0.7] for k in range(50)]


def latencies() -> dict[str, Any]:
    edges = [0.4 * 1.12**k for k in range(33)]
    return {
        "edges": edges,
        "ours": [0, 4, 31, 88, 96, 44, 21, 9, 4, 2, 1] + [0] * 21,
        "teacher": [0] * 21 + [2, 11, 49, 97, 81, 38, 14, 6, 1, 1, 0],
    }


def exhibits() -> Iterator[Exhibit]:
    labels = ["negative", "positive"]
    squares = {"ours": [[834, 176], [156, 849]], "teacher": [[851, 159], [168, 837]]}
    yield Exhibit("confusion", "Confusion on test", "test", {"labels": labels, **squares})
    flips = {"origin": "movie-snippets.csv:7", "text": TEXT, "label": "positive"}
    flipped = {**flips, "teacher": "positive", "ours": "negative"}
    yield Exhibit("texts", "Negative flips on test", "test", {"rows": [flipped] * 8})
    columns = [("slice", ""), ("n", "count"), ("accuracy", "fraction"), ("drop", "fraction")]
    table = {
        "columns": [{"name": name, "unit": unit} for name, unit in columns],
        "rows": [[name, n, accuracy, 0.01] for name, accuracy, n in slices()],
    }
    yield Exhibit("table", "All slices of test, the worst first", "test", table)
    for attack in ATTACKS:
        yield Exhibit("adversarial", f"{attack} on test", "test", adversarial(attack))
    bins = {"ours": reliability(0.06), "teacher": reliability(-0.02)}
    yield Exhibit("reliability", "Reliability on test", "test", bins)
    curves = {"ours": coverage(0.83), "teacher": coverage(0.85)}
    yield Exhibit("coverage", "Accuracy by coverage on test", "test", curves)
    yield Exhibit("latency", "Latency on test", "test", latencies())
    yield Exhibit("unheard-of", "Something new", "test", {"weather": {"wind": 3, "rain": False}})


def filled(report: RunReport) -> RunReport:
    """`report` with all that on top."""
    more = (*attack_verdicts(), *shift_verdicts(), *slice_verdicts())
    gate = GateReport((*report.gate.verdicts, *more), tuple(exhibits()))
    return replace(report, gate=gate)
