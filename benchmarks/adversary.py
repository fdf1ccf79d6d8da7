"""What an adversary does to one student: the same network, learnt with it and without.

    python benchmarks/adversary.py [--store DIR] [--radius 0.2] [--seeds 3]

The student, its data and the attacks are those of recipes/search-demo.yaml, without any search.
Both are trained for as many epochs from several seeds, exported, quantized, and attacked through
the runtime on rows that none has seen. They are equally fast, since they are the same graph with
other weights. What is finished is found again: a run that was stopped goes on with the same
command.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: idle threads would spin
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # `benchmarks` is no installed package

from benchmarks.judge import Stages, compared, differences  # noqa: E402  (after the lines above)
from benchmarks.search_table import measure, points, spread, table, write_section  # noqa: E402
from edgecompress.cli.console import console  # noqa: E402
from edgecompress.recipe.reading import read_recipe  # noqa: E402
from edgecompress.runtime.machine import environment  # noqa: E402
from edgecompress.store.sealing import write_durably  # noqa: E402
from edgecompress.workflow.candidates import Frame, as_json  # noqa: E402
from edgecompress.workflow.workspace import Workspace  # noqa: E402

NAME = "adversary"
WITH, WITHOUT = "with an adversary", "without"


def students_of(frame: Frame, radius: float) -> dict[str, Stages]:
    """The recipe's own, with and without."""
    recipe = frame.run.file.recipe
    assert recipe.search is not None, "a frame is that of a search"
    own = recipe.stages[recipe.search.student]
    return {
        name: as_json([own.model_copy(update={"adversarial_radius": reach})])
        for name, reach in ((WITHOUT, 0.0), (WITH, radius))
    }


def markdown(found: Mapping[str, Any]) -> str:
    """Shares of each, then what the adversary adds."""
    measures = list(found["values"][WITH])
    rows = [
        [name, *(spread(values[one]) for one in measures)]
        for name, values in found["values"].items()
    ]
    told = {one["measure"]: points(one) for one in found["differences"]}
    rows.append(["points more with it, 95 % interval", *(told[one] for one in measures)])
    seeds = len(found["values"][WITH][measures[0]])
    counts = ", ".join(f"{one['rows']:,} ({one['measure']})" for one in found["differences"])
    lines = table(["", *(measure(one) for one in measures)], rows, left=1)
    last = f"Radius {found['radius']}, {seeds} trainings each; rows: {counts}"
    return "\n".join([*lines, "", f"{last}. {found['environment']['cpu']}.", ""])


def main() -> None:
    """Train, attack and tell."""
    asked = _asked()
    ws = Workspace.open(asked.store, console(quiet=False, color=False))
    file = read_recipe(HERE.parent / "recipes" / "search-demo.yaml")
    frame = Frame.made(file, ws)
    right = compared(frame, ws, students_of(frame, asked.radius), asked.seeds)
    told = differences(right, [(WITH, WITHOUT)])
    found = {
        "recipe": {"name": file.recipe.name, "digest": file.digest},
        "radius": asked.radius,
        "values": {
            name: {one: [float(each[one].mean()) for each in by_seed] for one in by_seed[0]}
            for name, by_seed in right.items()
        },
        "differences": told,
        "environment": environment(),
    }
    print(markdown(found))
    asked.out.mkdir(parents=True, exist_ok=True)
    write_durably(asked.out / f"{NAME}.json", json.dumps(found, indent=1) + "\n")
    if asked.out == HERE / "results":
        write_section(HERE / "README.md", markdown(found), NAME)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", type=Path, help="else the user's")
    parser.add_argument("--radius", type=float, default=0.2, help="of the adversary")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
