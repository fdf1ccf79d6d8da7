"""The imitation against the real thing: the exported graph after onnxruntime's own quantizer."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from edgecompress.models.activations import Calibration
from edgecompress.models.encoder import Encoder, EncoderConfig
from edgecompress.models.fake_quant import round_between, round_rows, rounded
from edgecompress.models.inputs import padded
from edgecompress.models.int8 import prepare, quantize_dynamically
from edgecompress.models.onnx_graph import export_graph, fuse_attention, tidy
from edgecompress.recipe.learning import Qat
from edgecompress.recipe.shipping import Quantize
from edgecompress.runtime.text import Encoded
from tests.graphs import exact_session

TINY = EncoderConfig(
    vocab_size=50,
    hidden=16,
    heads=(4, 2),
    head_size=4,
    intermediate=(24, 40),
    labels=("bad", "good", "other"),
    max_positions=22,
)
THIN = {"embedding_rank": 8, "ranks": ({"query": 4}, {"out": 4, "down": 8})}
FAMILIES = {
    "plain": {},
    "thin": THIN,
    "no types": {"type_vocab": 0},
    "later positions": {"position_offset": 2, "pad_id": 1, "type_vocab": 1},
    "one layer": {"heads": (4,), "intermediate": (24,)},
}


def network(**changes: Any) -> Encoder:
    """Random weights large enough that a mistake would show in the logits."""
    torch.manual_seed(3)
    encoder = Encoder(replace(TINY, **changes)).eval()
    for weight in encoder.parameters():
        nn.init.normal_(weight, std=0.3)
    return encoder


def texts(*, pairs: bool = False) -> list[Encoded]:
    """Forty texts of 2 to 20 tokens; the second half of a pair is of type 1."""
    chance = np.random.default_rng(5)
    made = []
    for length in chance.integers(2, 21, size=40):
        second = length // 2 if pairs else 0
        types = [0] * (length - second) + [1] * second
        made.append(Encoded(chance.integers(2, 50, size=length).tolist(), types, truncated=False))
    return made


def rehearse(encoder: Encoder, given: list[Encoded], pairs: bool = False, **how: Any) -> Tensor:
    settings = Qat(kind="qat", **how)
    with torch.inference_mode():
        answers = rounded(encoder, settings, pairs=pairs)(*padded(given, encoder.config.pad_id))
    return answers.logits


def graph_answers(file: Path, given: list[Encoded]) -> np.ndarray:
    """Each text alone and unpadded, as the runtime asks."""
    session = exact_session(file)
    names = [graph_input.name for graph_input in session.get_inputs()]
    answers = []
    for text in given:
        inputs = padded([text], 0)
        feed = {name: getattr(inputs, name).numpy() for name in names}
        answers.append(session.run(["logits"], feed)[0][0])
    return np.array(answers)


def floating(encoder: Encoder, *, fused: bool, pairs: bool) -> onnx.ModelProto:
    graph = export_graph(encoder, 17, pairs=pairs)
    return tidy(fuse_attention(graph, encoder.config) if fused else graph)


def far(ours: Tensor, theirs: np.ndarray) -> np.ndarray:
    return np.abs(ours.numpy() - theirs).max(axis=1)


@pytest.mark.parametrize("pairs", [False, True], ids=["single", "pairs"])
@pytest.mark.parametrize("fused", [False, True], ids=["unfused", "fused"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_padded_batch_answers_as_the_dynamic_graph_does_one_by_one(
    family, fused, pairs, tmp_path
):
    encoder, given = network(**FAMILIES[family]), texts(pairs=pairs)
    file = tmp_path / "model.onnx"
    graph = floating(encoder, fused=fused, pairs=pairs)
    quantize_dynamically(graph, Quantize(kind="quantize"), file)
    distances = far(rehearse(encoder, given, pairs), graph_answers(file, given))
    # 5e-7 was seen, but for one text of which one number fell on the other side of a half
    assert (distances < 1e-5).sum() >= 38
    assert distances.max() < 0.02


@pytest.mark.parametrize("changes", [{"embeddings": False}, {"reduce_range": True}])
@pytest.mark.parametrize("family", ["plain", "thin"])
def test_settings_mean_what_they_mean_to_quantize(family, changes, tmp_path):
    encoder, given = network(**FAMILIES[family]), texts()
    file = tmp_path / "model.onnx"
    graph = floating(encoder, fused=True, pairs=False)
    quantize_dynamically(graph, Quantize(kind="quantize", **changes), file)
    theirs = graph_answers(file, given)
    assert (far(rehearse(encoder, given, **changes), theirs) < 1e-5).sum() >= 38
    assert np.median(far(rehearse(encoder, given), theirs)) > 1e-3  # without the change


@pytest.mark.parametrize("family", FAMILIES)
def test_static_loses_as_much_as_the_graph_that_is_calibrated_on_the_batch(family, tmp_path):
    encoder, given = network(**FAMILIES[family]), texts()
    file = tmp_path / "model.onnx"
    feeds = (
        {"input_ids": np.array([text.ids]), "attention_mask": np.ones((1, len(text.ids)), np.int64)}
        for text in given
    )
    static = Quantize(kind="quantize", scheme="static")
    graph = floating(encoder, fused=False, pairs=False)
    onnx.save(prepare(graph, static, Calibration(list(feeds))).quantized(), file)
    with torch.inference_mode():
        plain = encoder(*padded(given, encoder.config.pad_id)).logits.numpy()
    ours = np.median(far(rehearse(encoder, given, scheme="static"), plain))
    theirs = np.median(np.abs(graph_answers(file, given) - plain).max(axis=1))
    assert 0.7 < ours / theirs < 1.4  # 0.81 to 1.15 was seen; no text rounds quite alike


def test_a_text_alone_keeps_its_dynamic_answer_and_not_its_static_one():
    encoder, given = network(), texts()
    for scheme, same in (("dynamic", True), ("static", False)):
        alone = torch.cat([rehearse(encoder, [text], scheme=scheme) for text in given])
        distances = far(rehearse(encoder, given, scheme=scheme), alone.numpy())
        assert (np.median(distances) < 1e-5) == same


def test_each_row_of_a_matrix_has_its_own_step():
    matrix = torch.tensor([[1.0, -0.5, 0.001], [0.0, 0.0, 0.0], [-0.127, 0.0635, 0.0014]])
    # the largest becomes 127 steps; 63.5 and 1.4 steps become 64 and 1
    expected = torch.tensor([[127.0, -64, 0], [0, 0, 0], [-127, 64, 1]])
    expected *= torch.tensor([[1 / 127], [1], [0.001]])
    assert torch.allclose(round_rows(matrix, 127), expected, atol=1e-7)


def test_activations_have_256_steps_and_a_zero():
    low, high = torch.tensor(-1.0), torch.tensor(1.55)  # 0.01 each; 0 is step 100
    values = torch.tensor([-1.0, -0.004, 0.0, 0.006, 1.55, 3.0, -3.0])
    expected = torch.tensor([-1.0, 0.0, 0.0, 0.01, 1.55, 1.55, -1.0])
    assert torch.allclose(round_between(values, low, high), expected, atol=1e-6)
    nothing = torch.tensor(0.0)
    assert round_between(torch.zeros(3), nothing, nothing).tolist() == [0, 0, 0]


@pytest.mark.parametrize("scheme", ["dynamic", "static"])
def test_gradients_reach_every_weight_as_if_nothing_were_rounded(scheme):
    encoder, given = network(**THIN), texts(pairs=True)
    learner = rounded(encoder, Qat(kind="qat", scheme=scheme), pairs=True)
    directions = []
    for model in (learner, encoder):
        model(*padded(given, 0)).logits.square().sum().backward()
        grads = [weight.grad for weight in model.parameters()]
        assert all(grad is not None and bool(grad.isfinite().all()) for grad in grads)
        directions.append(torch.cat([grad.flatten() for grad in grads]))
    assert torch.cosine_similarity(*directions, dim=0) > 0.98


def test_an_encoder_takes_the_weights_back():
    encoder = network(**THIN)
    learner = rounded(encoder, Qat(kind="qat"), pairs=False)
    assert list(learner.state_dict()) == list(encoder.state_dict())
    with torch.no_grad():
        learner.head.out.bias.add_(1)
    encoder.load_state_dict(learner.state_dict())
    assert torch.equal(encoder.head.out.bias, learner.head.out.bias)
