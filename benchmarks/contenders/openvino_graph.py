"""OpenVINO on the exporter's graph: fp32, bf16, or 8 bits by NNCF, calibrated on training texts."""

from pathlib import Path

import openvino

from benchmarks.contenders.work import Answer, Work

CALIBRATION_TEXTS = 300  # NNCF's default


def make(how: str, work: Work, out: Path) -> None:
    """Write model.xml and model.bin."""
    from benchmarks.contenders.exporting import export  # torch is for making, not for answering

    plain = out / "plain.onnx"
    export(work.network, plain)
    model = openvino.Core().read_model(plain)
    if how == "nncf":
        model = _in_8_bits(model, work)
    openvino.save_model(model, out / "model.xml", compress_to_fp16=False)
    plain.unlink()


def _in_8_bits(model: openvino.Model, work: Work) -> openvino.Model:
    import nncf  # slow, and needed once

    names = [port.get_any_name() for port in model.inputs]
    texts = [{name: feed[name] for name in names} for feed in work.rows("calibration").batches(1)]
    return nncf.quantize(
        model,
        nncf.Dataset(texts[:CALIBRATION_TEXTS]),
        subset_size=CALIBRATION_TEXTS,
        model_type=nncf.ModelType.TRANSFORMER,
    )


def load(how: str, made: Path, work: Work, threads: int) -> Answer:
    """Compiled for short answers on so many threads."""
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(threads),
        "INFERENCE_PRECISION_HINT": "bf16" if how == "bf16" else "f32",
    }
    compiled = openvino.Core().compile_model(made / "model.xml", "CPU", settings)
    names = [port.get_any_name() for port in compiled.inputs]
    request, logits = compiled.create_infer_request(), compiled.outputs[0]

    def answer(feed):  # type: ignore[no-untyped-def]
        return request.infer({name: feed[name] for name in names}, share_inputs=True)[logits]

    return answer


def weights(how: str, made: Path, work: Work) -> list[Path]:
    """The files that hold the weights."""
    return [made / "model.xml", made / "model.bin"]
