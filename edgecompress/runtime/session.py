"""A graph ready to run: onnxruntime on the CPU, with just the threads it was given.

Threads are always named, since onnxruntime otherwise counts the cores of the host and not those of
its container.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as faults

from edgecompress.runtime.errors import EnvironmentFault, InputError, IntegrityError
from edgecompress.runtime.graph_file import require_one_file
from edgecompress.runtime.machine import saturates_int8

GRAPH_FAULTS = (
    faults.Fail,
    faults.InvalidArgument,
    faults.InvalidGraph,
    faults.InvalidProtobuf,
    faults.NoModel,
    faults.NoSuchFile,
    faults.NotFound,
    faults.NotImplemented,
    faults.RuntimeException,
)

MOST_THREADS = 1024
MEMORY = "EDGECOMPRESS_MEMORY_BYTES"
BEYOND_MEMORY = "is smaller than requested bytes"  # as onnxruntime says it
MEMORY_BYTES = 1_500_000_000  # for what bundles' graphs compute; weights do not count
LARGEST_FOLDED_BYTES = 262_144  # no graph of ours has a larger constant to compute; 5,000 may
ERRORS_ONLY = 3  # onnxruntime's severity; below it, it prints advice on every start


def open_session(path: Path, threads: int, *, capped: bool = False) -> onnxruntime.InferenceSession:
    """Load the graph at `path` for `threads` threads.

    Operators run one after the other, each on all threads: an encoder has no branches worth running
    side by side. Waiting threads sleep rather than spin: on a device that does other work too, and
    in every container with less than its host's cores, a spinning thread takes the time of those
    it waits for (seen: four times slower). Where 8-bit products could overflow, exact ones are
    taken: slower, but a file then gives the same answers everywhere. Elsewhere they are exact
    anyway, and asking for it would cost half the speed.

    Args:
        path: of the graph.
        threads: how many it may use.
        capped: for graphs of which only hashes are known. A graph of ten operators can ask for
            terabytes, so all capped ones of a process share one allowance for what they compute,
            1.5 GB or what $EDGECOMPRESS_MEMORY_BYTES says.

    Raises:
        InputError: `threads` is not a number of threads, the allowance is not a number.
        IntegrityError: the file is missing, damaged, no graph, or keeps weights in other files.
    """
    require_threads(threads)
    require_one_file(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if capped:
        _share_memory()
        options.add_session_config_entry("session.use_env_allocators", "1")
        options.add_session_config_entry(
            "optimization.constant_folding_max_output_size_in_bytes", str(LARGEST_FOLDED_BYTES)
        )
    if saturates_int8():
        options.add_session_config_entry("session.x64quantprecision", "1")
    with graph_faults(path, "cannot be loaded"):
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@cache
def _share_memory() -> None:
    """Give this process the one arena that capped sessions compute in.

    Weights lie outside of it: they are as large as their file, which was looked at.
    """
    told = os.environ.get(MEMORY) or str(MEMORY_BYTES)
    if not told.isascii() or not told.isdigit():
        raise InputError(f"{MEMORY}: must be a number of bytes, got {told!r}")
    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    place = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
    limits = onnxruntime.OrtArenaCfg({"max_mem": int(told)})
    onnxruntime.create_and_register_allocator(place, limits)


def require_threads(threads: int) -> None:
    """Refuse what is not a number of threads."""
    if type(threads) is not int or not 1 <= threads <= MOST_THREADS:
        raise InputError(
            f"threads must be a whole number from 1 to {MOST_THREADS}, got {threads!r}"
        )


@contextmanager
def graph_faults(path: Path, what: str) -> Iterator[None]:
    """What onnxruntime throws about a graph becomes an IntegrityError of one line."""
    try:
        yield
    except GRAPH_FAULTS as error:
        if BEYOND_MEMORY in str(error):
            what = f"{what} within the memory that bundles may take (${MEMORY} in bytes)"
        raise IntegrityError(f"{path}: {what}: {one_line(error)}") from error
    except MemoryError as error:
        raise EnvironmentFault(f"{path}: {what}: not enough memory") from error


def one_line(error: Exception) -> str:
    """What a library threw, cut to what a message can hold."""
    return " ".join(str(error).split())[:300]
