"""The results as a picture: for each shape, everybody's median wall time with its interval."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.contenders import OURS

COLUMNS = 3
OURS_COLOR, OTHERS_COLOR, FLOOR_COLOR = "#0b6e4f", "#5a5a5a", "#b33"


def draw(found: Mapping[str, Any], file: Path) -> None:
    """Write an SVG of the shapes on the fewest threads; nothing where nothing was timed."""
    fewest = min((cell["threads"] for cell in found["cells"]), default=0)
    cells = [cell for cell in found["cells"] if cell["threads"] == fewest]
    if not cells:
        return
    rows = -(-len(cells) // COLUMNS)
    names = list(cells[0]["of"])
    size = (13, rows * (1.2 + 0.3 * len(names)))
    figure, axes = plt.subplots(rows, COLUMNS, figsize=size, squeeze=False, sharey=True)
    for place, axis in enumerate(axes.flat):
        if place < len(cells):
            _panel(axis, cells[place], found, names)
        else:
            axis.set_visible(False)
    threads = f"{fewest} thread{'s' * (fewest > 1)}"
    figure.suptitle(f"Median wall time of one call, {threads}; dashed: what the hardware allows")
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def _panel(axis: Axes, cell: Mapping[str, Any], found: Mapping[str, Any], names: list[str]) -> None:
    """A dot each, fastest scale first: times differ by tens, so the scale is logarithmic."""
    for place, name in enumerate(names):
        if name in cell["of"]:
            value, *bounds = cell["of"][name]["wall_p50_ms"]
            low, high = bounds or (value, value)
            color = OURS_COLOR if name.startswith(OURS) else OTHERS_COLOR
            axis.errorbar(
                value, place, xerr=[[value - low], [high - value]], fmt="o", color=color, capsize=3
            )
            axis.annotate(f"{value:.2f}", (high, place), (6, -3), textcoords="offset points")
    allowed = found["floor"]["of"][cell["shape"]]
    bound = max(allowed["arithmetic_ms"], allowed["reading_ms"])
    axis.axvline(bound, color=FLOOR_COLOR, linestyle="--", linewidth=1)
    axis.set_xscale("log")
    axis.margins(x=0.3)
    axis.set_title(cell["shape"])
    axis.set_xlabel("ms")
    axis.set_yticks(range(len(names)), [found["contenders"][name]["title"] for name in names])
    axis.set_ylim(len(names) - 0.5, -0.5)
