"""What a reader should see besides numbers: a table, a curve, examples."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edgecompress.core.measurement import Measurement, Refused


@dataclass(frozen=True)
class Exhibit:
    """Something that a check shows and nobody judges.

    It is kept and told as JSON, so `content` holds nothing else; every number in it that could
    decide anything is a Measurement as well.
    """

    kind: str  # how the report draws it: "confusion", "reliability", "adversarial", ...
    title: str
    data: str  # the role it was seen on
    content: Mapping[str, Any]


Finding = Measurement | Refused | Exhibit


def measurements_of(found: Iterable[Finding]) -> tuple[Measurement, ...]:
    """The numbers alone."""
    return tuple(one for one in found if isinstance(one, Measurement))


def exhibits_of(found: Iterable[Finding]) -> tuple[Exhibit, ...]:
    """What is only shown."""
    return tuple(one for one in found if isinstance(one, Exhibit))


def refused_of(found: Iterable[Finding]) -> tuple[Refused, ...]:
    """The numbers that were not given."""
    return tuple(one for one in found if isinstance(one, Refused))
