"""Several processes as one: joined by accelerate, with gloo between them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils.environment import get_cpu_distributed_information
from numpy.typing import NDArray
from torch import distributed

from edgecompress.core.errors import EnvironmentFault
from edgecompress.core.launch import launched
from edgecompress.core.ranks import ALONE, Ranks

# Of a wait for the others, who may be at a long piece of work. A process that dies is seen at once:
# its connections close.
PATIENCE = timedelta(days=2)


class Together:
    """The processes that a launcher started with this one; see `core.ranks.Ranks`."""

    def __init__(self) -> None:
        """Wait until all have come.

        Raises:
            EnvironmentFault: the address of the lead is missing, or does not answer.
        """
        with _told_shortly():
            state = PartialState(cpu=True, timeout=PATIENCE)
        self.number: int = state.process_index
        self.count: int = state.num_processes
        self.here: int = get_cpu_distributed_information().local_world_size

    def wait(self) -> None:
        """See `Ranks`."""
        with _told_shortly():
            distributed.barrier()

    def spread(self, numbers: NDArray[Any]) -> None:
        """See `Ranks`."""
        dense = np.ascontiguousarray(numbers)
        with _told_shortly():
            distributed.broadcast(torch.from_numpy(dense), 0)
        if dense is not numbers:
            numbers[...] = dense

    def add_up(self, numbers: NDArray[np.float32]) -> None:
        """See `Ranks`."""
        with _told_shortly():
            distributed.all_reduce(torch.from_numpy(numbers))


def join() -> Ranks:
    """The processes that a launcher has started with this one, or this one alone.

    Raises:
        EnvironmentFault: as `Together`.
    """
    return Together() if launched()[1] > 1 else ALONE


@contextmanager
def _told_shortly() -> Iterator[None]:
    """What gloo and its store say, without their places in the source and their guesses."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        reason = re.sub(r"\[\S+:\d+\] ", "", " ".join(str(error).split())).split(". ")[0][:200]
        raise EnvironmentFault(
            f"another process of this run has ended, or cannot be reached: {reason}; "
            "run the same command, on every machine, to go on"
        ) from None
