"""Workflows that load torch, loaded when their verb is called.

The help of a verb, the Tab key behind it and a mistake in its arguments do not wait for torch.
"""

from importlib import import_module
from typing import Any

from edgecompress.core.errors import MissingExtra


def workflow(name: str) -> Any:
    """The module of `edgecompress.workflow` of this name.

    Raises:
        MissingExtra: the packages it needs are not installed.
    """
    try:
        return import_module(f"edgecompress.workflow.{name}")
    except ModuleNotFoundError as error:
        raise missing(name, error) from None


def missing(verb: str, error: ModuleNotFoundError) -> MissingExtra | ModuleNotFoundError:
    """What to tell the user of a package that is not there; our own modules always are."""
    package = (error.name or "").split(".")[0]
    if package in ("", "edgecompress"):
        return error
    return MissingExtra.of(verb, package, "build")
