"""Every error raised on purpose, and the exit code it becomes.

EdgeCompressError            3  a bug, unless a subclass says otherwise
├── InputError               2  what the user gave is wrong
│   ├── RecipeError          2  the recipe cannot be read, or asks for something impossible
│   ├── DataError            2  a data source is empty, broken, mislabelled or leaks
│   └── StageError           2  a stage cannot do what its settings ask of this model
├── EnvironmentFault         4  the machine prevented the work
│   ├── MissingExtra         4  a package of an optional extra is not installed
│   ├── OfflineError         4  something must be fetched and cannot be
│   ├── TrainingDiverged     4  a loss or gradient stopped being a number
│   └── MeasureError         4  a check could not be measured, which is not the same as failing
├── IntegrityError           6  a file is not the one that was sealed
├── StoreBusy                7  another run holds what this one needs
├── GateBroken               1  a limit is broken
└── GateUndecided            5  the interval contains the limit: more data, not more luck
"""

from typing import Self

from edgecompress.runtime.errors import (
    EdgeCompressError,
    EnvironmentFault,
    ExitCode,
    InputError,
    IntegrityError,
)

__all__ = [
    "MEANINGS",
    "DataError",
    "EdgeCompressError",
    "EnvironmentFault",
    "ExitCode",
    "GateBroken",
    "GateUndecided",
    "InputError",
    "IntegrityError",
    "MeasureError",
    "MissingExtra",
    "OfflineError",
    "RecipeError",
    "StageError",
    "StoreBusy",
    "TrainingDiverged",
]

MEANINGS = {
    ExitCode.OK: "done; where there is a gate, it holds",
    ExitCode.GATE_BROKEN: "a limit of the gate is broken",
    ExitCode.WRONG_INPUT: "the usage, the recipe, the data or a text is wrong",
    ExitCode.BUG: "a bug in edgecompress; a traceback stands above the message",
    ExitCode.ENVIRONMENT: "the environment prevented it: disk, memory, a loss that is no "
    "number, a missing package, no network",
    ExitCode.UNDECIDED: "no limit is broken, but the rows at hand cannot certify all of them",
    ExitCode.INTEGRITY: "a file is damaged, was tampered with, is missing, or should not be there",
    ExitCode.BUSY: "another run holds the store",
    ExitCode.INTERRUPTED: "Ctrl-C; the same command goes on where it stopped",
    ExitCode.TERMINATED: "SIGTERM; the same command goes on where it stopped",
}
"""What each exit code means, in half a sentence."""


class RecipeError(InputError):
    """The recipe cannot be read, or asks for something impossible.

    An unknown key, a chain that cannot work, a role that trains and judges. The message has all
    mistakes at once, each with line and column.
    """


class DataError(InputError):
    """A data source is empty, broken, mislabelled, or shares rows with another role.

    A missing column, an unknown label, a byte that is not UTF-8, one class only, a training row in
    the gate. The message has file and line of five of them, and how many more there are.
    """


class StageError(InputError):
    """A stage cannot do what its settings ask of this model.

    More heads than there are, a family that cannot be exported, labels in another order, a teacher
    that has learnt nothing.
    """


class MissingExtra(EnvironmentFault):
    """A package that an optional extra brings is not installed.

    The message is the pip command that installs it.
    """

    @classmethod
    def of(cls, who: str, package: str | None, extra: str) -> Self:
        """What to tell of `who`, which needs a package that `extra` brings."""
        return cls(
            f'{who} needs {package}, which is not installed: pip install "edgecompress[{extra}]"'
        )


class OfflineError(EnvironmentFault):
    """Something has to be fetched, and the network is forbidden or does not answer.

    What is fetched once, on a machine with a network, is kept for later without one.
    """


class TrainingDiverged(EnvironmentFault):
    """A loss or a gradient stopped being a number; the last good checkpoint is kept.

    The message has the step, the learning rate and the rows. Usually the learning rate is too high:
    try a tenth of it, or a longer `warmup_ratio`.
    """


class MeasureError(EnvironmentFault):
    """A check could not be measured; never to be read as "the limit is broken".

    Most often the machine is too noisy to judge: a model timed against itself did not look equal.
    Stop other work, or take fewer cores from it, and run again.
    """


class StoreBusy(EdgeCompressError):
    """Another process holds the lock of an object, and waiting was not wanted or took too long.

    The message has its pid. `--wait SECONDS` waits longer, `--store` goes elsewhere. There is never
    a lock to remove by hand: the kernel releases it when its owner dies.
    """

    exit_code = ExitCode.BUSY


class GateBroken(EdgeCompressError):
    """At least one limit of the gate is broken.

    The whole interval lies on its wrong side, so more rows would not help. The message names each
    limit; the stages of the report tell what cost it.
    """

    exit_code = ExitCode.GATE_BROKEN


class GateUndecided(EdgeCompressError):
    """No limit is broken, but the data at hand cannot certify all of them.

    From `validate` and `plan`: not even a perfect candidate could hold a limit on so many rows.
    From `run` and `gate`: the interval contains the limit. The message says about how many rows
    would decide it; another try on the same rows decides nothing.
    """

    exit_code = ExitCode.UNDECIDED
