"""What a user would pick instead of our bundle, each made from the same network, and our bundle.

A contender is a module of its own here, with two functions. `make` writes what it needs below a
folder, once; `load` gives a function from inputs ({name: [b, s] int64}) to logits ([b, classes]).
Both run in a process that holds no other contender.
"""

from dataclasses import dataclass

OURS = "ours"
REFERENCE = "torch-eager"  # whose decisions the others are compared with


@dataclass(frozen=True)
class Contender:
    """A line of the table."""

    title: str
    module: str  # below this package
    how: str = ""  # which of its module's ways


CONTENDERS = {
    REFERENCE: Contender("PyTorch fp32, eager", "torch_network", "eager"),
    "torch-compile": Contender("PyTorch fp32, torch.compile", "torch_network", "compile"),
    "ort-fp32": Contender("ONNX Runtime fp32", "stock_onnx", "fp32"),
    "ort-dynamic": Contender("ONNX Runtime, quantize_dynamic", "stock_onnx", "dynamic"),
    "ort-fused": Contender("transformers optimizer + quantize_dynamic", "stock_onnx", "fused"),
    "st-qint8": Contender("sentence-transformers qint8_avx512_vnni", "stock_onnx", "qint8"),
    "openvino-fp32": Contender("OpenVINO fp32", "openvino_graph", "f32"),
    "openvino-bf16": Contender("OpenVINO bf16", "openvino_graph", "bf16"),
    "openvino-nncf": Contender("OpenVINO + NNCF int8", "openvino_graph", "nncf"),
    OURS: Contender("ours, one text after the other", "our_bundle", "alone"),
    "ours-batched": Contender("ours, in a padded batch", "our_bundle", "batched"),
}


def also(name: str) -> Contender:
    """Another bundle of ours, e.g. of another int8 scheme."""
    return Contender(f"ours, {name}", "our_bundle", "alone")
