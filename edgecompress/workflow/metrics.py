"""What each stage costs: the gate's own numbers, measured on validation texts after the stage."""

from dataclasses import dataclass

from edgecompress.checks import accuracy, latency, loyalty
from edgecompress.checks.shares import Place, share
from edgecompress.core.artifact import Artifact
from edgecompress.core.case import Answers, Case, Contestant, decisions
from edgecompress.core.errors import MeasureError
from edgecompress.core.exhibit import measurements_of
from edgecompress.core.measurement import Measurement, exact
from edgecompress.core.texts import TextSet
from edgecompress.recipe.behaviour import Accuracy, Loyalty
from edgecompress.recipe.budget import Latency
from edgecompress.runtime.machine import fingerprint
from edgecompress.store.keys import library_versions, step_key
from edgecompress.training.scores import Scores, load_scores
from edgecompress.workflow.contestants import contestant
from edgecompress.workflow.keeping import load_findings, save_findings
from edgecompress.workflow.workspace import Workspace

VERSION = 5
PAIRS = 100  # timings; fewer than the gate's, since nothing is judged here
LIBRARIES = ("torch", "onnxruntime", "numpy", "scipy")


@dataclass(frozen=True)
class Yardstick:
    """What every stage of a run is held against."""

    teacher: Artifact
    texts: TextSet | None  # the validation rows; without them only sizes are told
    labels: tuple[str, ...]
    seed: int
    known: Answers  # shared by all stages: the teacher answers once
    difficulty: Artifact | None = None  # scores of the texts, once a stage has made them


def stage_metrics(made: Artifact, yard: Yardstick, ws: Workspace) -> tuple[Measurement, ...]:
    """Measure a stage's output, or find what was measured on this machine before.

    What lacks its latency, since the machine was too noisy, is not kept: another run tries again.
    """
    key = step_key(
        {
            "kind": "measurements",
            "version": VERSION,
            "inputs": _inputs(made, yard),
            "machine": fingerprint(),
            "libraries": library_versions(LIBRARIES),
            "seed": yard.seed,
        }
    )
    if found := ws.store.find(key):
        return measurements_of(load_findings(found))
    ours = contestant(made, made.kind)
    measured = [
        exact("size_bytes", ours.weights_bytes, "bytes", "bytes of the weights file"),
        exact("parameters", ours.params, "parameters", "stored elements"),
    ]
    if yard.texts is not None:
        case = _case(ours, yard.texts, yard, ws)
        measured += _behaviour(case, yard.texts, yard.difficulty)
        try:
            measured += _latency(case, yard.texts.name)
        except MeasureError as error:
            ws.progress.warn(f"{ours.name}: no latency in the stage table: {error}")
            return tuple(measured)
    parents = (made.digest, yard.teacher.digest)
    return measurements_of(save_findings(measured, key, parents, ws.store))


def _inputs(made: Artifact, yard: Yardstick) -> list[str | None]:
    scores = [yard.difficulty.digest] if yard.difficulty else []
    texts = yard.texts.digest if yard.texts else None
    return [made.digest, yard.teacher.digest, texts, *scores]


def _case(ours: Contestant, texts: TextSet, yard: Yardstick, ws: Workspace) -> Case:
    return Case(
        ours,
        contestant(yard.teacher, "teacher"),
        {texts.name: texts},
        yard.labels,
        yard.seed,
        progress=ws.progress,
        known=yard.known,
    )


def _behaviour(case: Case, texts: TextSet, difficulty: Artifact | None) -> list[Measurement]:
    told = [
        *accuracy.measure(case, Accuracy(check="accuracy", data=texts.name)),
        *loyalty.measure(case, Loyalty(check="loyalty", data=texts.name)),
    ]
    found = [one for one in measurements_of(told) if not one.part]
    if difficulty:
        found += _easy_and_hard(case, texts, load_scores(difficulty.path, texts))
    return found


def _latency(case: Case, role: str) -> tuple[Measurement, ...]:
    timing = Latency(check="latency", data=role, pairs=PAIRS)
    return measurements_of(latency.measure(case, timing))


def _easy_and_hard(case: Case, texts: TextSet, scores: Scores) -> list[Measurement]:
    """Accuracy on either half of the texts, apart at the median of their difficulty.

    A half may be empty: nothing is above the median where all texts are equally hard.
    """
    right = decisions(case.answers(case.candidate, texts.name)) == texts.labels
    halves = {"easy_accuracy": right[~scores.hard], "hard_accuracy": right[scores.hard]}
    return [share(name, hits, Place(texts.name)) for name, hits in halves.items() if len(hits)]
