"""What each stage costs: the gate's own numbers, measured on validation texts after the stage."""

import json
from dataclasses import asdict

from edgecompress.checks import accuracy, latency, loyalty
from edgecompress.core.artifact import Artifact
from edgecompress.core.case import Case, Contestant
from edgecompress.core.errors import MeasureError
from edgecompress.core.measurement import Measurement, exact
from edgecompress.core.texts import TextSet
from edgecompress.recipe import checks as settings
from edgecompress.runtime.machine import fingerprint
from edgecompress.store.keys import library_versions, step_key
from edgecompress.store.store import Store
from edgecompress.workflow.contestants import contestant
from edgecompress.workflow.workspace import Workspace

VERSION = 1
PAIRS = 100  # timings; fewer than the gate's, since nothing is judged here
LIBRARIES = ("torch", "onnxruntime", "numpy", "scipy")


def stage_metrics(
    made: Artifact, teacher: Artifact, texts: TextSet | None, case: Case, ws: Workspace
) -> tuple[Measurement, ...]:
    """Measure a stage's output, or find what was measured on this machine before.

    Args:
        texts: the validation rows; without them only sizes are told.
        case: gives labels and seed.
    """
    key = step_key(
        {
            "kind": "measurements",
            "version": VERSION,
            "inputs": [made.digest, teacher.digest, texts.digest if texts else None],
            "machine": fingerprint(),
            "libraries": library_versions(LIBRARIES),
            "seed": case.seed,
        }
    )
    if found := ws.store.find(key):
        return load_measurements(found)
    ours = contestant(made, made.kind)
    measured = [
        exact("size_bytes", ours.weights_bytes, "bytes", "bytes of the weights file"),
        exact("parameters", ours.params, "parameters", "stored elements"),
    ]
    if texts is not None:
        measured += _behaviour(ours, contestant(teacher, "teacher"), texts, case)
    return save_measurements(measured, key, (made.digest, teacher.digest), ws.store)


def _behaviour(
    ours: Contestant, teacher: Contestant, texts: TextSet, case: Case
) -> list[Measurement]:
    role = texts.name
    here = Case(ours, teacher, {role: texts}, case.labels, case.seed, progress=case.progress)
    found = [
        *accuracy.measure(here, settings.Accuracy(check="accuracy", data=role)),
        *loyalty.measure(here, settings.Loyalty(check="loyalty", data=role)),
    ]
    timing = settings.Latency(check="latency", data=role, pairs=PAIRS)
    try:
        found += latency.measure(here, timing)
    except MeasureError as error:
        case.progress.warn(f"{ours.name}: no latency in the stage table: {error}")
    return found


def save_measurements(
    measured: list[Measurement], key: str, parents: tuple[str, ...], store: Store
) -> tuple[Measurement, ...]:
    """Seal measurements in the store."""
    with store.lock(key), store.draft(key) as draft:
        text = json.dumps([asdict(m) for m in measured], indent=1, allow_nan=False)
        (draft / "measurements.json").write_text(text)
        return load_measurements(store.seal(draft, key, "measurements", parents, {}))


def load_measurements(sealed: Artifact) -> tuple[Measurement, ...]:
    """Read them back."""
    rows = json.loads((sealed.path / "measurements.json").read_text())
    return tuple(Measurement(**row) for row in rows)
