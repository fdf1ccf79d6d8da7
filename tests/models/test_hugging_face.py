import pytest
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    MPNetConfig,
    MPNetForSequenceClassification,
    PreTrainedModel,
)

from edgecompress.core.errors import IntegrityError
from edgecompress.models.hugging_face import HuggingFaceClassifier, load_hugging_face

SIZES = {
    "vocab_size": 30,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 20,
    "max_position_embeddings": 12,
    "initializer_range": 0.5,
}
IDS = torch.tensor([[5, 6, 7, 8], [9, 10, 1, 1]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
TYPES = torch.tensor([[0, 0, 1, 1], [0, 1, 0, 0]])


def network(name: str) -> PreTrainedModel:
    torch.manual_seed(4)
    if name == "mpnet":
        return MPNetForSequenceClassification(MPNetConfig(**SIZES)).eval()
    if name == "electra":
        return ElectraForSequenceClassification(ElectraConfig(**SIZES, embedding_size=8)).eval()
    return BertForSequenceClassification(BertConfig(**SIZES)).eval()


@pytest.mark.parametrize("name", ["mpnet", "electra", "bert"])
def test_any_architecture_comes_back_with_its_logits(name, tmp_path):
    before = HuggingFaceClassifier(network(name))
    before.rename_labels(("bad", "good"))
    before.save(tmp_path)
    after, fresh = load_hugging_face(tmp_path)
    assert fresh == ()
    assert after.labels == ("bad", "good")
    with torch.no_grad():
        expected = before(IDS, MASK, TYPES).logits
        assert torch.equal(after(IDS, MASK, TYPES).logits, expected)


@pytest.mark.parametrize(("name", "tokens"), [("mpnet", 10), ("electra", 12), ("bert", 12)])
def test_room_for_tokens_leaves_out_the_rows_behind_the_padding_id(name, tokens):
    # MPNet counts positions from its padding id, 1, plus one
    model = HuggingFaceClassifier(network(name))
    assert model.max_tokens == tokens
    whole = torch.full((1, tokens), 7)
    assert model(whole, torch.ones_like(whole)).logits.isfinite().all()


def test_segments_reach_only_networks_that_have_them():
    for name, differs in (("bert", True), ("mpnet", False)):
        model = HuggingFaceClassifier(network(name))
        with torch.no_grad():
            same = torch.equal(model(IDS, MASK, TYPES).logits, model(IDS, MASK).logits)
        assert same is not differs


def test_inner_states_are_given_when_asked_for():
    model = HuggingFaceClassifier(network("bert"))
    plain, full = model(IDS, MASK), model(IDS, MASK, hidden=True, attention=True)
    assert (plain.hidden, plain.attention) == (None, None)
    assert [tuple(state.shape) for state in full.hidden] == [(2, 4, 16)] * 3
    assert [tuple(maps.shape) for maps in full.attention] == [(2, 2, 4, 4)] * 2


def test_weights_of_half_precision_are_loaded_as_fp32(tmp_path):
    network("bert").to(torch.bfloat16).save_pretrained(tmp_path)
    model, _ = load_hugging_face(tmp_path)
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}


def test_an_architecture_that_nobody_knows_is_refused_in_one_line(tmp_path):
    network("bert").save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "unheard-of"}')
    with pytest.raises(IntegrityError, match="not a text classifier: .*unheard-of") as caught:
        load_hugging_face(tmp_path)
    assert "\n" not in str(caught.value)
