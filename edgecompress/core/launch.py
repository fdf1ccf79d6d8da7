"""What a launcher of several processes has told this one, in its environment."""

import os

COUNTS = ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
NUMBERS = ("RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK")


def launched() -> tuple[int, int]:
    """Number of this process and count of all, as torchrun or MPI has put them into its world."""
    count = next((int(os.environ[name]) for name in COUNTS if name in os.environ), 1)
    number = next((int(os.environ[name]) for name in NUMBERS if name in os.environ), 0)
    return (number, count) if count > 1 else (0, 1)


def launched_in_vain() -> bool:
    """Whether a launcher was to start several processes and has started one."""
    return "MASTER_ADDR" in os.environ and not any(name in os.environ for name in COUNTS)
