"""The OpenVINO back end, where it is installed, and what is said where it is not."""

import importlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from edgecompress.runtime import EdgeModel, EnvironmentFault, InputError, IntegrityError
from edgecompress.runtime.bundle import seal_bundle
from tests.runtime.conftest import word_sum_graph

installed = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="needs the extra openvino"
)
TEXTS = ["good film", "bad", "not a bad film", ("good", "bad bad"), "films"]


def both(path: Path) -> tuple[EdgeModel, EdgeModel]:
    return EdgeModel.load(path, verify=False), EdgeModel.load(
        path, verify=False, backend="openvino"
    )


@installed
@pytest.mark.parametrize("how", [{}, {"type_ids": True}, {"kind": onnx.TensorProto.INT32}])
def test_it_answers_as_onnxruntime_does(make_model: Any, how: dict[str, Any]) -> None:
    usual, other = both(make_model(**how))
    np.testing.assert_allclose(other.logits(TEXTS), usual.logits(TEXTS), atol=1e-6)
    assert other.predict(TEXTS) == usual.predict(TEXTS)


@installed
def test_it_answers_batches_of_any_shape(make_model: Any) -> None:
    usual, other = both(make_model())
    for size in (1, 2, 3):
        np.testing.assert_allclose(
            other.logits_in_batches(TEXTS, size), usual.logits_in_batches(TEXTS, size), atol=1e-6
        )


@installed
def test_threads_may_share_it(make_model: Any) -> None:
    model = EdgeModel.load(make_model(), verify=False, backend="openvino")
    alone = model.logits(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for answer in pool.map(model.logits, [TEXTS] * 40):
            np.testing.assert_array_equal(answer, alone)


@installed
def test_what_onnxruntime_alone_knows_is_refused_in_one_line(make_model: Any) -> None:
    graph = word_sum_graph()
    graph.graph.node[-1].op_type, graph.graph.node[-1].domain = "QAttention", "com.microsoft"
    graph.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    with pytest.raises(InputError, match="not know every operator.*portable: true") as told:
        EdgeModel.load(make_model(graph=graph), verify=False, backend="openvino")
    assert "\n" not in str(told.value)


@installed
def test_of_a_bundle_it_takes_the_portable_graph(make_model: Any) -> None:
    path = make_model(place="onnx/model_quantized.onnx", graph=word_sum_graph())
    shutil.copy(path / "onnx/model_quantized.onnx", path / "model.onnx")
    seal_bundle(path, sequence=1)
    model = EdgeModel.load(path, backend="openvino")
    assert model.file == path / "onnx/model_quantized.onnx"
    assert model.predict(["good"])[0]["label"] == "positive"


@installed
def test_a_graph_whose_head_disagrees_with_the_labels_is_refused(make_model: Any) -> None:
    path = make_model(labels=("a", "b", "c"))
    with pytest.raises(IntegrityError, match="config.json names 3 labels"):
        EdgeModel.load(path, verify=False, backend="openvino")


@installed
def test_it_gets_the_threads_it_is_given(make_model: Any) -> None:
    with pytest.raises(InputError, match="threads must be a whole number"):
        EdgeModel.load(make_model(), 0, verify=False, backend="openvino")


def test_without_the_extra_the_command_to_get_it_is_told(
    make_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.delitem(sys.modules, "edgecompress.runtime.openvino_session", raising=False)
    with pytest.raises(EnvironmentFault, match=r'pip install "edgecompress\[openvino\]"'):
        EdgeModel.load(make_model(), verify=False, backend="openvino")


def test_a_back_end_that_nobody_knows_is_refused(make_model: Any) -> None:
    with pytest.raises(InputError, match="backend must be onnxruntime or openvino, got 'tensorrt'"):
        EdgeModel.load(make_model(), verify=False, backend="tensorrt")  # type: ignore[arg-type]


def test_it_is_not_loaded_unless_it_is_asked_for() -> None:
    code = "import sys, edgecompress.runtime.model; sys.exit('openvino' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
