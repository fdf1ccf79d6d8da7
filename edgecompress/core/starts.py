"""What the runtime costs before its first answer, measured over fresh processes."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

from edgecompress.core.errors import MeasureError
from edgecompress.core.measurement import Measurement
from edgecompress.core.progress import Progress

STARTS = 7  # fresh processes; the fewest whose range covers the median at 98 %
LONGEST_S = 300
IMPORT = (
    "import time; start = time.perf_counter(); from edgecompress.runtime import EdgeModel; "
    "print(1000 * (time.perf_counter() - start))"
)


def cold_starts(model: Sequence[str], progress: Progress) -> list[Measurement]:
    """Cold start, and peak memory until the first answer.

    Args:
        model: what the runtime's own command line is told: a folder, and options.

    Raises:
        MeasureError: the runtime does not start.
    """
    found = _repeated("cold starts", progress, lambda: _probe(model))
    return [
        _median("cold_start_ms", [one["cold_start_ms"] for one in found], "ms"),
        _median("peak_rss_bytes", [one["peak_rss_bytes"] for one in found], "bytes"),
    ]


def import_time(progress: Progress) -> Measurement:
    """Of the runtime alone, the start of Python left out.

    Raises:
        MeasureError: the runtime cannot be imported.
    """
    found = _repeated("imports", progress, lambda: {"ms": float(_output_of(["-c", IMPORT]))})
    return _median("import_ms", [one["ms"] for one in found], "ms")


def _repeated(
    what: str, progress: Progress, start: Callable[[], dict[str, float]]
) -> list[dict[str, float]]:
    found = []
    with progress.track(what, STARTS, "processes") as bar:
        for _ in range(STARTS):
            found.append(start())
            bar.advance()
    return found


def _probe(model: Sequence[str]) -> dict[str, float]:
    """Start the runtime afresh on a model and have it answer once."""
    arguments = ["-m", "edgecompress.runtime", *model, "--probe"]
    told = _output_of([*arguments, "--started-ns", str(time.monotonic_ns())])
    found: dict[str, float] = json.loads(told)
    return found


def _output_of(arguments: Sequence[str]) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    if done.returncode:
        raise MeasureError(f"cold start: the runtime did not start: {done.stderr.strip()[-300:]}")
    return done.stdout


def _median(name: str, values: Sequence[float], unit: str) -> Measurement:
    return Measurement(
        name,
        float(np.median(values)),
        float(min(values)),
        float(max(values)),
        unit,
        len(values),
        f"median of {len(values)} fresh processes; their range (98 %)",
    )
