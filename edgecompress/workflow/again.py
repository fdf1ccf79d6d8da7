"""Verb `explain RECIPE`: of each step why it would run, by comparing it with what the store holds.

A step is looked up by a hash over its settings, inputs, rows and libraries. Where nothing is found,
the kept question that differs least from the step's own says what has changed.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from edgecompress.recipe.reading import read_recipe
from edgecompress.store.asked import Question, questions
from edgecompress.store.keys import canonical_json
from edgecompress.workflow.plan import PlannedStep, Start, plan_recipe
from edgecompress.workflow.workspace import Workspace

LONGEST: Final = 40  # characters of a value that is shown
ABSENT: Final = object()


class State(StrEnum):
    """What `run` would do with a step."""

    CACHED = "cached"
    AGAIN = "runs again"
    FIRST = "runs, and the store has nothing of its kind to compare it with"
    AFTER = "follows a step that runs"  # if that gives what it gave before, this one is found


@dataclass(frozen=True)
class Why:
    """One step, and what about it is not as it was."""

    label: str
    kind: str
    state: State
    changes: tuple[str, ...]  # "settings.epochs 2 -> 3"

    def __str__(self) -> str:
        told = "; ".join(self.changes)
        if self.state is State.AFTER and not told:
            told = "nothing of its own has changed"
        return f"{self.label} {self.kind}: {self.state}" + (f": {told}" if told else "")


def why(recipe: Path, ws: Workspace) -> list[Why]:
    """Every step of the recipe, in order; computes nothing.

    Raises:
        RecipeError, MissingExtra, GateUndecided: as `plan`.
    """
    plan = plan_recipe(read_recipe(recipe), ws)
    newest = sorted(ws.store.entries(), key=lambda entry: entry.used_at, reverse=True)
    folders = [entry.path for entry in newest]
    found, start = [], Start(plan.teacher.digest)
    for planned in plan.steps:
        found.append(_why(planned, start, questions(folders, planned.step.kind)))
        if planned.artifact and not planned.step.again:
            start = start.after(planned.step, planned.artifact.digest)
    return found


def _why(planned: PlannedStep, start: Start, kept: Sequence[Question]) -> Why:
    """What differs least from the step; of equals the one that was used last, which comes first."""
    step, known = planned.step, planned.key is not None
    if planned.artifact:
        return Why(step.label, step.kind, State.CACHED, ())
    if not kept:
        return Why(step.label, step.kind, State.FIRST, ())
    unknown = Start("", "", defaultdict(str))
    asked = step.question(start if known else unknown)
    changes = min((tuple(_changes(old, asked, known)) for old in kept), key=len)
    return Why(step.label, step.kind, State.AGAIN if known else State.AFTER, changes)


def _changes(old: Question, new: Question, known: bool) -> Iterator[str]:
    """What is not as it was; `known` says whether the models it starts from can be compared."""
    before, now = _flat(old), _flat(new)
    for name in dict.fromkeys((*before, *now)):
        was, is_ = before.get(name, ABSENT), now.get(name, ABSENT)
        if was != is_:
            yield f"{name} {_shown(was)} -> {_shown(is_)}"
    before, now = _hashed(old, known), _hashed(new, known)
    for name in dict.fromkeys((*before, *now)):
        if before.get(name) != now.get(name):
            news = "" if name in before and name in now else " (new)" if name in now else " (gone)"
            yield f"{name}{news}"


def _flat(question: Question) -> dict[str, Any]:
    """Everything whose value tells a reader something; of a library its name is enough."""
    parts = json.loads(canonical_json(dict(question.parts)))  # tuples become lists
    told = {"version of the stage": parts["version"], **_dotted("settings", parts["settings"])}
    return {**told, **parts["libraries"], **{k: parts[k] for k in ("seed", "labels", "pairs")}}


def _dotted(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {name: value}
    inner = (_dotted(f"{name}.{key}", deeper) for key, deeper in value.items())
    return {key: found for part in inner for key, found in part.items()}


def _hashed(question: Question, known: bool) -> dict[str, Any]:
    """Everything of which only a hash is known, by what a reader would call it."""
    model, teacher, origins, aside, *digests = question.parts["inputs"]
    told = {f"the model at settings.{key}": digest for key, digest in origins.items()}
    told |= {f"rows of {role}": d for role, d in zip(question.roles, digests, strict=False)}
    told["the machine, since timings decide"] = question.parts["machine"]
    if known:
        told["the model that it starts from"] = model
        told["the teacher"] = None if teacher == model else teacher
        told |= {f"what {kind} has found": digest for kind, digest in aside.items()}
    return told


def _shown(value: Any) -> str:
    if value is ABSENT or value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
