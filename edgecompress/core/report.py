"""Everything a run has to say, before anyone decides how it looks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgecompress.core.artifact import Facts
from edgecompress.core.gate import GateReport
from edgecompress.core.measurement import Measurement


@dataclass(frozen=True)
class ModelFacts:
    """Who stood before the gate."""

    name: str
    digest: str
    params: int
    bytes: int
    file: str = ""


@dataclass(frozen=True)
class StageRecord:
    """What one stage did, cost and left behind."""

    kind: str
    key: str
    digest: str
    seconds: float  # of the run that made it, also when it was found in the store
    cached: bool
    facts: Facts
    metrics: tuple[Measurement, ...]  # measured on validation texts, after the stage


@dataclass(frozen=True)
class RunReport:
    """One candidate, judged; the single source of report.json, .html, junit.xml, the card."""

    recipe_name: str
    recipe_digest: str
    candidate: ModelFacts
    teacher: ModelFacts
    environment: Mapping[str, Any]  # cpu, cpu_flags, cores, threads, versions
    gate: GateReport
    stages: tuple[StageRecord, ...] = ()
    data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # role -> rows, notes
