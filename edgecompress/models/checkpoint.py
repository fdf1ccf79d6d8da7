"""A folder of kind "torch-model": what is in it, and what is refused before it is opened.

config.json              Hugging Face's own, or ours: model_type "edgecompress-encoder", or "-cells"
model.safetensors        fp32; no other format is read, so no file can run code
tokenizer.json           tokenizer_config.json (model_max_length: the length in force)
special_tokens_map.json
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from edgecompress.core.errors import IntegrityError, StageError
from edgecompress.models.cells import CellEncoder
from edgecompress.models.classifier import Classifier
from edgecompress.models.encoder import Encoder
from edgecompress.models.hugging_face import (
    HuggingFaceClassifier,
    load_hugging_face,
    load_masked,
)
from edgecompress.models.own_encoder import OwnEncoder
from edgecompress.runtime.text import TextEncoder

OWN: Mapping[str, type[OwnEncoder]] = {each.model_type: each for each in (Encoder, CellEncoder)}
FAMILY = "bert"  # whose configuration tools read beside a graph; graphs of all families are alike
REFUSED_KEYS = {
    "_attn_implementation_internal": "it names code to be fetched and run",
    "auto_map": "it names code to be run",
    "quantization_config": "quantized weights cannot be trained; give the unquantized ones",
    "trust_remote_code": "code of a model is never run here",
}
SPECIAL_TOKENS = (
    *("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"),
)


def load_model(folder: Path) -> Classifier:
    """The trained classifier of a folder, in evaluation mode.

    Raises:
        IntegrityError: a file is missing, broken, of a refused kind, or does not fit the others.
        StageError: the model has no trained head.
    """
    settings = _require_sound(folder)
    if settings.get("model_type") in OWN:
        return _fitting(folder, _load_encoder(folder, settings))
    classifier, fresh = load_hugging_face(folder)
    if fresh:
        raise StageError(
            f"{folder}: has no trained head ({', '.join(fresh)} missing); "
            "fine-tune it first (teacher.finetune)"
        )
    return _fitting(folder, classifier)


def load_pretrained(folder: Path, labels: tuple[str, ...], seed: int) -> Classifier:
    """The encoder of a folder with a head for `labels`: its own where the number fits, else fresh.

    Raises:
        IntegrityError: as `load_model`.
    """
    settings = _require_sound(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if settings.get("model_type") in OWN:
            classifier: Classifier = _fit_head(_load_encoder(folder, settings), labels)
        else:
            classifier, _ = load_hugging_face(folder, classes=len(labels))
    classifier.rename_labels(labels)
    return _fitting(folder, classifier)


def load_masked_model(folder: Path) -> PreTrainedModel:
    """The masked language model of a folder, in evaluation mode.

    Raises:
        IntegrityError: a file is missing, broken, of a refused kind, or no such model.
    """
    _require_sound(folder)
    return load_masked(folder)


def as_encoder(model: Classifier) -> Encoder:
    """The model in our own class, whose layers can be taken apart.

    Raises:
        StageError: it is of no family whose layers ours can hold, or made of cells.
    """
    own = as_own(model)
    if not isinstance(own, Encoder):
        raise StageError(
            "this model is made of cells, which have no layers to take apart; "
            "put the stage before `cells`, or take it out"
        )
    return own


def as_own(model: Classifier) -> OwnEncoder:
    """The model as one of our own networks, all of which can be exported.

    Raises:
        StageError: it is of no family whose layers ours can hold.
    """
    if isinstance(model, HuggingFaceClassifier):
        return Encoder.from_pretrained(model.network)
    if not isinstance(model, OwnEncoder):
        raise TypeError(f"no way from a {type(model).__name__} to an encoder")
    return model


def read_labels(folder: Path) -> tuple[str, ...]:
    """The class names of config.json, by index; LABEL_0, LABEL_1 where nobody gave names.

    Raises:
        IntegrityError: config.json is missing, broken or refused, or its indexes have gaps.
    """
    table = _require_sound(folder).get("id2label", {"0": "LABEL_0", "1": "LABEL_1"})
    try:
        return tuple(table[str(index)] for index in range(len(table)))
    except KeyError as error:
        raise IntegrityError(f"{folder}/config.json: id2label has no index {error}") from error


def save_model(model: Classifier, folder: Path) -> None:
    """Write config.json and model.safetensors; `copy_tokenizer` writes the rest."""
    if isinstance(model, HuggingFaceClassifier):
        model.save(folder)
        return
    if not isinstance(model, OwnEncoder):
        raise TypeError(f"no file format for a {type(model).__name__}")
    write_json(
        folder / "config.json",
        {
            "model_type": model.model_type,
            "id2label": {str(index): label for index, label in enumerate(model.labels)},
            "label2id": {label: index for index, label in enumerate(model.labels)},
            "encoder": model.config.to_json(),
        },
    )
    weights = {name: weight.contiguous() for name, weight in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def write_graph_config(encoder: OwnEncoder, path: Path) -> None:
    """config.json beside a graph: sizes and labels in Hugging Face's words, all widths in ours.

    A text's answer does not depend on its batch, unless ranges are found anew for each answer.
    """
    config = encoder.config
    settings = {
        "model_type": FAMILY,
        "architectures": ["BertForSequenceClassification"],
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden,
        "num_hidden_layers": config.layers,
        "num_attention_heads": max(config.heads),
        "intermediate_size": max(config.intermediate),
        "max_position_embeddings": encoder.max_tokens,
        "type_vocab_size": config.type_vocab or 1,
        "layer_norm_eps": config.layer_norm_eps,
        "hidden_act": config.activation,
        "pad_token_id": config.pad_id,
        "num_labels": len(config.labels),
        "id2label": {str(index): label for index, label in enumerate(config.labels)},
        "label2id": {label: index for index, label in enumerate(config.labels)},
        "edgecompress": {"encoder": config.to_json(), "batch_invariant": True},
    }
    write_json(path, settings)


def copy_tokenizer(source: Path, target: Path, max_length: int) -> None:
    """Copy the tokenizer's files, with the length in force written into them.

    Padding and truncation that someone left in tokenizer.json go out: every text is encoded alone,
    and cut where tokenizer_config.json says.

    Raises:
        IntegrityError: tokenizer.json is missing or broken.
    """
    tokenizer = read_json(source / "tokenizer.json")
    tokenizer |= {"truncation": None, "padding": None}
    write_json(target / "tokenizer.json", tokenizer, indent=None)  # nobody reads it by eye
    settings = read_json(source / "tokenizer_config.json", missing_is_empty=True)
    settings.pop("auto_map", None)
    settings = {"tokenizer_class": "PreTrainedTokenizerFast"} | settings
    write_json(target / "tokenizer_config.json", {**settings, "model_max_length": max_length})
    special = read_json(source / "special_tokens_map.json", missing_is_empty=True)
    named = {key: settings[key] for key in SPECIAL_TOKENS if settings.get(key)}
    write_json(target / "special_tokens_map.json", special or named)


def _require_sound(folder: Path) -> dict[str, Any]:
    """The contents of config.json, once nothing in the folder is of a refused kind."""
    settings = read_json(folder / "config.json")
    for key in _keys(settings):
        if key in REFUSED_KEYS:
            raise IntegrityError(f"{folder}/config.json: {key} is refused: {REFUSED_KEYS[key]}")
    if not (folder / "model.safetensors").is_file():
        others = sorted(
            path.name for path in folder.iterdir() if path.suffix in (".bin", ".pt", ".pth", ".h5")
        )
        seen = f"; {others[0]} is never opened, since such files can run code" if others else ""
        raise IntegrityError(f"{folder}: model.safetensors is missing{seen}")
    return settings


def _keys(value: object) -> Iterator[str]:
    """Every key at any depth: a part of a model may have a configuration of its own."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)
    if isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def _load_encoder(folder: Path, settings: dict[str, Any]) -> OwnEncoder:
    network = OWN[settings["model_type"]]
    try:
        encoder = network(network.config_class.from_json(settings["encoder"]))
        encoder.load_state_dict(load_file(folder / "model.safetensors"))
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{folder}/config.json: not an encoder of ours: {error}") from error
    except (RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:300]
        raise IntegrityError(f"{folder}/model.safetensors: {reason}") from error
    return encoder.eval()


