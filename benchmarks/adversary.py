"""What adversaries do to one student: the same network, learnt with them and without.

    python benchmarks/adversary.py [--store DIR] [--radius 0.2] [--seeds 3]

The student, its data and the attacks are those of recipes/search-demo.yaml, without any search.
One adversary pushes the word vectors (`adversarial_radius`), the other has changed texts of train
until they fooled the teacher (`adversarial_examples`), or the student itself, which then learns for
an epoch more, with them. All are trained from several seeds, exported, quantized, and attacked
through the runtime on rows that none has seen. They are equally fast, since they are one graph with
other weights. Examples are more texts, so more steps: a student that learns plainly for an epoch
more stands beside them. What is finished is found again: a run that was stopped goes on with the
same command.
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
from edgecompress.recipe.adversarial import AdversarialExamples  # noqa: E402
from edgecompress.recipe.learning import Student  # noqa: E402
from edgecompress.recipe.reading import read_recipe  # noqa: E402
from edgecompress.recipe.stage import StageSettings  # noqa: E402
from edgecompress.runtime.machine import environment  # noqa: E402
from edgecompress.store.sealing import write_durably  # noqa: E402
from edgecompress.workflow.candidates import Frame, as_json  # noqa: E402
from edgecompress.workflow.workspace import Workspace  # noqa: E402

NAME = "adversary"
PLAIN = "plainly"


def students_of(frame: Frame, radius: float) -> dict[str, Stages]:
    """The recipe's own, `PLAIN` first."""
    recipe = frame.run.file.recipe
    assert recipe.search is not None, "a frame is that of a search"
    own = recipe.stages[recipe.search.student]
    assert isinstance(own, Student), "the recipe was checked"
    looks = next(stage for stage in recipe.stages if isinstance(stage, AdversarialExamples))
    pushed = {"adversarial_radius": radius}
    fooled = {"adversarial_examples": True}
    again = fooled | {"epochs": 1}

    def learnt(**how: Any) -> Student:
        return own.model_copy(update=how)

    ways: dict[str, list[StageSettings]] = {
        PLAIN: [learnt()],
        "an epoch more": [learnt(epochs=own.epochs + 1)],
        "words pushed": [learnt(**pushed)],
        "examples": [learnt(**fooled)],
        "both": [learnt(**pushed, **fooled)],
        "own examples": [learnt(), looks, learnt(**again)],
        "own examples, words pushed": [learnt(**pushed), looks, learnt(**pushed, **again)],
    }
    return {name: as_json(stages) for name, stages in ways.items()}


def markdown(found: Mapping[str, Any]) -> str:
    """Shares of each, then what each way adds to the plain one."""
    measures = list(found["values"][PLAIN])
    head = [measure(one) for one in measures]
    rows = [
        [name, *(spread(values[one]) for one in measures)]
        for name, values in found["values"].items()
    ]
    told = {(one["first"], one["measure"]): one for one in found["differences"]}
    ways = dict.fromkeys(way for way, _ in told)
    more = [[way, *(points(told[way, one]) for one in measures)] for way in ways]
    seeds = len(found["values"][PLAIN][measures[0]])
    counts = ", ".join(f"{told[next(iter(ways)), one]['rows']:,} ({one})" for one in measures)
    last = f"Radius {found['radius']}, {seeds} trainings each; rows: {counts}"
    return "\n".join(
        [
            *table(["learnt", *head], rows, left=1),
            "",
            *table([f"points more than {PLAIN}, 95 % interval", *head], more, left=1),
            "",
            f"{last}. {found['environment']['cpu']}.",
            "",
        ]
    )


def main() -> None:
    """Train, attack and tell."""
    asked = _asked()
    ws = Workspace.open(asked.store, console(quiet=False, color=False))
    file = read_recipe(HERE.parent / "recipes" / "search-demo.yaml")
    frame = Frame.made(file, ws)
    students = students_of(frame, asked.radius)
    right = compared(frame, ws, students, asked.seeds)
    told = differences(right, [(way, PLAIN) for way in students if way != PLAIN])
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
