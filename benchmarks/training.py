"""Our training loop against a plain Hugging Face Trainer: the same work, side by side.

    python benchmarks/training.py [--data FILE] [--model FOLDER] [--steps 60] [--rounds 3]

Both fine-tune the same classifier on the same texts, batch size and number of optimizer steps, in
one process, taking turns, so that whatever else the machine does hits both. The Trainer runs as its
documentation shows it: fp32, every text padded to `max_length`, default settings. Ours runs as a
recipe with default settings does. Counted are tokens that are texts, never padding, per second of
the whole call, with what each does around its steps (ours writes a resumable checkpoint at its
end). The result goes to stdout and to benchmarks/results/training.json.

On a machine with other work, idle OpenMP threads that spin waste most of the time; set
OMP_WAIT_POLICY=PASSIVE there, which both sides then run under.

Without --data and --model, MiniLM-L6 and rotten-tomatoes come from the resource packs. FILE has the
columns `text` and `label`; FOLDER is a Hugging Face encoder.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import transformers
from datasets import Dataset
from transformers import PrinterCallback, Trainer, TrainingArguments, default_data_collator

from edgecompress.core.progress import Silent
from edgecompress.core.ranks import ALONE, Alone
from edgecompress.core.texts import TextSet
from edgecompress.data.readers import read_file
from edgecompress.data.resources import Resources
from edgecompress.models.checkpoint import load_pretrained
from edgecompress.models.hugging_face import HuggingFaceClassifier
from edgecompress.recipe.learning import Finetune
from edgecompress.runtime.machine import environment
from edgecompress.runtime.text import TextEncoder
from edgecompress.training.batches import TokenRows
from edgecompress.training.loop import Task, train
from edgecompress.training.objectives import supervised
from edgecompress.workflow.places import cache_folder

RESULT = Path(__file__).parent / "results" / "training.json"
SEED = 7


@dataclass(frozen=True)
class Here:
    """Surroundings of one training."""

    scratch: Path
    threads: int
    seed: int = SEED
    progress: Silent = field(default_factory=Silent)
    ranks: Alone = ALONE


@dataclass(frozen=True)
class Work:
    """What both have to do."""

    model: Path
    labels: tuple[str, ...]
    rows: TokenRows  # exactly `steps` batches
    batch_size: int
    max_length: int
    threads: int

    def fresh(self) -> HuggingFaceClassifier:
        model = load_pretrained(self.model, self.labels, SEED)
        assert isinstance(model, HuggingFaceClassifier)
        return model

    @property
    def real_tokens(self) -> int:
        return int(self.rows.lengths.sum())


def seconds_of_trainer(work: Work) -> float:
    """One epoch by transformers' Trainer, on a data set padded beforehand."""
    inputs = work.rows.batch(np.arange(len(work.rows))).inputs
    missing = work.max_length - inputs.input_ids.shape[1]
    fills = {"input_ids": work.rows.pad_id, "attention_mask": 0, "token_type_ids": 0}
    columns = {
        name: torch.nn.functional.pad(tensor, (0, missing), value=fills[name]).numpy()
        for name, tensor in inputs._asdict().items()
    }
    data = Dataset.from_dict({**columns, "labels": work.rows.labels})
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(
            out,
            use_cpu=True,
            num_train_epochs=1,
            per_device_train_batch_size=work.batch_size,
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=False,
            seed=SEED,
        )
        trainer = Trainer(
            work.fresh().network, arguments, default_data_collator, train_dataset=data
        )
        trainer.remove_callback(PrinterCallback)
        assert trainer.accelerator.mixed_precision == "no", "the Trainer took over our precision"
        began = time.perf_counter()
        trainer.train()
        return time.perf_counter() - began


def seconds_of_ours(work: Work) -> float:
    """One epoch by our loop."""
    settings = Finetune(epochs=1, batch_size=work.batch_size, max_length=work.max_length)
    model = work.fresh()
    with tempfile.TemporaryDirectory() as scratch:
        task = Task("benchmark", work.rows, None, supervised, epochs=1)
        began = time.perf_counter()
        train(model, task, settings, Here(Path(scratch), work.threads))
        return time.perf_counter() - began


def compare(works: list[Work]) -> dict[str, object]:
    """Let both do each piece of work, in turns, and take the medians of their rates."""
    rates: dict[str, list[float]] = {"trainer": [], "ours": []}
    for number, work in enumerate(works, start=1):
        for name, seconds_of in (("trainer", seconds_of_trainer), ("ours", seconds_of_ours)):
            rates[name].append(round(work.real_tokens / seconds_of(work), 1))
            print(f"round {number}: {name} {rates[name][-1]:,.0f} tokens/s", file=sys.stderr)
    pairs = zip(rates["ours"], rates["trainer"], strict=True)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    return {
        "tokens_per_s": medians,
        "ratio": round(medians["ours"] / medians["trainer"], 2),
        "ratio_by_round": [round(ours / trainer, 2) for ours, trainer in pairs],
        "rounds": rates,
    }


def read_texts(file: Path | None, resources: Resources) -> tuple[TextSet, tuple[str, ...]]:
    """Texts with labels, and the names of the labels."""
    path = file or resources.folder("rotten-tomatoes") / "train.jsonl"
    table = read_file(path, path.name)
    texts, found = table.column("text"), [str(label) for label in table.column("label")]
    labels = tuple(sorted(set(found)))
    numbers = np.array([labels.index(label) for label in found])
    origins = tuple(f"{path.name}:{line}" for line in table.lines)
    return TextSet("train", tuple(map(str, texts)), numbers, origins, ""), labels


def pieces(arguments: argparse.Namespace) -> list[Work]:
    """The work of each round: other texts each time, drawn at random."""
    resources = Resources(cache_folder(), Silent())
    texts, labels = read_texts(arguments.data, resources)
    model = arguments.model or resources.folder("minilm-l6")
    encoder = TextEncoder(model, arguments.max_length)
    chance = np.random.default_rng(SEED)
    count = arguments.steps * arguments.batch_size
    works = []
    for _ in range(arguments.rounds):
        drawn = chance.choice(len(texts), size=min(count, len(texts)), replace=False)
        part = TextSet(
            texts.name,
            tuple(texts.texts[row] for row in drawn),
            texts.labels[drawn],
            tuple(texts.origins[row] for row in drawn),
            "",
        )
        rows = TokenRows.of(part, encoder)
        sizes = (arguments.batch_size, arguments.max_length, arguments.threads)
        works.append(Work(model, labels, rows, *sizes))
    return works


def main() -> None:
    """Measure, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a .csv, .tsv, .jsonl or .parquet file")
    parser.add_argument("--model", type=Path, help="folder of a Hugging Face encoder")
    parser.add_argument("--steps", type=int, default=60, help="optimizer steps a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=64)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    load = round(os.getloadavg()[0], 2)
    works = pieces(arguments)
    result = {
        **compare(works),
        "work": {
            "model": works[0].model.parent.name,
            "data": str(arguments.data or "resource:rotten-tomatoes"),
            "steps": arguments.steps,
            "batch_size": arguments.batch_size,
            "max_length": arguments.max_length,
            "tokens_a_text": round(float(np.mean([work.rows.lengths.mean() for work in works])), 1),
        },
        "threads": arguments.threads,
        "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", "default"),
        "load_before": load,  # of 1 minute; well above 0 means that others were at work
        "environment": environment(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    text = json.dumps(result, indent=2)
    print(text)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
