"""Classifiers that add up one number for each word they know, so that every answer can be told."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from tests.runtime.conftest import word_sum_graph

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
LABELS = ("negative", "positive")


def write_word_model(
    folder: Path, scores: Mapping[str, Sequence[float]], labels: Sequence[str] = LABELS
) -> Path:
    """A folder for the runtime; unknown words, misspelt ones among them, say nothing.

    Args:
        scores: word -> what it adds to the logit of each label.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = [*SPECIAL, *scores]
    table = np.zeros((len(words), len(labels)), np.float32)
    for row, score in enumerate(scores.values(), start=len(SPECIAL)):
        table[row] = score
    onnx.save(word_sum_graph(table), folder / "model.onnx")
    (folder / "config.json").write_text(json.dumps({"id2label": dict(enumerate(labels))}))
    _tokenizer(words).save(str(folder / "tokenizer.json"))
    return folder


def _tokenizer(words: Sequence[str]) -> Tokenizer:
    vocabulary = {word: row for row, word in enumerate(words)}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return made
