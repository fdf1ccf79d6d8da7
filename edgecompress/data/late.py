"""Modules that are loaded when first needed: what they import costs up to a second.

This is the one place of late loading, so that `validate` stays fast. Each entry is a module of
this folder; the check of the import floors sees them as files, not through this table.
"""

from importlib import import_module
from types import ModuleType
from typing import Final

from edgecompress.core.errors import MissingExtra

MODULES: Final = {
    "hub": "edgecompress.data.hub",  # datasets
    "parquet": "edgecompress.data.parquet",  # pyarrow
    "weights": "edgecompress.data.unpack_weights",  # onnx
    "texts": "edgecompress.data.unpack_texts",
    "nltk": "edgecompress.data.unpack_nltk",
    "tiny": "edgecompress.data.unpack_tiny",  # tokenizers
}


def late(name: str) -> ModuleType:
    """The module that stands for `name` in the table.

    Raises:
        MissingExtra: a package that it imports is not installed.
    """
    try:
        return import_module(MODULES[name])
    except ModuleNotFoundError as error:
        raise MissingExtra.of(name, error.name, "build") from error
