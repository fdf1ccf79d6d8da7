"""Small trainings that several processes share: starts the processes, and is what each one runs.

`python processes.py FOLDER NAME...` does the trainings of these names in turn, and leaves what it
saw of each in FOLDER/NAME-RANK.json, and the weights in FOLDER/NAME-RANK.safetensors.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from edgecompress.core.ranks import Ranks
from edgecompress.models.classifier import Classifier
from edgecompress.models.encoder import Encoder
from edgecompress.models.theseus import Hybrid
from edgecompress.recipe.learning import Finetune, Replacing
from edgecompress.stages.theseus import Gates
from edgecompress.training.batches import Batch
from edgecompress.training.loop import Task, Trained, train
from edgecompress.training.objectives import supervised
from edgecompress.training.together import join
from edgecompress.training.validation import Accuracy
from tests.training import conftest

# 121 rows in batches of 8 are 16 steps an epoch, one of them on a single row, of which the second
# of two processes gets none. Checkpoints fall into epochs.
ROWS, EPOCHS, STEPS = 121, 3, 48
SETTINGS = Finetune(
    epochs=EPOCHS, learning_rate=1e-2, batch_size=8, precision="fp32", checkpoint_every=7
)
SEED = 7


class Killed(BaseException):
    """What nothing in the loop may catch."""


class Watch:
    """The supervised loss and a step hook, which remember what they see, and may end it."""

    def __init__(self, gates: Gates | None = None, raises_at: int = -1, dies_at: int = -1) -> None:
        self.gates, self.raises_at, self.dies_at = gates, raises_at, dies_at
        self.step = 0
        self.losses: dict[int, tuple[float, int]] = {}  # by step: loss of our rows, and how many
        self.drawn: list[list[float]] = []

    def before(self, step: int, steps: int) -> None:
        self.step = step
        if step == self.raises_at:
            raise Killed
        if step == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.gates:
            self.gates.before(step, steps)
            self.drawn.append([module.weight for module in self.gates.hybrid.replaceable])

    def after(self, step: int, steps: int) -> None:
        return None

    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        loss = supervised(model, batch)
        self.losses[self.step] = (loss.item(), len(batch.rows))
        return loss


def encoder(layers: int, dropout: float) -> Encoder:
    torch.manual_seed(11)
    sizes = {"heads": (2,) * layers, "intermediate": (32,) * layers}
    drops = {"dropout": dropout, "attention_dropout": dropout, "head_dropout": dropout}
    return Encoder(replace(conftest.CONFIG, **sizes, **drops))


def hybrid() -> tuple[Hybrid, Gates]:
    model = Hybrid(encoder(4, 0.0), (2, 2), "bottom")
    replacing = Replacing(rate=0.5, schedule="constant", share=0.7)
    return model, Gates(model, replacing, SEED, steps_before=0, steps_of_all=STEPS)


def learn(model: Classifier, watch: Watch, scratch: Path, ranks: Ranks) -> Trained:
    scratch.mkdir(exist_ok=True)
    rows = conftest.new_rows.__wrapped__()
    exam = Accuracy(rows(60, seed=2))
    task = Task("part", rows(ROWS), exam, watch.loss, EPOCHS, watch)
    return train(model, task, SETTINGS, conftest.Here(scratch, SEED, ranks=ranks))


def training(name: str, folder: Path, ranks: Ranks) -> None:
    """`plain`, `dropout`, `theseus`, `broken`; or `dropout-RANK-STEP`, killed there."""
    kind, *death = name.split("-")
    gates, watch = None, Watch()
    if kind == "theseus":
        model, gates = hybrid()
        watch = Watch(gates)
    else:
        model = encoder(2, 0.0 if kind == "plain" else 0.1)
    if kind == "broken":
        with suppress(Killed):
            learn(encoder(2, 0.1), Watch(raises_at=24), folder / kind, ranks)
        torch.rand(7 + ranks.number)  # a new process stands elsewhere
    if death and int(death[0]) == ranks.number:
        watch = Watch(dies_at=int(death[1]))
    trained = learn(model, watch, folder / kind, ranks)
    stem = folder / f"{name}-{ranks.number}"
    told = {"losses": watch.losses, "drawn": watch.drawn, "trained": asdict(trained)}
    stem.with_suffix(".json").write_text(json.dumps(told))
    save_file(model.state_dict(), stem.with_suffix(".safetensors"))


class Seen:
    """What the processes of one training left behind."""

    def __init__(self, folder: Path, name: str, count: int) -> None:
        stems = [folder / f"{name}-{number}" for number in range(count)]
        self.told = [json.loads(stem.with_suffix(".json").read_text()) for stem in stems]
        self.weights = [load_file(stem.with_suffix(".safetensors")) for stem in stems]

    @property
    def curve(self) -> list[float]:
        """Loss of the whole batch, by step."""
        parts = [
            [told["losses"][str(step)] for told in self.told if str(step) in told["losses"]]
            for step in range(STEPS)
        ]
        return [sum(loss * n for loss, n in p) / sum(n for _, n in p) for p in parts]


def worlds(count: int) -> list[Mapping[str, str]]:
    """The environment that a launcher gives to each of its processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent.parent.parent),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "OMP_NUM_THREADS": "1",
    }
    return [{**shared, "RANK": str(n), "LOCAL_RANK": str(n)} for n in range(count)]


def together(count: int, command: Sequence[str | Path]) -> list[subprocess.CompletedProcess[str]]:
    """Run Python with this command line as so many processes, and wait for all of them."""
    started = [
        subprocess.Popen(
            [sys.executable, *map(str, command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=world,
        )
        for world in worlds(count)
    ]
    said = [process.communicate() for process in started]
    return [
        subprocess.CompletedProcess(process.args, process.returncode, *words)
        for process, words in zip(started, said, strict=True)
    ]


if __name__ == "__main__":
    place, *names = sys.argv[1:]
    for each in names:
        training(each, Path(place), join())
