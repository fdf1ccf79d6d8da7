import json
from typing import Any

import pytest

from edgecompress.core.errors import StageError
from edgecompress.models.cells import CellEncoder
from edgecompress.models.checkpoint import as_encoder, load_model
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.cells import Cells
from edgecompress.recipe.objective import Objective
from edgecompress.recipe.shipping import Export, Quantize
from edgecompress.runtime.model import EdgeModel
from edgecompress.stages import cells, export, quantize

NODES = (
    {"op": "conv3", "reads": (0,)},
    {"op": "attention", "reads": (0,)},
    {"op": "gated", "reads": (1, 2)},
)


def asking(**values: Any) -> Cells:
    quick = {
        "kind": "cells",
        "nodes": NODES,
        "repeats": 1,
        "head_size": 16,
        "epochs": 1,
        "learning_rate": 1e-3,
        "max_length": 48,
        "precision": "fp32",
    }
    return Cells(**{**quick, **values})


def test_a_student_of_cells_learns_and_ships_as_int8(
    teacher, new_context, small_context, new_artifact
):
    ctx = new_context(teacher=teacher)
    facts = cells.run(teacher, asking(epochs=3), ctx)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["best_validation"] > 0.6  # seen: 0.8; half is chance
    student = load_model(ctx.out)
    assert isinstance(student, CellEncoder)
    assert facts["params"] == student.params
    graph, small = small_context(), small_context()
    told = export.run(new_artifact(ctx.out), Export(kind="export"), graph)
    assert told["parity"]["flips_alone"] == told["parity"]["flips_padded"] == 0
    quantize.run(new_artifact(graph.out), Quantize(kind="quantize"), small)
    texts = ctx.data["validation"].texts
    ours = EdgeModel.load(small.out, verify=False).logits(texts).argmax(axis=1)
    assert (ours == TorchPredictor(ctx.out).logits(texts).argmax(axis=1)).mean() > 0.9


def test_the_same_seed_gives_the_same_bytes_at_any_width(teacher, small_context):
    made = []
    for seed in (7, 7, 8):
        ctx = small_context(teacher=teacher, seed=seed)
        facts = cells.run(teacher, asking(width=32), ctx)
        assert facts["width"] == 32
        made.append((ctx.out / "model.safetensors").read_bytes())
    assert made[0] == made[1] != made[2]


def test_cells_are_not_taken_apart(teacher, small_context):
    ctx = small_context(teacher=teacher)
    cells.run(teacher, asking(), ctx)
    with pytest.raises(StageError, match="made of cells, .* put the stage before `cells`"):
        as_encoder(load_model(ctx.out))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objective": Objective(attention=1.0)}, "cells show no attention"),
        ({"objective": Objective(logits=0.0)}, "every part has weight 0"),
        ({"width": 40}, "width 40 is no multiple of head_size 16"),
        ({"width": 32, "objective": Objective(hidden=1.0)}, "state 0 of the student is 32 wide"),
        ({"max_length": 512}, "positions for 128"),
    ],
)
def test_what_cannot_be_is_refused(settings, message, teacher, small_context):
    with pytest.raises(StageError, match=message):
        cells.run(teacher, asking(**settings), small_context(teacher=teacher))
