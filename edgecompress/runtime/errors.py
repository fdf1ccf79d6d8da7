"""Exit codes, and the errors a device can meet.

The build side adds its own in `edgecompress.core.errors`; the root of the tree lives here because
the runtime ships alone and may import nothing else of ours.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What a shell or a CI system reads; the same table stands in docs/reference/exit-codes.md."""

    OK = 0
    GATE_BROKEN = 1
    WRONG_INPUT = 2
    BUG = 3
    ENVIRONMENT = 4
    UNDECIDED = 5
    INTEGRITY = 6
    BUSY = 7
    INTERRUPTED = 130
    TERMINATED = 143


class EdgeCompressError(Exception):
    """Anything edgecompress says on purpose; its text is the whole message a user needs."""

    exit_code: ClassVar[ExitCode] = ExitCode.BUG


class InputError(EdgeCompressError):
    """A text, an argument, a recipe or a data file is wrong; trying again will not help.

    No such bundle, an `--until` that no step is called, a `--out` with somebody's files in it, a
    text that is not a string. The message says what to change.
    """

    exit_code = ExitCode.WRONG_INPUT


class EnvironmentFault(EdgeCompressError):
    """The machine prevented the work: disk, memory, network, a missing package.

    Nothing was judged. The message names the path, and what to free or where else to go. Once the
    machine is put right, the same command goes on where it stopped.
    """

    exit_code = ExitCode.ENVIRONMENT


class IntegrityError(EdgeCompressError):
    """A bundle is damaged, was tampered with, or is not what it claims to be.

    Stop, and find out why: a file is changed, missing, one too many, or of a kind that is never
    opened (pickles, links, external data). Fetch a bundle again from where it was released; in the
    store there is nothing to do, since damaged steps are put aside and made again.
    """

    exit_code = ExitCode.INTEGRITY
