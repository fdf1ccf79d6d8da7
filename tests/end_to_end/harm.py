"""Ways to spoil a recipe or a model, so that checks can be seen to fail."""

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

SMOKE = Path(__file__).parents[2] / "recipes/smoke.yaml"


def write_recipe(folder: Path, changes: dict[str, str]) -> Path:
    """The smoke recipe with texts replaced."""
    text = SMOKE.read_text()
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "recipe.yaml"
    path.write_text(text)
    return path


def exchange_classes(folder: Path) -> None:
    """Make a model answer the opposite: negate its logits, in place."""
    path = folder / "model.onnx"
    model = onnx.load(str(path))
    graph = model.graph
    (output,) = graph.output
    for node in graph.node:
        node.output[:] = [
            "original_logits" if name == output.name else name for name in node.output
        ]
    graph.node.append(onnx.helper.make_node("Neg", ["original_logits"], [output.name]))
    onnx.save(model, str(path))


def spoil_scales(folder: Path) -> int:
    """Multiply every weight scale of an int8 graph by a random number; returns how many."""
    path = folder / "model.onnx"
    model = onnx.load(str(path))
    rng = np.random.default_rng(0)
    spoilt = 0
    for tensor in model.graph.initializer:
        if tensor.name.endswith("_scale"):
            scale = numpy_helper.to_array(tensor)
            wrong = (scale * rng.uniform(0.05, 20, scale.shape)).astype(scale.dtype)
            tensor.CopyFrom(numpy_helper.from_array(np.asarray(wrong), tensor.name))
            spoilt += 1
    onnx.save(model, str(path))
    return spoilt
