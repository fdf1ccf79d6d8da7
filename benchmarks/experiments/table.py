"""The table of all claims in benchmarks/README.md, made of the result files."""

import json
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- papers: begin -->", "<!-- papers: end -->"
HEAD = (
    "| test | setting | claim | paper | here | 95 % interval | rows x seeds | verdict |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


def write_table(results: Path, readme: Path) -> None:
    """Put the table between its two marks, and leave the rest of the page."""
    claims: list[dict[str, Any]] = []
    for file in sorted(results.glob("papers-*.json")):
        claims += json.loads(file.read_text(encoding="utf-8"))["claims"]
    ordered = sorted(claims, key=lambda claim: (claim["test"], claim["says"], claim["setting"]))
    text = readme.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    table = HEAD + "".join(map(row, ordered))
    readme.write_text(f"{before}{BEGIN}\n{table}{END}{after}", encoding="utf-8")


def row(claim: dict[str, Any]) -> str:
    """One claim; shares in points of a hundred, with their sign."""
    if claim["unit"] == "share":
        value, low, high = (f"{100 * claim[key]:+.1f}" for key in ("value", "low", "high"))
    else:
        value, low, high = (f"{claim[key]:.2f}" for key in ("value", "low", "high"))
    cells = [
        str(claim["test"]),
        claim["setting"],
        claim["says"],
        claim["paper"],
        value,
        f"[{low}, {high}]",
        f"{claim['n']:,} x {claim['seeds']}",
        claim["verdict"] + (f" ({claim['refused']})" if claim["refused"] else ""),
    ]
    return f"| {' | '.join(cells)} |\n"
