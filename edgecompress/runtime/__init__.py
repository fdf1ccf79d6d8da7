"""What ships to a device, and the only stable Python API: load a bundle, ask it about texts."""

from edgecompress.runtime.errors import (
    EdgeCompressError,
    EnvironmentFault,
    InputError,
    IntegrityError,
)
from edgecompress.runtime.model import EdgeModel, Prediction

__all__ = [
    "EdgeCompressError",
    "EdgeModel",
    "EnvironmentFault",
    "InputError",
    "IntegrityError",
    "Prediction",
]
