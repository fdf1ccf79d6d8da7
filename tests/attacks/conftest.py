"""Crews of workers that cannot reach any network, small word lists, models to attack."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from edgecompress.attacks.crew import Crew, local_crew
from edgecompress.attacks.method import Method, Target, seed_of
from edgecompress.attacks.outcomes import Outcome
from edgecompress.core.progress import Silent
from edgecompress.core.texts import Text
from edgecompress.data.resources import Resources
from tests.attacks.small_words import write_word_lists
from tests.attacks.word_models import write_word_model

NO_NETWORK = """
import socket

def refuse(*args, **options):
    raise AssertionError("somebody reached for the network")

socket.socket.__init__ = refuse
socket.getaddrinfo = refuse
"""
SCORES = {
    **dict.fromkeys(("good", "great", "paris", "brilliant"), (0.0, 1.0)),
    **dict.fromkeys(("bad", "awful", "poor"), (1.0, 0.0)),
    "fine": (0.2, 0.0),
    "film": (0.0, 0.1),
}


@pytest.fixture(scope="session")
def word_lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_word_lists(tmp_path_factory.mktemp("nltk"))


@pytest.fixture(scope="session")
def no_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH: who starts with it dies of any socket."""
    folder = tmp_path_factory.mktemp("no_network")
    (folder / "sitecustomize.py").write_text(NO_NETWORK)
    return folder


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small encoder in the place of the real one."""
    return Resources(tmp_path_factory.mktemp("cache"), Silent(), offline=True).folder("tiny-bert")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_word_model(tmp_path_factory.mktemp("model"), SCORES)


@pytest.fixture(scope="session")
def stock_crew(word_lists: Path, no_network: Path) -> Iterator[Crew]:
    """One worker for all tests, since it takes seconds to start; it knows the stock attacks too."""
    before = os.environ.get("PYTHONPATH")
    root = str(Path(__file__).parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join([str(no_network), root])
    with local_crew(1, word_lists, [sys.executable, "-m", "tests.attacks.stock_worker"]) as crew:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
        yield crew


class Attacker:
    """Asks a crew to attack texts of one model."""

    def __init__(self, crew: Crew, model: Path) -> None:
        self.crew, self.model = crew, model

    def __call__(
        self,
        method: Method,
        rows: Sequence[tuple[Text, int]],
        order: tuple[int, ...] = (),
        **extra: object,
    ) -> list[Outcome]:
        tasks: list[Mapping[str, Any]] = [
            {
                "row": row,
                "text": text,
                "label": label,
                "seed": seed_of(7, method, text),
                "method": method.told(),
                "target": Target("candidate", "", self.model, order=order).told(),
                **extra,
            }
            for row, (text, label) in enumerate(rows)
        ]
        found = map(Outcome.from_json, self.crew.work(tasks))
        return sorted(found, key=lambda outcome: outcome.row)


@pytest.fixture
def attack(stock_crew: Crew, model: Path) -> Attacker:
    return Attacker(stock_crew, model)
