"""An attack on many rows: the same whoever works, and after any death."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgecompress.attacks.campaign import Campaign
from edgecompress.attacks.crew import Crew, local_crew
from edgecompress.attacks.method import Method, Target
from edgecompress.attacks.outcomes import FILE
from edgecompress.core.progress import Silent
from edgecompress.store.store import Store
from edgecompress.workflow.keeping import Keeper
from tests.attacks.test_crew import TOY
from tests.fakes import Listener

ROWS = tuple((f"slow {row}", row % 2) for row in range(20))
PWWS = Method("pwws")
TARGET = Target("candidate", "digest", Path("nowhere"))


class Bench:
    """Campaigns in one folder: a store, and a line for every try of every row."""

    def __init__(self, folder: Path, word_lists: Path, listener: Listener | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.word_lists = folder, word_lists
        self.listener = listener or Silent()
        self.store = Store(folder / "store", Silent())
        (folder / "seen").mkdir(exist_ok=True)

    def run(self, workers: int = 1, rows=ROWS, method: Method = PWWS):
        command = [sys.executable, TOY, str(self.folder / "seen")]
        with local_crew(workers, self.word_lists, command) as crew:
            keeper = Keeper(self.store)
            campaign = Campaign(rows, 7, crew, keeper, self.listener)
            return campaign.outcomes(method, TARGET)

    @property
    def bytes(self) -> list[bytes]:
        return [path.read_bytes() for path in self.folder.rglob(FILE) if "objects" in path.parts]

    @property
    def tries(self) -> int:
        return sum(len(p.read_text().split()) for p in (self.folder / "seen").iterdir())


@pytest.fixture
def bench(tmp_path: Path, word_lists: Path) -> Bench:
    return Bench(tmp_path, word_lists)


def test_outcomes_stand_in_the_order_of_the_rows(bench: Bench):
    assert [outcome.row for outcome in bench.run(workers=2)] == list(range(20))


def test_the_number_of_workers_changes_no_byte(tmp_path: Path, word_lists: Path):
    one, two = (Bench(tmp_path / name, word_lists) for name in ("one", "two"))
    one.run(workers=1)
    two.run(workers=2)
    assert one.bytes == two.bytes


def test_the_order_of_the_rows_changes_the_outcome_of_none(bench: Bench):
    there, back = bench.run(), bench.run(rows=ROWS[::-1])
    assert [outcome.text for outcome in back] == [outcome.text for outcome in there[::-1]]


def test_what_was_attacked_before_is_found(bench: Bench):
    first = bench.run()
    assert bench.run() == first
    assert bench.tries == len(ROWS)


@pytest.mark.parametrize("changed", ["rows", "method", "budget"])
def test_another_question_is_asked_anew(bench: Bench, changed: str):
    bench.run()
    rows = ROWS[:5] if changed == "rows" else ROWS
    methods = {"rows": Method("pwws"), "method": Method("deepwordbug"), "budget": Method("pwws", 9)}
    bench.run(rows=rows, method=methods[changed])
    assert bench.tries == len(ROWS) + len(rows)


def test_the_queries_are_told(tmp_path: Path, word_lists: Path):
    listener = Listener()
    Bench(tmp_path, word_lists, listener).run(method=Method("pwws", 100))
    assert listener.tracked == ["pwws@100 on the candidate"]
    assert "20 texts (succeeded 20), 210 queries in" in listener.lines[-1]  # 1 + 2 + ... + 20


KILLED = """
import sys
from pathlib import Path
from tests.attacks.test_campaign import Bench
Bench(Path(sys.argv[1]), Path(sys.argv[2])).run(workers=2)
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_attack_goes_on_where_it_was(
    tmp_path: Path, word_lists: Path, repository: Path, seed: int
):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    killed.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(killed), str(word_lists)],
        cwd=repository,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # what a kill leaves behind
    )
    wanted = random.Random(seed).randint(1, 15)
    until = time.monotonic() + 60
    while len(list(killed.glob("seen/*"))) < wanted and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    bench, other = Bench(killed, word_lists), Bench(whole, word_lists)
    assert bench.run() == other.run()
    assert bench.bytes == other.bytes
    assert len(ROWS) <= bench.tries <= len(ROWS) + 2  # two were under way


def test_a_torn_line_of_the_journal_is_dropped(bench: Bench, monkeypatch):
    # a kill leaves the journal, whose last line may be half written; so does this error
    with pytest.raises(KeyboardInterrupt):
        bench_run_interrupted(bench, monkeypatch, after=4)
    (journal,) = bench.folder.rglob("journal.jsonl")
    with journal.open("r+b") as file:
        file.truncate(journal.stat().st_size - 9)
    assert len(bench.run()) == len(ROWS)


def bench_run_interrupted(bench: Bench, monkeypatch, after: int) -> None:
    real = Crew.work

    def work(self, tasks):
        for number, reply in enumerate(real(self, tasks)):
            yield reply
            if number + 1 == after:
                raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Crew, "work", work)
        bench.run()
