"""Check `size`: what the candidate costs on disk, in memory, and at its first answer."""

from collections.abc import Sequence

from edgecompress.core.case import Case
from edgecompress.core.measurement import Measurement, exact
from edgecompress.core.starts import cold_starts
from edgecompress.recipe.budget import Size


def measure(case: Case, settings: Size) -> Sequence[Measurement]:
    """Bytes and parameters exactly; cold start and peak memory over fresh processes."""
    ours, teacher = case.candidate, case.teacher
    return [
        exact("size_bytes", ours.weights_bytes, "bytes", "bytes of model.onnx"),
        exact(
            "size_ratio",
            ours.weights_bytes / teacher.weights_bytes,
            "of the teacher",
            "bytes of model.onnx over bytes of the teacher's weights",
        ),
        exact("parameters", ours.params, "parameters", "stored elements of the graph's weights"),
        *cold_starts([str(ours.folder)], case.progress),
    ]
