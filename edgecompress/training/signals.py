"""What a teacher says of each text, computed once and kept for all epochs.

Logits are kept in fp32. Hidden states and attention maps are large, so they are kept in fp16 and
without padding, in files that are mapped and not loaded. The folder gets its name by a rename once
all of it is on the disk: a folder that exists is complete, and a resumed training reuses it.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor

from edgecompress.core.case import FloatArray, IntArray
from edgecompress.core.errors import EnvironmentFault
from edgecompress.core.progress import Progress
from edgecompress.models.classifier import Classifier, Output
from edgecompress.models.inputs import Inputs
from edgecompress.store.sealing import flush_folder, flush_tree
from edgecompress.training.batches import TokenRows, batches_by_length
from edgecompress.training.precision import Precision, autocast
from edgecompress.training.relations import last_vectors

BATCH = 32


@dataclass(frozen=True)
class Wanted:
    """Which inner states of the teacher are needed, by number; logits always are."""

    hidden: Sequence[int] = ()  # 0 are the embeddings
    attention: Sequence[int] = ()  # 0 is the first layer
    relations: bool = False  # what `last_vectors` gives

    @property
    def states(self) -> bool:
        """Whether anything is wanted beside logits."""
        return bool(self.hidden or self.attention or self.relations)

    @property
    def name(self) -> str:
        """Of a folder of signals: "logits", "logits-hidden-0-2-4-relations"."""
        numbers = {"hidden": self.hidden, "attention": self.attention}
        parts = [f"{kind}-{'-'.join(map(str, n))}" for kind, n in numbers.items() if n]
        return "-".join(["logits", *parts, *(["relations"] if self.relations else [])])

    def ask(self, teacher: Classifier, inputs: Inputs) -> tuple[Tensor, dict[str, Tensor]]:
        """Logits [b, classes], and each state by its name.

        These are "hidden-3" [b, s, width], "attention-2" [b, heads, s, s] and "relations"
        [b, s, 3 * width].
        """
        hidden = bool(self.hidden) or self.relations
        output: Output = teacher(*inputs, hidden=hidden, attention=bool(self.attention))
        states = {f"hidden-{n}": (output.hidden or ())[n] for n in self.hidden}
        states |= {f"attention-{n}": (output.attention or ())[n] for n in self.attention}
        if self.relations:
            states["relations"] = last_vectors(teacher, output)
        return output.logits, states


class Ragged:
    """One state for each row, of a size that depends on the row's tokens, end to end in a file.

    A hidden state has the shape [tokens, width], an attention map [heads, tokens, tokens].
    """

    def __init__(self, flat: NDArray[np.float16], lengths: IntArray, *, maps: bool) -> None:
        sizes = lengths**2 if maps else lengths
        self.width = len(flat) // int(sizes.sum())  # or heads
        self._flat, self._maps = flat, maps
        self._starts = np.concatenate([[0], np.cumsum(sizes * self.width)])

    def put(self, row: int, padded: Tensor, tokens: int) -> None:
        """Keep the state of one row, without its padding."""
        flat = self._crop(padded, tokens).reshape(-1).to(torch.float16)
        self._flat[self._starts[row] : self._starts[row + 1]] = flat.numpy()

    def padded(self, rows: IntArray, lengths: IntArray) -> Tensor:
        """The states of these rows in fp32, zero where a row is shorter than the longest."""
        longest = int(lengths.max())
        shape = (self.width, longest, longest) if self._maps else (longest, self.width)
        together = torch.zeros(len(rows), *shape)
        for place, (row, tokens) in enumerate(zip(rows, lengths, strict=True)):
            flat = self._flat[self._starts[row] : self._starts[row + 1]].astype(np.float32)
            target = self._crop(together[place], int(tokens))
            target.copy_(torch.from_numpy(flat).view(target.shape))
        return together

    def _crop(self, state: Tensor, tokens: int) -> Tensor:
        return state[:, :tokens, :tokens] if self._maps else state[:tokens]


@dataclass(frozen=True)
class Signals:
    """A teacher's answers to the rows of one TokenRows."""

    logits: FloatArray  # [n, classes]
    hidden: Sequence[Ragged]  # in the order of `Wanted`
    attention: Sequence[Ragged]
    relations: Ragged | None = None


