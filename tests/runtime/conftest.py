"""A model of ten words whose every answer can be added up by hand.

Its logits are the sums of the rows of TABLE for the words of a text: "good" says positive by 1,
"bad" says negative by 1, [PAD] shouts if anybody listens, everything else says nothing.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "bad", "good", "film", "not", "##s"]
TABLE = np.zeros((10, 2), dtype=np.float32)
TABLE[0], TABLE[5], TABLE[6] = (99, 99), (1, 0), (0, 1)


@pytest.fixture
def tokenizer() -> Tokenizer:
    """WordPiece with BERT's special tokens around singles and pairs."""
    made = Tokenizer(
        models.WordPiece({word: i for i, word in enumerate(VOCABULARY)}, unk_token="[UNK]")
    )
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return made


@pytest.fixture
def folder(tmp_path: Path, tokenizer: Tokenizer) -> Path:
    """A folder that holds just that tokenizer."""
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def word_sum_graph(
    table: np.ndarray = TABLE, *, type_ids: bool = False, kind: int = TensorProto.INT64
) -> onnx.ModelProto:
    """logits[text] = sum of table[id] over its unmasked tokens (+ number of type-1 tokens)."""
    names = ["input_ids", "attention_mask"] + (["token_type_ids"] if type_ids else [])
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["words"], keepdims=0),
    ]
    if type_ids:
        nodes += [
            helper.make_node("Cast", ["token_type_ids"], ["types"], to=TensorProto.FLOAT),
            helper.make_node("ReduceSum", ["types", "middle"], ["second"], keepdims=1),
            helper.make_node("Add", ["words", "second"], ["logits"]),
        ]
    else:
        nodes.append(helper.make_node("Identity", ["words"], ["logits"]))
    graph = helper.make_graph(
        nodes,
        "word_sum",
        [helper.make_tensor_value_info(name, kind, ["batch", "length"]) for name in names],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", table.shape[1]])],
        [
            numpy_helper.from_array(table.astype(np.float32), "table"),
            numpy_helper.from_array(np.array([2]), "last"),
            numpy_helper.from_array(np.array([1]), "middle"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


MakeModel = Callable[..., Path]


@pytest.fixture
def make_model(folder: Path) -> MakeModel:
    """Write a word-sum model beside the tokenizer; keywords go to `word_sum_graph`."""

    def make(
        labels: tuple[str, ...] = ("negative", "positive"),
        place: str = "model.onnx",
        graph: onnx.ModelProto | None = None,
        **how: object,
    ) -> Path:
        config = {"model_type": "bert", "id2label": dict(enumerate(labels))}
        (folder / "config.json").write_text(json.dumps(config))
        (folder / place).parent.mkdir(exist_ok=True)
        onnx.save(graph or word_sum_graph(**how), folder / place)
        return folder

    return make
