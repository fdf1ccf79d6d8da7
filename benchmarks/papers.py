"""What the papers claim, tried at small scale with this project's own stages.

    python benchmarks/papers.py --work FOLDER [--data FOLDER] [--seeds 3] [--only NAME ...]
        [--threads N] [--ray-address HOST:PORT]

Every arm is a recipe (FOLDER/recipes) on a 12-layer e5-small teacher, run into FOLDER/store; what
is finished is found again, so a killed run goes on with the same command, and two processes may
share the work. Without --data only the settings run that resources can serve. Each experiment
writes benchmarks/results/papers-NAME.json; the table in benchmarks/README.md is made of them all.

With --ray-address a Ray cluster trains the seeds of an arm at once, one core each. Its nodes see
FOLDER and this checkout at the same paths, and have processors of one kind: then the results are
those of `--threads 1` without a cluster.

The bounds of all claims stand in benchmarks/experiments and were chosen before any figure was seen.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: idle threads would spin

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # `benchmarks` is no installed package

from benchmarks.experiments import rmc, rosita, theseus  # noqa: E402  (after the two lines above)
from benchmarks.experiments.arms import TEACHER, Laboratory, made_by_helper  # noqa: E402
from benchmarks.experiments.bench import Bench  # noqa: E402
from benchmarks.experiments.claims import Claim  # noqa: E402
from benchmarks.experiments.settings import SETTINGS, Places  # noqa: E402
from benchmarks.experiments.table import write_table  # noqa: E402
from edgecompress.core.cluster import Job, connected  # noqa: E402
from edgecompress.core.pool import Executor  # noqa: E402
from edgecompress.core.progress import Silent  # noqa: E402
from edgecompress.data.resources import Resources  # noqa: E402
from edgecompress.runtime.machine import environment  # noqa: E402
from edgecompress.workflow.places import cache_folder  # noqa: E402

RESULTS = Path(__file__).parent / "results"
FIVE = 5  # seeds where the plan asks for five
EIGHT = 8  # where three and their spread decide nothing

Experiment = tuple[str, Callable[[Bench], list[Claim]], int | None]  # setting, claims, seeds

EXPERIMENTS: dict[str, Experiment] = {
    "theseus-sentiment": ("sentiment", theseus.claims, None),
    "theseus-sst2": ("sst2", theseus.claims, None),
    "theseus-fine-tuning-sentiment": ("sentiment", theseus.against_fine_tuning, EIGHT),
    "theseus-fine-tuning-sst2": ("sst2", theseus.against_fine_tuning, EIGHT),
    "theseus-fine-tuning-sst2-large": ("sst2-large", theseus.against_fine_tuning, FIVE),
    "theseus-fine-tuning-cola": ("cola", theseus.against_fine_tuning, FIVE),
    "theseus-fine-tuning-fever": ("fever", theseus.against_fine_tuning, EIGHT),
    "theseus-fine-tuning-fever-large": ("fever-large", theseus.against_fine_tuning, EIGHT),
    "theseus-tuned-fine-tuning-fever-large": (
        "fever-large",
        theseus.against_tuned_fine_tuning,
        EIGHT,
    ),
    "rosita-sentiment": ("sentiment", rosita.claims, None),
    "rosita-sst2": ("sst2", rosita.claims, None),
    "rosita-small-sst2-large": ("sst2-large", rosita.as_small, FIVE),
    "rmc-shortcut": ("shortcut", rmc.claims, FIVE),
    "rmc-controls": ("shortcut", rmc.controls, FIVE),
    "rmc-hardness": ("many-validation-rows", rmc.hardness, None),
    "rmc-fever": ("fever", rmc.claims, None),
    "rmc-qqp": ("qqp", rmc.claims, None),
}


def run(name: str, lab: Laboratory, seeds: int) -> None:
    """Make the arms of one experiment that are missing, and write what they say."""
    _, claims, at_least = EXPERIMENTS[name]
    numbers = tuple(range(1, 1 + max(seeds, at_least or 0)))
    teacher = lab.right(lab.teacher())
    found = claims(Bench(lab, numbers))
    document = {
        "experiment": name,
        "teacher": {"model": TEACHER, "accuracy": round(float(teacher.mean()), 4)},
        "environment": environment(),
        "claims": [claim.as_json() for claim in found],
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (RESULTS / f"papers-{name}.json").write_text(text + "\n", encoding="utf-8")
    for claim in found:
        print(f"{name}: test {claim.test}, {claim.says}: {claim.verdict}", flush=True)


def hired(address: str | None) -> AbstractContextManager[Executor | None]:
    """A cluster that trains arms, where there is one."""
    if address is None:
        return nullcontext()
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    job = Job("papers", made_by_helper, {"PYTHONPATH": os.pathsep.join(paths)})
    return connected(job, address)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for everything made")
    parser.add_argument("--data", type=Path, help="folder of data sets, one folder each")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=EXPERIMENTS, default=list(EXPERIMENTS))
    parser.add_argument("--threads", type=int, help="of a training; all cores if not said")
    parser.add_argument("--ray-address", metavar="HOST:PORT", help="a cluster that trains arms")
    asked = parser.parse_args(arguments)
    places = Places(asked.work.resolve(), Resources(cache_folder(), Silent()), asked.data)
    threads = 1 if asked.ray_address else asked.threads
    with hired(asked.ray_address) as helpers:
        for name in asked.only:
            setting = SETTINGS[EXPERIMENTS[name][0]]
            missing = [
                file
                for file in setting.needs
                if asked.data is None or not (asked.data / file).is_file()
            ]
            if missing:
                print(f"{name}: left out, --data has no {', '.join(missing)}", flush=True)
                continue
            run(name, Laboratory(setting, places, Silent(), threads, helpers), asked.seeds)
    write_table(RESULTS, Path(__file__).parent / "README.md")


if __name__ == "__main__":
    main()