UNASKED = Signals(np.empty((0, 0), np.float32), (), ())  # for an objective of labels alone


@dataclass(frozen=True)
class Asked:
    """Who is asked, about which rows, for what, and in which arithmetic."""

    teacher: Classifier
    rows: TokenRows
    wanted: Wanted
    precision: Precision
    bar: str = "teacher answers"  # what stands before the bar


def teacher_signals(asked: Asked, folder: Path, progress: Progress) -> Signals:
    """The signals of every row, from `folder` if an earlier run finished them.

    The teacher is asked without dropout; its training flag is left as that needs.

    Raises:
        EnvironmentFault: the disk has no room for them.
    """
    if not folder.is_dir():
        unfinished = folder.with_name(f".{folder.name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        write_signals(asked, unfinished, progress)
        flush_tree(unfinished)
        unfinished.rename(folder)
        flush_folder(folder.parent)
    return read_signals(asked, folder)


def read_signals(asked: Asked, folder: Path) -> Signals:
    """What `write_signals` wrote; states stay on the disk until they are needed."""
    wanted, lengths = asked.wanted, asked.rows.lengths

    def kept(name: str, *, maps: bool = False) -> Ragged:
        flat = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        return Ragged(flat, lengths, maps=maps)

    return Signals(
        np.load(folder / "logits.npy", allow_pickle=False),
        [kept(f"hidden-{number}") for number in wanted.hidden],
        [kept(f"attention-{number}", maps=True) for number in wanted.attention],
        kept("relations") if wanted.relations else None,
    )


@torch.inference_mode()
def write_signals(asked: Asked, folder: Path, progress: Progress) -> None:
    """Ask the teacher about every row, and write all it says into an empty folder.

    Raises:
        EnvironmentFault: the disk has no room for it.
    """
    teacher, rows, wanted = asked.teacher.eval(), asked.rows, asked.wanted
    lengths = rows.lengths
    logits = np.empty((len(rows), len(teacher.labels)), np.float32)
    kept: dict[str, Ragged] = {}
    with progress.track(asked.bar, len(rows), "texts") as bar:
        for numbers in batches_by_length(lengths, BATCH):
            inputs = rows.batch(numbers).inputs
            with autocast(asked.precision):
                answers, states = wanted.ask(teacher, inputs)
            kept = kept or _make_files(folder, states, lengths)
            logits[numbers] = answers.float().numpy()
            for name, state in states.items():
                for place, row in enumerate(numbers):
                    kept[name].put(int(row), state[place], int(lengths[row]))
            bar.advance(len(numbers))
    np.save(folder / "logits.npy", logits, allow_pickle=False)


def _make_files(folder: Path, states: dict[str, Tensor], lengths: IntArray) -> dict[str, Ragged]:
    """An empty file for each state; how wide they are is seen from the first batch."""
    numbers = {}
    for name, state in states.items():
        maps = name.startswith("attention")
        width = state.shape[1] if maps else state.shape[2]
        numbers[name] = int((lengths**2 if maps else lengths).sum()) * width
    needed, free = 2 * sum(numbers.values()), shutil.disk_usage(folder).free
    if needed > free:
        raise EnvironmentFault(
            f"{folder}: the teacher's inner states need {needed / 1e9:.1f} GB, "
            f"{free / 1e9:.1f} GB are free; distil from fewer texts, or from logits alone"
        )
    return {
        name: Ragged(
            open_memmap(folder / f"{name}.npy", "w+", np.float16, (count,)),
            lengths,
            maps=name.startswith("attention"),
        )
        for name, count in numbers.items()
    }
