"""What went into a bundle and what came out: all that its provenance and its bill can say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgecompress.core.report import RunReport

PYTHON = "python"  # the one of the versions that is no package


@dataclass(frozen=True)
class Material:
    """A model or rows that a bundle was made from."""

    name: str  # "teacher", "data/train"
    uri: str  # as the recipe writes it
    digest: Mapping[str, str]  # algorithm -> value; empty where only the pin is known
    notes: Mapping[str, Any]  # JSON values: the pin, the split, how many rows


@dataclass(frozen=True)
class Making:
    """One release, told without dates and machines' names: the same release is the same bytes."""

    report: RunReport
    recipe: Mapping[str, Any]  # with every default written out
    license: str
    sequence: int
    teacher: Material
    data: tuple[Material, ...]
    files: Mapping[str, str]  # path -> sha256, of what was shipped to be run

    def packages(self) -> Iterator[tuple[str, str]]:
        """Name and version of each library that took part."""
        for name, version in sorted(self.report.environment.get("versions", {}).items()):
            if name != PYTHON and version != "absent":
                yield name, version


def package_url(name: str, version: str) -> str:
    """A package of Python as the package-url specification names it."""
    return f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
