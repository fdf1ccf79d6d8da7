"""The portable graph of a bundle: standard operators only, for ONNX Runtime Web and other engines.

It lies where Hugging Face's JavaScript library looks for an 8-bit graph, and is believed once it
gives the golden answers.
"""

from pathlib import Path

import onnx

from edgecompress.core.errors import StageError
from edgecompress.models.int8 import EIGHT_BITS
from edgecompress.models.portable import not_standard, portable
from edgecompress.runtime.golden import GoldenCheck, check_golden, read_golden
from edgecompress.runtime.model import EdgeModel

PLACES = {True: "onnx/model_quantized.onnx", False: "onnx/model.onnx"}  # by: are weights 8 bits?


def write_portable(folder: Path) -> str:
    """Write the portable form of model.onnx beside it, and say how it answered.

    Args:
        folder: a bundle that has its golden answers and is not sealed yet.

    Raises:
        StageError: the graph has operators that have no standard form here, or answers otherwise.
    """
    graph = onnx.load(folder / "model.onnx")
    if not not_standard(graph):
        return "model.onnx holds standard operators only; no second graph is needed"
    made = portable(graph)
    if left := not_standard(made):
        raise StageError(
            f"release: {', '.join(left)} have no portable form; set `attention: unfused` in the "
            "export stage, or `portable: false`"
        )
    eight_bits = any(w.data_type in EIGHT_BITS for w in made.graph.initializer)
    place = PLACES[eight_bits]
    file = folder / place
    file.parent.mkdir(exist_ok=True)
    onnx.save(made, file)
    found = check_golden(EdgeModel(folder, file), read_golden(folder))
    _require_equal(place, found)
    return f"{place}: {file.stat().st_size:,} bytes, standard operators only; {found}"


def _require_equal(place: str, found: GoldenCheck) -> None:
    if not found.holds or found.other_labels:
        raise StageError(
            f"release: {place} answers otherwise than model.onnx: {found}; set `portable: false`"
        )
