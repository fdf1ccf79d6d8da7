"""Expected logits are word counts; see the word-sum model in conftest.py."""

import json
import math
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from edgecompress.runtime.bundle import seal_bundle
from edgecompress.runtime.errors import InputError, IntegrityError
from edgecompress.runtime.model import EdgeModel

POSITIVE = 1 / (1 + math.exp(-2))  # softmax of the logits 0 and 2: 0.8808


def load(folder: Path) -> EdgeModel:
    return EdgeModel.load(folder, verify=False)


def test_logits_come_one_row_a_text_in_order(make_model: Any) -> None:
    logits = load(make_model()).logits(["good good film", "bad", ""])
    assert logits.dtype == np.float32
    assert logits.tolist() == [[0, 2], [1, 0], [0, 0]]


def test_a_prediction_is_what_the_contract_says(make_model: Any) -> None:
    (answer,) = load(make_model()).predict(["good good film"])
    assert answer == {
        "label": "positive",
        "score": pytest.approx(POSITIVE),
        "scores": {"negative": pytest.approx(1 - POSITIVE), "positive": pytest.approx(POSITIVE)},
    }
    assert json.loads(json.dumps(answer)) == answer


def test_no_texts_have_no_answers(make_model: Any) -> None:
    model = load(make_model())
    assert model.predict([]) == []
    assert model.logits([]).shape == (0, 2)
    assert model.logits_in_batches([], 4).shape == (0, 2)


def test_the_first_of_equal_labels_wins(make_model: Any) -> None:
    assert load(make_model()).predict(["film"])[0]["label"] == "negative"


@pytest.mark.parametrize("batch_size", [1, 2, 3, 8])
def test_batches_answer_as_single_texts_do_in_this_model(make_model: Any, batch_size: int) -> None:
    model = load(make_model(type_ids=True))
    texts = ["good good film", "bad", ("a", "bad film"), "good"]
    batched = model.logits_in_batches(texts, batch_size)
    assert batched.tolist() == model.logits(texts).tolist()


def test_an_empty_batch_is_refused(make_model: Any) -> None:
    with pytest.raises(InputError, match="at least 1, got 0"):
        load(make_model()).logits_in_batches(["good"], 0)


def test_type_ids_are_fed_to_a_graph_that_asks_for_them(make_model: Any) -> None:
    # Second half: "bad" and [SEP] have type 1, which the graph adds to both logits.
    assert load(make_model(type_ids=True)).logits([("good", "bad")]).tolist() == [[3, 3]]


def test_a_graph_with_32_bit_ids_is_fed_32_bit_ids(make_model: Any) -> None:
    model = load(make_model(kind=TensorProto.INT32))
    assert model.logits(["good"]).tolist() == [[0, 1]]
    assert model.logits_in_batches(["good", "bad bad"], 2).tolist() == [[0, 1], [2, 0]]


def test_the_graph_may_lie_in_an_onnx_folder(make_model: Any) -> None:
    assert load(make_model(place="onnx/model.onnx")).logits(["good"]).tolist() == [[0, 1]]


def test_the_only_graph_of_a_folder_is_taken_whatever_its_name(make_model: Any) -> None:
    folder = make_model()
    (folder / "model.onnx").rename(folder / "classifier_int8.onnx")
    assert load(folder).file.name == "classifier_int8.onnx"


@pytest.mark.parametrize("name", ["model_int8.onnx", "onnx/model_int8.onnx"])
def test_a_graph_may_be_named_itself(make_model: Any, name: str) -> None:
    folder = make_model()
    (folder / "onnx").mkdir()
    shutil.copy(folder / "model.onnx", folder / name)
    assert load(folder / name).predict(["a good film"])[0]["label"] == "positive"


def test_of_several_graphs_one_must_be_named(make_model: Any) -> None:
    folder = make_model()
    (folder / "model.onnx").rename(folder / "b.onnx")
    shutil.copy(folder / "b.onnx", folder / "a.onnx")
    with pytest.raises(InputError, match=r"several graphs, a\.onnx, b\.onnx; name the file"):
        load(folder)


