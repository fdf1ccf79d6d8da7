"""What ships to a device, and the only stable Python API: load a bundle, ask it about texts.

`EdgeModel` and `Prediction` are loaded when they are first asked for: the command line needs the
exit codes that live here long before it needs onnxruntime, which takes a tenth of a second.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from edgecompress.runtime.errors import (
    EdgeCompressError,
    EnvironmentFault,
    InputError,
    IntegrityError,
)

if TYPE_CHECKING:
    from edgecompress.runtime.model import EdgeModel, Prediction

__all__ = [
    "EdgeCompressError",
    "EdgeModel",
    "EnvironmentFault",
    "InputError",
    "IntegrityError",
    "Prediction",
]


def __getattr__(name: str) -> Any:
    if name in ("EdgeModel", "Prediction"):
        return getattr(import_module("edgecompress.runtime.model"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
