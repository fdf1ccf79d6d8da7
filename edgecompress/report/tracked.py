"""A finished report as experiment trackers take it: parameters, numbers with steps, and tags."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from edgecompress.core.measurement import Measurement
from edgecompress.core.report import ModelFacts, RunReport
from edgecompress.report.verdicts import headline

LONGEST_KEY: Final = 240  # characters, so that ".high" fits into MLflow's 250
LONGEST_VALUE: Final = 5_000  # characters; MLflow takes 6,000 of a parameter, 8,000 of a tag
_FOREIGN = re.compile(r"[^A-Za-z0-9_. :-]+")


@dataclass(frozen=True)
class Point:
    """One number; `step` counts stages, and is 0 for what the gate has measured."""

    key: str
    value: float
    step: int = 0


@dataclass(frozen=True)
class Tracked:
    """One run."""

    name: str
    params: Mapping[str, str]
    points: tuple[Point, ...]
    tags: Mapping[str, str]


def tracked(report: RunReport, recipe: Mapping[str, Any]) -> Tracked:
    """What was asked for, what was measured, and what came of it.

    A measurement is three numbers: `NAME/ROLE/PART`, and the ends of its interval with `.low` and
    `.high` behind that. Stages are steps, so `stage/accuracy` is a curve over them.

    Args:
        recipe: JSON values, with every default written out; empty where it is not known.
    """
    judged = _Keys()
    named = [(judged.of(v.measured), v) for v in report.gate.verdicts]
    return Tracked(
        name=report.recipe_name,
        params={k: v[:LONGEST_VALUE] for k, v in (*_flat("", recipe), *_stage_params(report))},
        points=(
            *(point for key, v in named for point in _points(key, v.measured)),
            *_model_points("candidate", report.candidate),
            *_model_points("teacher", report.teacher),
            *_stage_points(report),
        ),
        tags={
            "verdict": report.gate.outcome.value,
            "headline": headline(report.gate)[:LONGEST_VALUE],
            "recipe.digest": report.recipe_digest,
            "candidate.digest": report.candidate.digest,
            "teacher.digest": report.teacher.digest,
            "cpu": str(report.environment.get("cpu", ""))[:LONGEST_VALUE],
            **{f"outcome/{key}": v.outcome.value for key, v in named if v.limit},
        },
    )


class _Keys:
    """Names that differ even where the signs do that a tracker would not take."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def of(self, measured: Measurement) -> str:
        """The name of one more measurement."""
        parts = (measured.name, *measured.data.split("/"), measured.part)
        clean = (_FOREIGN.sub("_", part).strip(". ") for part in parts)
        key = wanted = "/".join(part for part in clean if part)[:LONGEST_KEY]
        again = 1
        while key in self._given:
            again += 1
            key = f"{wanted[: LONGEST_KEY - 5]} {again}"
        self._given.add(key)
        return key


def _points(key: str, measured: Measurement, step: int = 0) -> Iterator[Point]:
    yield Point(key, measured.value, step)
    yield Point(f"{key}.low", measured.low, step)
    yield Point(f"{key}.high", measured.high, step)


def _model_points(who: str, model: ModelFacts) -> Iterator[Point]:
    yield Point(f"{who}.bytes", model.bytes)
    yield Point(f"{who}.params", model.params)


def _stage_points(report: RunReport) -> Iterator[Point]:
    for step, stage in enumerate(report.stages):
        yield Point("stage/seconds", stage.seconds, step)
        keys = _Keys()
        for measured in stage.metrics:
            yield from _points(f"stage/{keys.of(measured)}", measured, step)


def _stage_params(report: RunReport) -> Iterator[tuple[str, str]]:
    """Which stage a step is, and whether it was found in the store."""
    for step, stage in enumerate(report.stages):
        yield f"stage.{step}", stage.kind + (" (from the store)" if stage.cached else "")


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """`stages.0.layers` -> "3": one parameter for each leaf; lists of plain values stay whole."""
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from _flat(f"{path}.{key}" if path else str(key), inner)
        case list() if any(isinstance(item, Mapping | list) for item in value):
            for place, item in enumerate(value):
                yield from _flat(f"{path}.{place}", item)
        case list():
            yield path, ", ".join(map(str, value))
        case _:
            yield path, str(value)