def test_only_a_folder_can_be_verified(make_model: Any) -> None:
    with pytest.raises(InputError, match=r"model\.onnx: not a folder"):
        EdgeModel.load(make_model() / "model.onnx")


def test_long_texts_are_cut_at_the_models_length(make_model: Any) -> None:
    folder = make_model()
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 8}')
    model = load(folder)
    assert model.max_length == 8
    assert model.logits(["good " * 50]).tolist() == [[0, 6]]


def test_a_bundle_answers_and_bears_its_digest(make_model: Any) -> None:
    folder = make_model()
    digest = seal_bundle(folder, sequence=1)
    model = EdgeModel.load(folder)
    assert model.digest == digest
    assert model.predict(["good"])[0]["label"] == "positive"


def test_a_damaged_bundle_does_not_load(make_model: Any) -> None:
    folder = make_model()
    seal_bundle(folder, sequence=1)
    (folder / "config.json").write_text("{}")
    with pytest.raises(IntegrityError, match=r"config\.json: changed"):
        EdgeModel.load(folder)


def test_a_folder_without_manifest_loads_only_unverified(make_model: Any) -> None:
    with pytest.raises(IntegrityError, match="not a bundle"):
        EdgeModel.load(make_model())


def test_an_unsealed_folder_has_a_digest_of_its_contents(make_model: Any) -> None:
    folder = make_model()
    before = load(folder).digest
    assert load(folder).digest == before
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 8}')
    assert load(folder).digest != before


def test_a_path_may_be_a_string(make_model: Any) -> None:
    assert EdgeModel.load(str(make_model()), verify=False).labels == ("negative", "positive")


def test_a_missing_folder_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: not a folder"):
        EdgeModel.load(tmp_path / "nowhere")


@pytest.mark.parametrize("threads", [0, -1, 2.0, True, 10_000])
def test_threads_must_be_a_number_of_threads(make_model: Any, threads: Any) -> None:
    with pytest.raises(InputError, match="threads must be a whole number from 1"):
        EdgeModel.load(make_model(), threads, verify=False)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_an_answer_that_is_no_number_is_not_a_prediction(make_model: Any, value: float) -> None:
    table = np.zeros((10, 2))
    table[6, 0] = value
    model = load(make_model(table=table))
    assert not np.isfinite(model.logits(["good"])[0, 0])  # measured as it is
    with pytest.raises(IntegrityError, match=r"model\.onnx: its answer is not a number"):
        model.predict(["good"])


def test_more_logits_than_labels_are_refused_at_load(make_model: Any) -> None:
    with pytest.raises(IntegrityError, match=r"shape \['batch', 3\], config.json names 2 labels"):
        load(make_model(table=np.zeros((10, 3))))


def test_a_shape_left_open_is_refused_at_the_first_answer(make_model: Any) -> None:
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["input_ids"], ["ids"], to=TensorProto.FLOAT),
            helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["ids", "mask"], ["logits"]),
        ],
        "one logit a token",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "s"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", "s"])],
    )
    opset = [helper.make_opsetid("", 17)]
    model = load(make_model(graph=helper.make_model(graph, opset_imports=opset, ir_version=8)))
    with pytest.raises(IntegrityError, match=r"shape \[1, 3\], config.json names 2 labels"):
        model.logits(["good"])


def test_ids_beyond_the_table_are_the_models_fault(make_model: Any) -> None:
    with pytest.raises(IntegrityError, match=r"model\.onnx: cannot answer: .*out of data bounds"):
        load(make_model(table=np.zeros((4, 2)))).logits(["good"])


