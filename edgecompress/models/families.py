"""How three families of Hugging Face classifiers spell the widths and weights of our encoder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from transformers import PretrainedConfig, PreTrainedModel

from edgecompress.core.errors import StageError


@dataclass(frozen=True)
class Family:
    """One architecture: our name -> theirs, for fields of the configuration and for modules."""

    fields: Mapping[str, str]
    modules: Mapping[str, str]  # prefixes; {} is the number of the layer
    fixed: Mapping[str, Any]  # our fields that the family never varies
    offset_positions: bool = False  # rows of the position table begin behind the padding id


_BERT_FIELDS = {
    "hidden": "hidden_size",
    "heads": "num_attention_heads",
    "intermediate": "intermediate_size",
    "layers": "num_hidden_layers",
    "type_vocab": "type_vocab_size",
    "layer_norm_eps": "layer_norm_eps",
    "activation": "hidden_act",
    "dropout": "hidden_dropout_prob",
    "attention_dropout": "attention_probs_dropout_prob",
    "head_dropout": "classifier_dropout",
}


def _bert_modules(root: str) -> dict[str, str]:
    """Everything below the head, which BERT and RoBERTa name alike."""
    layer = f"{root}.encoder.layer.{{}}"
    return {
        "embeddings.word": f"{root}.embeddings.word_embeddings",
        "embeddings.position": f"{root}.embeddings.position_embeddings",
        "embeddings.segment": f"{root}.embeddings.token_type_embeddings",
        "embeddings.norm": f"{root}.embeddings.LayerNorm",
        "layers.{}.attention.query": f"{layer}.attention.self.query",
        "layers.{}.attention.key": f"{layer}.attention.self.key",
        "layers.{}.attention.value": f"{layer}.attention.self.value",
        "layers.{}.attention.out": f"{layer}.attention.output.dense",
        "layers.{}.attention_norm": f"{layer}.attention.output.LayerNorm",
        "layers.{}.up": f"{layer}.intermediate.dense",
        "layers.{}.down": f"{layer}.output.dense",
        "layers.{}.output_norm": f"{layer}.output.LayerNorm",
    }


FAMILIES: Mapping[str, Family] = {
    "bert": Family(
        _BERT_FIELDS,
        {**_bert_modules("bert"), "head.dense": "bert.pooler.dense", "head.out": "classifier"},
        {"head_activation": "tanh"},
    ),
    "roberta": Family(
        _BERT_FIELDS,
        {
            **_bert_modules("roberta"),
            "head.dense": "classifier.dense",
            "head.out": "classifier.out_proj",
        },
        {"head_activation": "tanh"},
        offset_positions=True,
    ),
    "distilbert": Family(
        {
            "hidden": "dim",
            "heads": "n_heads",
            "intermediate": "hidden_dim",
            "layers": "n_layers",
            "activation": "activation",
            "dropout": "dropout",
            "attention_dropout": "attention_dropout",
            "head_dropout": "seq_classif_dropout",
        },
        {
            "embeddings.word": "distilbert.embeddings.word_embeddings",
            "embeddings.position": "distilbert.embeddings.position_embeddings",
            "embeddings.norm": "distilbert.embeddings.LayerNorm",
            "layers.{}.attention.query": "distilbert.transformer.layer.{}.attention.q_lin",
            "layers.{}.attention.key": "distilbert.transformer.layer.{}.attention.k_lin",
            "layers.{}.attention.value": "distilbert.transformer.layer.{}.attention.v_lin",
            "layers.{}.attention.out": "distilbert.transformer.layer.{}.attention.out_lin",
            "layers.{}.attention_norm": "distilbert.transformer.layer.{}.sa_layer_norm",
            "layers.{}.up": "distilbert.transformer.layer.{}.ffn.lin1",
            "layers.{}.down": "distilbert.transformer.layer.{}.ffn.lin2",
            "layers.{}.output_norm": "distilbert.transformer.layer.{}.output_layer_norm",
            "head.dense": "pre_classifier",
            "head.out": "classifier",
        },
        {"head_activation": "relu", "type_vocab": 0, "layer_norm_eps": 1e-12},
    ),
}


def encoder_fields(config: PretrainedConfig) -> dict[str, Any]:
    """The fields of the `EncoderConfig` that a model of this configuration has.

    Raises:
        StageError: the family is not one of FAMILIES, or the model is a decoder.
    """
    family = _family(config)
    if getattr(config, "is_decoder", False):
        raise StageError(f"a {config.model_type} decoder is no text encoder; use an encoder")
    read = {ours: getattr(config, theirs) for ours, theirs in family.fields.items()}
    layers, heads = read.pop("layers"), read.pop("heads")
    if read["head_dropout"] is None:
        read["head_dropout"] = read["dropout"]
    pad_id = config.pad_token_id or 0
    return {
        **read,
        **family.fixed,
        "vocab_size": config.vocab_size,
        "heads": (heads,) * layers,
        "head_size": read["hidden"] // heads,
        "intermediate": (read["intermediate"],) * layers,
        "labels": tuple(config.id2label[index] for index in range(config.num_labels)),
        "max_positions": config.max_position_embeddings,
        "position_offset": pad_id + 1 if family.offset_positions else 0,
        "pad_id": pad_id,
    }


def encoder_weights(model: PreTrainedModel, wanted: Sequence[str]) -> dict[str, Tensor]:
    """The weights that our encoder calls `wanted`, out of a model of one of the FAMILIES."""
    modules, theirs = _family(model.config).modules, model.state_dict()
    found = {}
    for name in wanted:
        module, _, kind = name.rpartition(".")  # "layers.3.up", "weight"
        parts = module.split(".")
        number = parts[1] if parts[0] == "layers" else ""
        pattern = ".".join(["layers", "{}", *parts[2:]]) if number else module
        found[name] = theirs[f"{modules[pattern].format(number)}.{kind}"].detach().clone()
    return found


def _family(config: PretrainedConfig) -> Family:
    if config.model_type not in FAMILIES:
        raise StageError(
            f"a {config.model_type} network cannot become our encoder, "
            f"which holds {', '.join(sorted(FAMILIES))}; distil it into one of those instead"
        )
    return FAMILIES[config.model_type]
