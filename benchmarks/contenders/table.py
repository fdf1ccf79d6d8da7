"""The results as the table of benchmarks/README.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contenders.summary import MOST_FLIPS, best_of_equals

BEGIN, END = "<!-- peers: begin -->", "<!-- peers: end -->"
Found = Mapping[str, Any]


def markdown(found: Found) -> str:
    """Who they are, how fast for each number of threads, and how ours stands to the best equal."""
    parts = [_conditions(found), _contenders(found)]
    for threads in dict.fromkeys(cell["threads"] for cell in found["cells"]):
        cells = [cell for cell in found["cells"] if cell["threads"] == threads]
        parts += [_times(found, cells, threads), _standing(found, cells)]
    return "\n".join([*parts, _failures(found)]).rstrip() + "\n"


def write_between_marks(readme: Path, told: str) -> None:
    """Replace what the last run has written, and leave the rest of the page."""
    text = readme.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n{told}{END}{after}", encoding="utf-8")


def _conditions(found: Found) -> str:
    texts, versions = found["texts"], found["versions"]
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{found['environment']['cpu']}, load {found['load']}; {told}. Texts: {texts['rows']:,}, "
        f"{texts['tokens_p50']} tokens in the middle, {texts['tokens_max']} at most.\n"
    )


def _contenders(found: Found) -> str:
    rows = [
        [
            one["title"],
            _share(one["accuracy"]),
            _share(one["flips"]),
            _share(one["flips_in_batches"]),
            f"{one['bytes'] / 1e6:.1f}",
            f"{one['cold_start_ms'][0]:,.0f}",
            f"{one['peak_rss_bytes'][0] / 1e6:,.0f}",
        ]
        for one in found["contenders"].values()
        if "failed" not in one
    ]
    head = ["", "accuracy", "flips", "flips in batches", "MB", "cold start ms", "peak memory MB"]
    return _table(head, rows)


def _times(found: Found, cells: Sequence[Found], threads: int) -> str:
    """Median wall time of a call; in brackets the CPU time as a multiple of ours."""
    head = [f"ms, {threads} thread{'s' * (threads > 1)}", *(cell["shape"] for cell in cells)]
    names = dict.fromkeys(name for cell in cells for name in cell["of"])
    rows = [
        [found["contenders"][name]["title"], *(_time(cell["of"].get(name)) for cell in cells)]
        for name in names
    ]
    if threads == 1:
        rows.append(["hardware floor", *(_floor(found, cell["shape"]) for cell in cells)])
    return _table(head, rows)


def _time(one: Found | None) -> str:
    if one is None:
        return "–"
    ratio, low, high = one["times_ours"]
    return f"{one['wall_p50_ms'][0]:.2f} ({ratio:.2f}, {low:.2f} to {high:.2f})"


def _floor(found: Found, shape: str) -> str:
    allowed = found["floor"]["of"][shape]
    return f"{max(allowed['arithmetic_ms'], allowed['reading_ms']):.2f}"


def _standing(found: Found, cells: Sequence[Found]) -> str:
    """A line for each shape: the best that decides alike, against ours."""
    lines = []
    for cell in cells:
        if best := best_of_equals(found, cell):
            ratio, low, high = cell["of"][best]["times_ours"]
            lines.append(
                f"- {cell['shape']}: {found['contenders'][best]['title']} takes {ratio:.2f} "
                f"({low:.2f} to {high:.2f}) of our CPU time: {_verdict(low, high)}"
            )
    told = f"Against the fastest with at most {MOST_FLIPS:.1%} label flips:\n"
    return "\n".join([told, *lines, ""]) if lines else ""


def _verdict(low: float, high: float) -> str:
    if low > 1:
        return "ours is faster"
    return "ours is slower" if high < 1 else "no difference is seen"


def _failures(found: Found) -> str:
    lines = [
        f"- {one['title']} is not in the table: `{one['failed']}`"
        for one in found["contenders"].values()
        if "failed" in one
    ]
    return "\n".join([*lines, ""]) if lines else ""


def _share(value: Sequence[float]) -> str:
    """Percent, with the interval."""
    middle, low, high = (100 * one for one in value)
    return f"{middle:.1f} % ({low:.1f} to {high:.1f})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *("--:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