def test_a_graph_of_another_kind_is_refused(make_model: Any) -> None:
    folder = make_model()
    graph = helper.make_graph(
        [helper.make_node("Identity", ["pixels"], ["logits"])],
        "picture",
        [helper.make_tensor_value_info("pixels", TensorProto.INT64, [1, 2])],
        [helper.make_tensor_value_info("logits", TensorProto.INT64, [1, 2])],
    )
    opset = [helper.make_opsetid("", 17)]
    folder = make_model(graph=helper.make_model(graph, opset_imports=opset, ir_version=8))
    with pytest.raises(IntegrityError, match="has inputs pixels; a text classifier has input_ids"):
        load(folder)


def test_ids_that_are_not_integers_are_refused(make_model: Any) -> None:
    graph = helper.make_graph(
        [helper.make_node("Add", ["input_ids", "attention_mask"], ["logits"])],
        "floats",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", 2])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", 2])],
    )
    opset = [helper.make_opsetid("", 17)]
    folder = make_model(graph=helper.make_model(graph, opset_imports=opset, ir_version=8))
    with pytest.raises(IntegrityError, match=r"input input_ids is tensor\(float\)"):
        load(folder)


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        ("{", "needs an object `id2label`"),
        ("{}", "needs an object `id2label`"),
        ("[]", "needs an object `id2label`"),
        ('{"id2label": {"1": "a", "2": "b"}}', "needs an object `id2label` from 0 on"),
        ('{"id2label": {"0": "a"}}', "two or more different labels"),
        ('{"id2label": {"0": "a", "1": "a"}}', "two or more different labels"),
        ('{"id2label": {"0": 0, "1": 1}}', "labels must be strings"),
        ('{"id2label": {"0": [], "1": "a"}}', "labels must be strings"),
    ],
)
def test_labels_that_cannot_be_read_are_told(make_model: Any, content: str, seen: str) -> None:
    folder = make_model()
    (folder / "config.json").write_text(content)
    with pytest.raises(IntegrityError, match=rf"config\.json: .*{seen}"):
        load(folder)


class Listening:
    """A session that remembers the shapes it was asked in."""

    def __init__(self, session: Any) -> None:
        self.session, self.shapes = session, []

    def run(self, outputs: list[str], feed: Any) -> Any:
        self.shapes.append(feed["input_ids"].shape)
        return self.session.run(outputs, feed)


TEXTS = ["good", "a good film", "bad", "not a film", "good"]  # 3, 5, 3, 5, 3 tokens


@pytest.mark.parametrize(
    ("ours", "shapes"),
    [
        ({"batch_invariant": True}, [(3, 3), (2, 5)]),
        ({"batch_invariant": False}, [(1, 3), (1, 5), (1, 3), (1, 5), (1, 3)]),
        ({"batch_invariant": "yes"}, [(1, 3), (1, 5), (1, 3), (1, 5), (1, 3)]),
        ({}, [(1, 3), (1, 5), (1, 3), (1, 5), (1, 3)]),
    ],
)
def test_texts_of_one_length_go_together_where_batches_do_not_matter(
    make_model: Any, ours: dict[str, Any], shapes: list[tuple[int, int]]
) -> None:
    folder = make_model()
    config = json.loads((folder / "config.json").read_text()) | {"edgecompress": ours}
    (folder / "config.json").write_text(json.dumps(config))
    model = load(folder)
    model.session = session = Listening(model.session)
    assert model.logits(TEXTS).tolist() == [[0, 1], [0, 1], [1, 0], [0, 0], [0, 1]]
    assert session.shapes == shapes


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.onnx"])
def test_a_missing_part_is_named(make_model: Any, name: str) -> None:
    folder = make_model()
    (folder / name).unlink()
    with pytest.raises(IntegrityError, match=name.replace(".", r"\.")):
        load(folder)


def test_threads_may_share_a_model(make_model: Any) -> None:
    model = load(make_model())
    texts = ["good " * n for n in range(1, 40)]
    expected = model.logits(texts).tolist()
    seen: list[bool] = []

    def ask() -> None:
        seen.append(model.logits(texts).tolist() == expected)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert seen == [True] * 4
