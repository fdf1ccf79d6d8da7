import json
from dataclasses import replace

import onnx
import pytest
import torch
from onnxruntime.transformers import optimizer
from torch import Tensor, nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    PreTrainedModel,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from edgecompress.core.errors import StageError
from edgecompress.models.encoder import Encoder, EncoderConfig, LowRank, take_layers

TINY = EncoderConfig(
    vocab_size=50,
    hidden=16,
    heads=(4, 2, 1),
    head_size=4,
    intermediate=(24, 8, 40),
    labels=("bad", "good"),
    max_positions=20,
)


def hugging_face(family: str) -> PreTrainedModel:
    """A random classifier with weights large enough that a mistake would show in the logits."""
    torch.manual_seed(3)
    sizes = {"vocab_size": 99, "num_labels": 3, "initializer_range": 0.5}
    bert = {"num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 80}
    if family == "bert":
        config = BertConfig(**sizes, **bert, hidden_size=48, max_position_embeddings=40)
        return BertForSequenceClassification(config).eval()
    if family == "roberta":
        config = RobertaConfig(
            **sizes, **bert, hidden_size=48, max_position_embeddings=42, type_vocab_size=1
        )
        return RobertaForSequenceClassification(config).eval()
    config = DistilBertConfig(
        **sizes, n_layers=3, n_heads=4, hidden_dim=80, dim=48, max_position_embeddings=40
    )
    return DistilBertForSequenceClassification(config).eval()


def batch(pad_id: int = 0, vocab_size: int = 99) -> tuple[Tensor, Tensor]:
    """Four texts of 17, 9, 3 and 17 tokens."""
    ids = torch.randint(3, vocab_size, (4, 17), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    mask[1, 9:] = mask[2, 3:] = 0
    ids[mask == 0] = pad_id
    return ids, mask


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta"])
def test_answers_as_the_hugging_face_model_it_was_made_from(family):
    model = hugging_face(family)
    encoder = Encoder.from_pretrained(model)
    ids, mask = batch(encoder.config.pad_id)
    with torch.no_grad():
        expected = model(input_ids=ids, attention_mask=mask).logits
        torch.testing.assert_close(encoder(ids, mask).logits, expected, atol=1e-5, rtol=0)
    assert encoder.params == sum(weight.numel() for weight in model.parameters())


def test_reads_the_segments_of_a_pair_as_bert_does():
    model = hugging_face("bert")
    ids, mask = batch()
    types = (torch.arange(17) > 5).long().expand(4, 17)
    with torch.no_grad():
        expected = model(input_ids=ids, attention_mask=mask, token_type_ids=types).logits
        found = Encoder.from_pretrained(model)(ids, mask, types).logits
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert not torch.allclose(found, model(input_ids=ids, attention_mask=mask).logits)


def test_hidden_states_and_attention_maps_are_those_of_hugging_face():
    model = hugging_face("bert")
    model.set_attn_implementation("eager")
    ids, mask = batch()
    with torch.no_grad():
        theirs = model(
            input_ids=ids, attention_mask=mask, output_hidden_states=True, output_attentions=True
        )
        ours = Encoder.from_pretrained(model)(ids, mask, hidden=True, attention=True)
    for found, expected in zip(ours.hidden, theirs.hidden_states, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    for found, expected in zip(ours.attention, theirs.attentions, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_explicit_attention_answers_as_the_fused_kernel():
    encoder = Encoder(TINY).eval()
    ids, mask = batch(vocab_size=50)
    with torch.no_grad():
        expected = encoder(ids, mask).logits
        encoder.explicit_attention = True
        torch.testing.assert_close(encoder(ids, mask).logits, expected, atol=1e-6, rtol=0)


def test_padding_does_not_change_an_answer():
    encoder = Encoder(TINY).eval()
    ids, mask = batch(vocab_size=50)
    with torch.no_grad():
        alone = encoder(ids[2:3, :3], mask[2:3, :3]).logits
        torch.testing.assert_close(encoder(ids, mask).logits[2:3], alone, atol=1e-6, rtol=0)


def test_layers_may_differ_in_heads_and_in_width():
    encoder = Encoder(TINY).eval()
    assert [layer.attention.query.out_features for layer in encoder.layers] == [16, 8, 4]
    assert [layer.up.out_features for layer in encoder.layers] == [24, 8, 40]
    assert encoder(*batch(vocab_size=50)).logits.shape == (4, 2)


def test_a_low_rank_embedding_saves_the_weights_it_promises():
    # 50 x 16 words against 50 x 4 words and a 4 x 16 matrix
    full, thin = Encoder(TINY), Encoder(replace(TINY, embedding_rank=4))
    assert full.params - thin.params == 50 * 16 - (50 * 4 + 4 * 16)
    assert thin(*batch(vocab_size=50)).logits.shape == (4, 2)


LOW_RANKS = ({"query": 3, "out": 5}, {}, {"up": 6, "down": 7})


def test_each_matrix_of_each_layer_may_have_a_rank_of_its_own():
    full, thin = Encoder(TINY), Encoder(replace(TINY, ranks=LOW_RANKS))
    assert thin(*batch(vocab_size=50)).logits.shape == (4, 2)
    assert thin.layers[0].attention.query.rank == 3
    assert thin.layers[2].down.in_features == 40
    # in x out against rank x (in + out), of 16 x 16, 16 x 16, 16 x 40 and 40 x 16
    saved = 256 - 3 * 32 + 256 - 5 * 32 + 640 - 6 * 56 + 640 - 7 * 56
    assert full.params - thin.params == saved


def test_a_low_rank_layer_is_the_product_of_its_factors():
    layer = LowRank(16, 3, 8)
    whole = nn.Linear(16, 8)
    with torch.no_grad():
        whole.weight.copy_(layer.widen.weight @ layer.narrow.weight)
        whole.bias.copy_(layer.widen.bias)
    states = torch.randn(2, 5, 16)
    torch.testing.assert_close(layer(states), whole(states), atol=1e-6, rtol=0)


@pytest.mark.parametrize("config", [TINY, replace(TINY, ranks=LOW_RANKS)])
def test_a_configuration_survives_json(config):
    assert EncoderConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_a_configuration_from_before_there_were_ranks_still_loads():
    written = {key: value for key, value in TINY.to_json().items() if key != "ranks"}
    assert EncoderConfig.from_json(written) == TINY


def test_a_configuration_with_two_depths_is_refused():
    with pytest.raises(ValueError, match="heads has 2 layers, intermediate has 3"):
        replace(TINY, heads=(4, 4))


def test_ranks_of_another_depth_are_refused():
    with pytest.raises(ValueError, match="heads has 3 layers, ranks has 1"):
        replace(TINY, ranks=({},))


def test_a_rank_of_no_matrix_is_refused():
    with pytest.raises(ValueError, match=r"no matrix \['quary'\]; there are \['query'"):
        replace(TINY, ranks=({"quary": 3}, {}, {}))


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match=r"no activation \['swish'\]"):
        replace(TINY, activation="swish")


def test_taken_layers_are_copies_of_the_layers_named():
    encoder = Encoder(TINY)
    taken = take_layers(encoder, (0, 2))
    assert taken.config.intermediate == (24, 40)
    assert torch.equal(taken.layers[1].up.weight, encoder.layers[2].up.weight)
    assert torch.equal(taken.embeddings.word.weight, encoder.embeddings.word.weight)
    with torch.no_grad():
        taken.layers[1].up.weight.zero_()
    assert encoder.layers[2].up.weight.abs().sum() > 0


def test_taken_layers_keep_their_ranks():
    taken = take_layers(Encoder(replace(TINY, ranks=LOW_RANKS)), (1, 2))
    assert taken.config.ranks == LOW_RANKS[1:]
    assert taken.layers[1].up.rank == 6


def test_an_architecture_that_the_encoder_cannot_hold_is_refused_with_the_ones_it_can():
    gpt = GPT2ForSequenceClassification(GPT2Config(n_layer=1, n_head=2, n_embd=8, vocab_size=20))
    with pytest.raises(StageError, match=r"a gpt2 network cannot .* bert, distilbert, roberta"):
        Encoder.from_pretrained(gpt)


class LogitsOnly(nn.Module):
    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return self.encoder(ids, mask).logits


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the legacy exporter announces its end
def test_onnxruntime_fuses_every_layer_of_the_explicit_arithmetic(tmp_path):
    encoder = Encoder(replace(TINY, heads=(4, 4, 4))).eval()
    for weight in encoder.parameters():
        nn.init.normal_(weight)  # equal biases would be shared, and shared ones are not fused
    encoder.explicit_attention = True
    path = tmp_path / "model.onnx"
    names = ["input_ids", "attention_mask"]
    torch.onnx.export(
        LogitsOnly(encoder),
        batch(vocab_size=50),
        path,
        input_names=names,
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in names},
        opset_version=17,
        dynamo=False,
    )
    fused = optimizer.optimize_model(str(path), "bert", num_heads=4, hidden_size=16, opt_level=0)
    onnx.checker.check_model(onnx.load(path))
    counts = fused.get_fused_operator_statistics()
    assert (counts["Attention"], counts["BiasGelu"], counts["SkipLayerNormalization"]) == (3, 3, 6)
    assert counts["EmbedLayerNormalization"] == 1