def _fit_head(encoder: OwnEncoder, labels: tuple[str, ...]) -> OwnEncoder:
    """The same encoder for other classes; its last layer starts anew where their number differs."""
    if len(labels) == len(encoder.labels):
        encoder.rename_labels(labels)
        return encoder
    fresh = type(encoder)(replace(encoder.config, labels=labels))
    kept = {name: weight for name, weight in encoder.state_dict().items() if "head.out" not in name}
    fresh.load_state_dict(kept, strict=False)
    return fresh.train(encoder.training)


def _fitting(folder: Path, model: Classifier) -> Classifier:
    """The model, once every id that its tokenizer can give has a row in its word table."""
    ids = TextEncoder(folder).vocab_size
    if ids > model.vocab_size:
        raise IntegrityError(
            f"{folder}: tokenizer.json gives ids up to {ids - 1}, "
            f"the word table of model.safetensors has {model.vocab_size} rows"
        )
    return model


def read_json(path: Path, *, missing_is_empty: bool = False) -> dict[str, Any]:
    """The object in a file.

    Raises:
        IntegrityError: it is missing, or no JSON object.
    """
    if missing_is_empty and not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise IntegrityError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise IntegrityError(f"{path}: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise IntegrityError(f"{path}: must be a JSON object, got {type(value).__name__}")
    return value


def write_json(path: Path, value: object, indent: int | None = 2) -> None:
    """Write JSON values; with `indent` None on one line."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
