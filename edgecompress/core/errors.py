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

from edgecompress.runtime.errors import (
    EdgeCompressError,
    EnvironmentFault,
    ExitCode,
    InputError,
    IntegrityError,
)

__all__ = [
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


class RecipeError(InputError):
    """The recipe cannot be read, or asks for something impossible."""


class DataError(InputError):
    """A data source is empty, broken, mislabelled, or shares rows with another role."""


class StageError(InputError):
    """A stage cannot do what its settings ask of this model."""


class MissingExtra(EnvironmentFault):
    """A package that an optional extra brings is not installed."""


class OfflineError(EnvironmentFault):
    """Something has to be fetched, and the network is forbidden or does not answer."""


class TrainingDiverged(EnvironmentFault):
    """A loss or a gradient stopped being a number; the last good checkpoint is kept."""


class MeasureError(EnvironmentFault):
    """A check could not be measured; never to be read as "the limit is broken"."""


class StoreBusy(EdgeCompressError):
    """Another process holds the lock of an object, and waiting was not wanted or took too long."""

    exit_code = ExitCode.BUSY


class GateBroken(EdgeCompressError):
    """At least one limit of the gate is broken."""

    exit_code = ExitCode.GATE_BROKEN


class GateUndecided(EdgeCompressError):
    """No limit is broken, but the data at hand cannot certify all of them."""

    exit_code = ExitCode.UNDECIDED
