"""At twice its capacity a server answers what it can, refuses the rest, and stays alive."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.runtime.bundle import seal_bundle
from edgecompress.runtime.golden import write_golden
from tests.serving.conftest import Process
from tests.serving.load import measure

REFUSALS = {"200", "429", "503", "504"}
BUSY_MS = 10  # how late an alarm clock may be on a machine that has time
WIDTH, LAYERS = 512, 12  # a millisecond or so a text


def heavy_graph() -> onnx.ModelProto:
    """Ids -> rows of a table -> some wide layers -> logits; costs what a small encoder costs."""
    draw = np.random.default_rng(7).standard_normal
    weights = {
        "table": draw((10, WIDTH)),
        "wide": draw((WIDTH, WIDTH)) / np.sqrt(WIDTH),
        "head": draw((WIDTH, 2)) / np.sqrt(WIDTH),
    }
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["layer_0"]),
        *(
            node
            for n in range(LAYERS)
            for node in (
                helper.make_node("MatMul", [f"layer_{n}", "wide"], [f"product_{n}"]),
                helper.make_node("Tanh", [f"product_{n}"], [f"layer_{n + 1}"]),
            )
        ),
        helper.make_node("ReduceMean", [f"layer_{LAYERS}"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["mean", "head"], ["logits"]),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])
    tensors = [numpy_helper.from_array(w.astype(np.float32), n) for n, w in weights.items()]
    graph = helper.make_graph(nodes, "heavy", ends, [logits], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture(params=[False, True], ids=["alone", "together"])
def heavy(request, make_model) -> Path:
    """A bundle of some cost, whose texts are answered one by one or in company."""
    made = make_model(graph=heavy_graph())
    config = json.loads((made / "config.json").read_text())
    config["edgecompress"] = {"batch_invariant": request.param}
    (made / "config.json").write_text(json.dumps(config))
    write_golden(made, ["good film " * n for n in range(1, 12)])
    seal_bundle(made, sequence=1)
    return made


def loaded(bundle, minutes, *options):
    """What was seen of a fresh server, which must then stop as it should."""
    process = Process(bundle, "--quiet", *options)
    try:
        process.wait_for("ready", int(options[1]))
        seen = measure(bundle, process.port, process.process.pid, minutes)
        assert process.stop() == 143
    finally:
        process.process.kill()
        process.stop()
        for pipe in (process.process.stdout, process.process.stderr):
            pipe.close()
    return seen


@pytest.mark.parametrize("heavy", [True], ids=["together"], indirect=True)
def test_for_some_seconds(heavy):
    seen = loaded(heavy, 0.03, "--workers", "1")
    assert set(seen.statuses) <= REFUSALS
    assert seen.answered_texts > 0
    assert seen.probes_failed == 0


@pytest.mark.slow
def test_for_three_minutes_in_all(heavy):
    seen = loaded(heavy, 1.5, "--workers", "2")
    told = seen.summary()
    assert set(seen.statuses) <= REFUSALS, told
    assert seen.statuses["503"] > seen.statuses.total() / 10, told  # it was too much indeed
    assert seen.answered_texts / 90 > 0.5 * seen.capacity_texts_per_s, told
    assert seen.probes_failed == 0, told
    assert seen.memory_growth < 0.05, told
    if told["clock_late_p99_ms"] > BUSY_MS:
        pytest.skip(f"the machine does too much else for the latency of probes: {told}")
    assert told["probe_p99_ms"] < 100, told
