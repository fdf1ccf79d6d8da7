"""Check `size`: what the candidate costs on disk, in memory, and at its first answer."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence

import numpy as np

from edgecompress.core.case import Case
from edgecompress.core.errors import MeasureError
from edgecompress.core.measurement import Measurement, exact
from edgecompress.recipe.budget import Size

STARTS = 7  # fresh processes; the fewest whose range covers the median at 98 %


def measure(case: Case, settings: Size) -> Sequence[Measurement]:
    """Bytes and parameters exactly; cold start and peak memory over fresh processes."""
    ours, teacher = case.candidate, case.teacher
    starts = []
    with case.progress.track("cold starts", STARTS, "processes") as bar:
        for _ in range(STARTS):
            starts.append(_probe(case))
            bar.advance()
    return [
        exact("size_bytes", ours.weights_bytes, "bytes", "bytes of model.onnx"),
        exact(
            "size_ratio",
            ours.weights_bytes / teacher.weights_bytes,
            "of the teacher",
            "bytes of model.onnx over bytes of the teacher's weights",
        ),
        exact("parameters", ours.params, "parameters", "stored elements of the graph's weights"),
        _median("cold_start_ms", [s["cold_start_ms"] for s in starts], "ms"),
        _median("peak_rss_bytes", [s["peak_rss_bytes"] for s in starts], "bytes"),
    ]


def _probe(case: Case) -> dict[str, float]:
    """Start the runtime afresh on the candidate and have it answer once."""
    command = [sys.executable, "-m", "edgecompress.runtime", str(case.candidate.folder), "--probe"]
    command += ["--started-ns", str(time.monotonic_ns())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise MeasureError(f"size: the runtime did not start: {done.stderr.strip()[-300:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


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
