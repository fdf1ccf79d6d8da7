"""Networks of cells: what they compute, and that every graph of theirs leaves as ONNX."""

import json
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from edgecompress.models.cells import CellEncoder, CellsConfig, cells_behind, config_behind
from edgecompress.models.encoder import Encoder, EncoderConfig
from edgecompress.models.int8 import quantize_dynamically
from edgecompress.models.onnx_graph import export_graph, fuse_attention, operator_counts, tidy
from edgecompress.recipe.cells import Cells
from edgecompress.recipe.learning import Distill
from edgecompress.recipe.searching import CellGraphs
from edgecompress.recipe.shipping import Quantize
from edgecompress.runtime.session import open_session
from edgecompress.search.cells import CellSpace
from edgecompress.search.chance import Chance
from edgecompress.search.genome import Shape
from tests.models.test_onnx_graph import batch

TABLES = EncoderConfig(
    vocab_size=50,
    hidden=16,
    heads=(4, 4),
    head_size=4,
    intermediate=(64, 64),
    labels=("bad", "good", "other"),
    max_positions=22,
)
BERT = ({"op": "attention", "reads": (0,)}, {"op": "feed_forward", "reads": (1,)})
# One of everything, two places read twice, and a sum.
ALL = (
    {"op": "attention", "reads": (0,)},
    {"op": "conv3", "reads": (0,)},
    {"op": "identity", "reads": (1, 2)},
    {"op": "gated", "reads": (2,)},
    {"op": "conv5", "reads": (3,)},
    {"op": "feed_forward", "reads": (4, 5)},
)


def asking(nodes: tuple[dict[str, Any], ...] = ALL, **values: Any) -> Cells:
    return Cells(kind="cells", nodes=nodes, head_size=4, **{"repeats": 2, **values})


def network(settings: Cells, tables: EncoderConfig = TABLES) -> CellEncoder:
    """Random weights large enough that a mistake would show in the logits."""
    torch.manual_seed(3)
    made = CellEncoder(config_behind(tables, settings)).eval()
    for weight in made.parameters():
        nn.init.normal_(weight, std=0.5)
    return made


def answers(model: nn.Module, *inputs: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        return model(*inputs).logits.numpy()


def test_attention_and_feed_forward_in_a_row_are_berts_layer():
    torch.manual_seed(5)
    bert = Encoder(TABLES).eval()
    cells = cells_behind(bert, asking(BERT), seed=1).eval()
    names = {"attention.": "nodes.0.attention.", "attention_norm.": "nodes.0.norm."}
    names |= {"up.": "nodes.1.up.", "down.": "nodes.1.down.", "output_norm.": "nodes.1.norm."}
    for cell, layer in zip(cells.cells, bert.layers, strict=True):
        state = {
            new + name.removeprefix(old): weight
            for name, weight in layer.state_dict().items()
            for old, new in names.items()
            if name.startswith(old)
        }
        cell.load_state_dict(state)
    np.testing.assert_allclose(answers(cells, *batch()), answers(bert, *batch()), atol=1e-6)


def test_the_tables_are_the_models_and_the_head_too_where_it_fits():
    bert = Encoder(TABLES)
    same, narrow = (cells_behind(bert, asking(width=width), seed=1) for width in (None, 8))
    for student in (same, narrow):
        assert torch.equal(student.embeddings.word.weight, bert.embeddings.word.weight)
    assert torch.equal(same.head.dense.weight, bert.head.dense.weight)
    assert narrow.head.dense.weight.shape == (8, 8)


def test_the_first_weights_hang_on_the_seed_alone():
    bert = Encoder(TABLES)
    one, same, other = (cells_behind(bert, asking(), seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["cells.0.nodes.1.taps.0"], other["cells.0.nodes.1.taps.0"])


@pytest.mark.parametrize("explicit", [True, False])
def test_padding_changes_no_answer(explicit):
    made = network(asking())
    made.explicit_attention = explicit
    ids, mask, types = batch()
    together = answers(made, ids[:2], mask[:2], types[:2])
    alone = answers(made, ids[1:2, :5], mask[1:2, :5], types[1:2, :5])
    np.testing.assert_allclose(together[1:], alone, atol=1e-4)


def test_a_configuration_survives_a_file():
    config = config_behind(TABLES, asking(width=8))
    assert CellsConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_a_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(ValueError, match="width 10 is no multiple of head_size 4"):
        config_behind(TABLES, asking(width=10))


def random_cells(seed: int) -> Cells:
    """As a search would draw it."""
    space = CellSpace(
        CellGraphs(kind="cells", repeats=(1, 2, 3)),
        Shape(16, 4, (4,), (64,), vocabulary=50, positions=22, segments=2, classes=3),
    )
    (stage,) = space.stages(space.drawn(Chance(f"graph {seed}")), Distill(kind="distill"))
    assert isinstance(stage, Cells)
    return stage


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_any_graph_leaves_as_onnx_and_answers_alike(seed, fused, pairs):
    made = network(random_cells(seed))
    inputs = batch()[: 3 if pairs else 2]
    graph = export_graph(made, 17, pairs=pairs)
    graph = tidy(fuse_attention(graph, made.config) if fused else graph)
    np.testing.assert_allclose(answered(graph, *inputs), answers(made, *inputs), atol=2e-4)


def answered(graph, *inputs: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    names = [i.name for i in session.get_inputs()]
    feed = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
    return session.run(["logits"], feed)[0]


def test_only_standard_operators_stand_in_an_unfused_graph():
    graph = tidy(export_graph(network(asking()), 17, pairs=False))
    assert {node.domain for node in graph.graph.node} <= {"", "ai.onnx"}
    assert "Conv" not in operator_counts(graph)


def test_cells_of_8_bits_load_and_answer(tmp_path):
    made = network(asking(BERT))
    graph = tidy(fuse_attention(export_graph(made, 17, pairs=False), made.config))
    quantize_dynamically(graph, Quantize(kind="quantize"), tmp_path / "model.onnx")
    session = open_session(tmp_path / "model.onnx", threads=1)
    ids, mask, _ = (part[:1] for part in batch())
    found = session.run(["logits"], {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
    assert np.isfinite(found).all()
    assert operator_counts(graph)["Attention"] == 2  # as in BERT, nobody else reads what enters
