"""What the demonstration of `search` came to, as a section of benchmarks/README.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DEMO = "search-demo"
MOST_LOST = 0.02  # of accuracy
NAMES = {
    "winner": "winner of evolution",
    "plain": "plain student, no faster",
    "random": "winner of random search",
    "teacher": "teacher",
}
Found = Mapping[str, Any]


def markdown(found: Found) -> str:
    """Verdict first; then who they are, and every difference with its interval."""
    return "\n".join(
        [*_verdicts(found), "", *_models(found), "", *_differences(found), _searches(found)]
    )


def write_section(page: Path, told: str, name: str = DEMO) -> None:
    """Replace what the last run has written between the marks, and leave the rest of the page."""
    text, (begin, end) = page.read_text(encoding="utf-8"), marks(name)
    before, after = text.split(begin)[0], text.split(end)[1]
    page.write_text(f"{before}{begin}\n{told}{end}{after}", encoding="utf-8")


def marks(name: str) -> tuple[str, str]:
    """What a section that is written by a program stands between."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def said(one: Found) -> str:
    """What an interval of a difference says."""
    if one["low"] > 0:
        return "more"
    return "less" if one["high"] < 0 else "undecided"


def _verdicts(found: Found) -> list[str]:
    """Against the plain student and random search, in sentences."""
    by_pair = {(d["second"], d["measure"]): d for d in found["differences"]}
    attacks = [measure for other, measure in by_pair if other == "plain" and measure != "accuracy"]
    lines = []
    for other in ("plain", "random"):
        each = [said(by_pair[other, attack]) for attack in attacks]
        told = _together(attacks, each)
        if found["models"][other] == found["models"]["winner"]:
            told = "it is the same student"
        lines.append(f"- Under attack against the {NAMES[other]}: {told}.")
    lost = by_pair["plain", "accuracy"]
    held = (
        "at most 2 points are lost"
        if lost["low"] >= -MOST_LOST
        else ("more than 2 points are lost" if lost["high"] < -MOST_LOST else "undecided")
    )
    lines.append(f"- Accuracy against the plain student: {points(lost)}: {held}.")
    return lines


def _together(attacks: Sequence[str], each: Sequence[str]) -> str:
    if set(each) == {"more"}:
        return f"more right answers after every attack ({', '.join(attacks)})"
    told = (f"{what} after {attack}" for attack, what in zip(attacks, each, strict=True))
    return f"not beaten under every attack: {', '.join(told)}"


def _models(found: Found) -> list[str]:
    measures = list(found["values"]["winner"])
    head = ["", "made of", "ms", "parameters", *(measure(one) for one in measures)]
    rows = []
    for name, values in found["values"].items():
        model = found["models"].get(name, {})
        cost = (
            [f"{model['latency_ms']:.2f}", f"{model['params'] / 1e6:.1f} M"] if model else ["", ""]
        )
        shares = (spread(values[measure]) for measure in measures)
        rows.append([NAMES[name], model.get("made_of", ""), *cost, *shares])
    return table(head, rows, left=2)


def spread(values: Sequence[float]) -> str:
    """Mean over seeds, and from the lowest to the highest."""
    mean = f"{100 * sum(values) / len(values):.1f} %"
    low, high = min(values), max(values)
    return mean if low == high else f"{mean} ({100 * low:.1f} to {100 * high:.1f})"


def _differences(found: Found) -> list[str]:
    rows = [
        [
            NAMES[one["second"]],
            measure(one["measure"]),
            points(one),
            f"{one['rows']:,} x {len(one['by_seed'])}",
            said(one),
        ]
        for one in found["differences"]
    ]
    head = ["winner minus", "measure", "points, 95 % interval", "rows x seeds", "winner has"]
    return table(head, rows, left=2)


def points(one: Found) -> str:
    value, low, high = (f"{100 * one[key]:+.1f}" for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def measure(name: str) -> str:
    return name if name == "accuracy" else f"right after {name}"


def _searches(found: Found) -> str:
    told = (
        f"{name} tried {one['students']} students ({one['failed']} failed), "
        f"{one['seconds_of_work'] / 60:.0f} minutes of work by {one['workers']} at once, and its "
        f"front beats {100 * one['hypervolume']:.1f} % of the box"
        for name, one in found["searches"].items()
    )
    machine = found["environment"]["cpu"]
    return f"\n{'; '.join(told)}. {machine}; this run took {found['minutes']:.0f} minutes.\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> list[str]:
    marks = ["---" if place < left else "--:" for place in range(len(head))]
    return [f"| {' | '.join(line)} |" for line in (head, marks, *rows)]
