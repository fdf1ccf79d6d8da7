import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from edgecompress.core.errors import IntegrityError, StageError
from edgecompress.models.checkpoint import (
    copy_tokenizer,
    load_model,
    load_pretrained,
    read_labels,
    save_model,
)

IDS = torch.tensor([[2, 45, 60, 99, 3], [2, 12, 3, 0, 0]])
MASK = (IDS != 0).long()


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_an_encoder_comes_back_as_it_was_saved(encoder_folder, tmp_path):
    model = load_model(encoder_folder)
    again = tmp_path / "again"
    again.mkdir()
    save_model(model, again)
    for name in ("config.json", "model.safetensors"):
        assert (again / name).read_bytes() == (encoder_folder / name).read_bytes()
    assert model.labels == ("bad", "good")
    assert not model.training


def test_a_hugging_face_classifier_comes_back_with_its_labels_and_logits(hf_folder):
    theirs = AutoModelForSequenceClassification.from_pretrained(hf_folder, local_files_only=True)
    model = load_model(hf_folder)
    with torch.no_grad():
        expected = theirs.eval()(input_ids=IDS, attention_mask=MASK).logits
        torch.testing.assert_close(model(IDS, MASK).logits, expected)
    assert model.labels == ("bad", "good")
    assert model.max_tokens == 128  # max_position_embeddings of the tiny BERT


def test_loading_says_nothing_on_the_terminal(hf_folder, tiny_bert, capfd):
    load_model(hf_folder)
    load_pretrained(tiny_bert, ("a", "b", "c"), seed=1)
    assert capfd.readouterr() == ("", "")


def test_the_saved_tokenizer_cuts_where_other_tools_look(hf_folder):
    tokenizer = AutoTokenizer.from_pretrained(hf_folder, local_files_only=True)
    assert tokenizer.model_max_length == 32


def test_padding_left_in_a_tokenizer_is_taken_out(tiny_bert, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    copy_tokenizer(tiny_bert, source, max_length=64)
    edit(source / "tokenizer.json", truncation={"max_length": 8}, padding={"strategy": "Longest"})
    copy_tokenizer(source, target, max_length=64)
    settings = json.loads((target / "tokenizer.json").read_text())
    assert (settings["truncation"], settings["padding"]) == (None, None)


def test_special_tokens_are_read_from_the_settings_where_the_map_is_missing(tiny_bert, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    copy_tokenizer(tiny_bert, source, max_length=64)
    (source / "special_tokens_map.json").unlink()
    copy_tokenizer(source, target, max_length=64)
    assert json.loads((target / "special_tokens_map.json").read_text())["cls_token"] == "[CLS]"


def test_a_fresh_head_depends_on_the_seed_alone(tiny_bert):
    torch.manual_seed(0)
    one = load_pretrained(tiny_bert, ("a", "b", "c"), seed=1)
    two = load_pretrained(tiny_bert, ("a", "b", "c"), seed=1)
    other = load_pretrained(tiny_bert, ("a", "b", "c"), seed=2)
    assert torch.equal(one(IDS, MASK).logits, two(IDS, MASK).logits)
    assert not torch.equal(one(IDS, MASK).logits, other(IDS, MASK).logits)
    assert one.labels == ("a", "b", "c")


@pytest.mark.parametrize("kind", ["hf_folder", "encoder_folder"])
def test_a_head_with_another_number_of_labels_starts_anew_and_the_rest_stays(kind, request):
    folder = request.getfixturevalue(kind)
    before, after = load_model(folder), load_pretrained(folder, ("a", "b", "c"), seed=1)
    assert after(IDS, MASK).logits.shape == (2, 3)
    states = before(IDS, MASK, hidden=True).hidden[-1]
    assert torch.equal(after(IDS, MASK, hidden=True).hidden[-1], states)


@pytest.mark.parametrize("kind", ["hf_folder", "encoder_folder"])
def test_a_head_with_the_right_number_of_labels_is_kept(kind, request):
    folder = request.getfixturevalue(kind)
    before, after = load_model(folder), load_pretrained(folder, ("no", "yes"), seed=1)
    assert torch.equal(before(IDS, MASK).logits, after(IDS, MASK).logits)
    assert after.labels == ("no", "yes")


def test_a_model_without_a_head_is_no_classifier_yet(tiny_bert):
    with pytest.raises(StageError, match=r"no trained head .classifier.bias, classifier.weight"):
        load_model(tiny_bert)


def test_labels_nobody_named_have_numbers(tiny_bert, hf_folder):
    assert read_labels(tiny_bert) == ("LABEL_0", "LABEL_1")
    assert read_labels(hf_folder) == ("bad", "good")


def test_a_label_table_with_a_gap_is_refused(hf_folder):
    edit(hf_folder / "config.json", id2label={"0": "bad", "2": "good"})
    with pytest.raises(IntegrityError, match="id2label has no index '1'"):
        read_labels(hf_folder)


@pytest.mark.parametrize(
    "key",
    ["auto_map", "_attn_implementation_internal", "trust_remote_code", "quantization_config"],
)
def test_a_configuration_that_could_run_code_is_refused(hf_folder, key):
    edit(hf_folder / "config.json", text_config={key: {"AutoModel": "evil.Model"}})
    with pytest.raises(IntegrityError, match=f"config.json: {key} is refused"):
        load_model(hf_folder)


def test_pickled_weights_are_named_and_not_opened(hf_folder):
    (hf_folder / "model.safetensors").rename(hf_folder / "pytorch_model.bin")
    with pytest.raises(IntegrityError, match=r"pytorch_model.bin is never opened"):
        load_model(hf_folder)


@pytest.mark.parametrize("kind", ["hf_folder", "encoder_folder"])
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(kind, name, request):
    folder = request.getfixturevalue(kind)
    (folder / name).unlink()
    with pytest.raises(IntegrityError, match=name):
        load_model(folder)


@pytest.mark.parametrize("kind", ["hf_folder", "encoder_folder"])
def test_cut_weights_are_refused_in_one_line(kind, request):
    folder = request.getfixturevalue(kind)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(IntegrityError) as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


def test_a_body_that_does_not_fit_its_configuration_is_refused(hf_folder):
    edit(hf_folder / "config.json", num_hidden_layers=5)  # the file has four
    with pytest.raises(IntegrityError, match=r"lacks 16 weights .* bert.encoder.layer.4"):
        load_model(hf_folder)


def test_an_encoder_that_does_not_fit_its_configuration_is_refused(encoder_folder):
    settings = json.loads((encoder_folder / "config.json").read_text())
    edit(encoder_folder / "config.json", encoder=settings["encoder"] | {"hidden": 20})
    with pytest.raises(IntegrityError, match=r"model.safetensors: .*size mismatch"):
        load_model(encoder_folder)


def test_a_tokenizer_with_more_ids_than_the_word_table_is_refused_with_both_numbers(hf_folder):
    path = hf_folder / "tokenizer.json"
    settings = json.loads(path.read_text())
    settings["model"]["vocab"]["zzz"] = 300
    path.write_text(json.dumps(settings))
    with pytest.raises(IntegrityError, match=r"ids up to 300, the word table .* has 221 rows"):
        load_model(hf_folder)
