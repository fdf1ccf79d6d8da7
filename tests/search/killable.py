"""A search in a process of its own, with real workers that train nothing: something to kill.

    python -m tests.search.killable FOLDER

It writes FOLDER/search.jsonl, then FOLDER/outcome.json. With `--work` it is one of the workers.
"""

import json
import sys
import time
from pathlib import Path

from edgecompress.core.pool import Pool
from edgecompress.core.progress import Silent
from edgecompress.search.evaluations import Evaluations
from edgecompress.store.record import Journal
from tests.search.toys import Workers, course, run

TRAINING_S = 0.02
COMMAND = (sys.executable, "-m", "tests.search.killable", "--work")


def search(folder: Path) -> None:
    """36 trainings and as many attacks, by two workers."""
    with Pool(2, COMMAND, {"PYTHONPATH": ":".join(sys.path)}, folder) as pool:
        made = course(folder, pool, budget={"evaluations": 36})
        made.evaluations = Evaluations(Journal(folder / "search.jsonl"), pool, Silent())
        run(made)
    found = [[one.name, one.generation, one.found] for one in made.students]
    front = [one.name for one in made.front()]
    (folder / "outcome.json").write_text(json.dumps([front, found]))


def work() -> None:
    """As the workers of a search do."""
    for line in sys.stdin:
        time.sleep(TRAINING_S)
        ((_, reply),) = Workers().work([json.loads(line)])
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    work() if sys.argv[1] == "--work" else search(Path(sys.argv[1]))
