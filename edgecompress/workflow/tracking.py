"""Telling MLflow of a finished run: from its files, after everything else is done.

A tracker is no part of a run. It is asked once the report lies on the disk; whatever goes wrong on
its side becomes a warning, and neither a verdict nor an exit code changes.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ruamel.yaml import YAML

from edgecompress.core.errors import InputError, MissingExtra
from edgecompress.core.progress import Progress
from edgecompress.report.reading import loads
from edgecompress.report.tracked import Tracked, tracked
from edgecompress.store.record import Journal
from edgecompress.workflow.records import EVENTS, RECIPE
from edgecompress.workflow.reports import FORMS

SETTINGS: Final = {  # of MLflow, where the user has not said otherwise
    "MLFLOW_DISABLE_TELEMETRY": "true",  # it would tell its makers of each run
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",  # its own two minutes, seven times over, hold a release up
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
}
HERE: Final = ("localhost", "127.0.0.1", "::1")
LOCAL: Final = ("sqlite", "file")
MOST_POINTS: Final = 1_000  # that MLflow takes at once
MOST_NAMES: Final = 100  # parameters, or tags


@dataclass(frozen=True)
class Kept:
    """What a folder knows of the run whose report lies in it."""

    tracked: Tracked
    files: tuple[Path, ...]
    began_ms: int | None  # since the epoch; None where no events were kept
    ended_ms: int | None

    @classmethod
    def of(cls, folder: Path) -> "Kept":
        """Read it."""
        report = folder / "report.json"
        recipe = folder / RECIPE
        asked = YAML(typ="safe").load(recipe) if recipe.is_file() else {}
        names = [*(name for name, _ in FORMS.values()), RECIPE, EVENTS]
        times = [_milliseconds(event["at"]) for event in Journal(folder / EVENTS).events()]
        return cls(
            tracked(loads(report.read_bytes(), str(report)), asked),
            tuple(folder / name for name in names if (folder / name).is_file()),
            min(times, default=None),
            max(times, default=None),
        )


def tracker_address(asked: str | None, *, offline: bool) -> str | None:
    """Where runs go, told before any compute; None where nobody asked.

    Args:
        asked: an address as MLflow writes it; "" for $MLFLOW_TRACKING_URI, else the file mlflow.db
            here, which is where MLflow itself looks.

    Raises:
        MissingExtra: MLflow is not installed.
        InputError: it lies on the network, which `--offline` forbids.
    """
    if asked is None:
        return None
    missing = [name for name in ("mlflow", "sqlalchemy", "alembic") if find_spec(name) is None]
    if missing:
        raise MissingExtra.of("--mlflow", missing[0], "mlflow")
    found = asked or os.environ.get("MLFLOW_TRACKING_URI") or _file_here()
    parts = urlsplit(found)
    if offline and parts.scheme not in LOCAL and parts.hostname not in HERE:
        raise InputError(
            f"--mlflow {shown(found)}: on the network, which --offline forbids; send the run later "
            "with `edgecompress report RUN --mlflow`"
        )
    return found


def track(folder: Path, address: str, progress: Progress) -> None:
    """Send the run whose report lies in `folder`; a warning where that fails, never an error."""
    try:
        with redirect_stdout(sys.stderr):  # MLflow greets there; ours is for results alone
            run = _send(Kept.of(folder), address)
    except Exception as error:  # whatever a tracker or its server comes up with
        progress.warn(
            f"not sent to MLflow at {shown(address)}: {_reason(error)}; nothing else is lost, and "
            f"`edgecompress report {folder} --mlflow` tries again"
        )
    else:
        progress.say(f"MLflow: run {run} at {shown(address)}")


def shown(address: str) -> str:
    """An address without the password that may stand in it."""
    parts = urlsplit(address)
    return (
        parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.netloc else address
    )


def _reason(error: BaseException) -> str:
    """One line: what the system said at the bottom of it, else what MLflow says."""
    root = error
    while deeper := root.__cause__ or root.__context__:
        root = deeper
    told = root if isinstance(root, OSError) else error
    return (str(told).strip() or type(told).__name__).splitlines()[0][:300]


def _file_here() -> str:
    return f"sqlite:///{Path.cwd() / 'mlflow.db'}"


def _send(kept: Kept, address: str) -> str:
    """One run with everything in it; its id."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    client = import_module("mlflow").MlflowClient(tracking_uri=address)
    known = client.get_experiment_by_name(kept.tracked.name)
    experiment = known.experiment_id if known else client.create_experiment(kept.tracked.name)
    run = client.create_run(experiment, start_time=kept.began_ms, run_name=_run_name(kept))
    run_id: str = run.info.run_id
    try:
        _log(client, run_id, kept)
        for file in kept.files:
            client.log_artifact(run_id, str(file))
    except BaseException:
        with suppress(Exception):  # else it would look as if it were still under way
            client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id, "FINISHED", kept.ended_ms)
    return run_id


def _run_name(kept: Kept) -> str:
    return f"{kept.tracked.name} {kept.tracked.tags['candidate.digest'][:8]}"


def _log(client: Any, run_id: str, kept: Kept) -> None:
    """In as few requests as MLflow allows."""
    entities, told = import_module("mlflow.entities"), kept.tracked
    when = kept.ended_ms or 0
    points = [entities.Metric(p.key, p.value, when, p.step) for p in told.points]
    for some in _batches(points, MOST_POINTS):
        client.log_batch(run_id, metrics=some)
    for some in _batches(_pairs(entities.Param, told.params), MOST_NAMES):
        client.log_batch(run_id, params=some)
    for some in _batches(_pairs(entities.RunTag, told.tags), MOST_NAMES):
        client.log_batch(run_id, tags=some)


def _pairs(kind: Any, values: Mapping[str, str]) -> list[Any]:
    return [kind(key, value) for key, value in values.items()]


def _batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _milliseconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1000)
