"""ONNX Runtime as its documentation shows it: exported as it is, then its own tools.

`fp32`     the exporter's graph, all of onnxruntime's own optimizations at load
`dynamic`  quantize_dynamic with default settings and signed weights
`fused`    onnxruntime.transformers' optimizer with its default fusions, then quantize_dynamic
`qint8`    what sentence-transformers' export_dynamic_quantized_onnx_model("avx512_vnni") asks for:
           quantize_dynamic, signed weights, one scale for each channel, every operator it knows
"""

from pathlib import Path

import onnxruntime

from benchmarks.contenders.work import Answer, Work


def make(how: str, work: Work, out: Path) -> None:
    """Write model.onnx."""
    from benchmarks.contenders.exporting import prepared  # torch is for making, not for answering

    prepared(how, work.network, out / "model.onnx")


def load(how: str, made: Path, work: Work, threads: int) -> Answer:
    """A session with default settings but the threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(made / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    names = [graph_input.name for graph_input in session.get_inputs()]
    return lambda feed: session.run(None, {name: feed[name] for name in names})[0]


def weights(how: str, made: Path, work: Work) -> list[Path]:
    """The files that hold the weights."""
    return [made / "model.onnx"]
