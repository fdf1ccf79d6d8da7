"""The network as an ONNX graph, by the tools that everybody has; see stock_onnx.py for the ways."""

from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.optimizer import optimize_model

from edgecompress.models.checkpoint import as_encoder, load_model
from edgecompress.models.encoder import Encoder
from edgecompress.models.hugging_face import HuggingFaceClassifier

NAMES = ["input_ids", "attention_mask", "token_type_ids"]
FLOAT = onnx.TensorProto.FLOAT


def prepared(how: str, network: Path, file: Path) -> None:
    """Export, and then fuse and quantize as `how` says."""
    plain = file if how == "fp32" else file.with_name("plain.onnx")
    export(network, plain)
    if how == "fp32":
        return
    if how == "fused":
        config = as_encoder(load_model(network)).config
        fused = optimize_model(
            str(plain), "bert", num_heads=config.heads[0], hidden_size=config.hidden, opt_level=1
        )
        fused.save_model_to_file(str(plain))
    quantize_dynamic(
        plain,
        file,
        weight_type=QuantType.QInt8,
        per_channel=how == "qint8",
        extra_options={"DefaultTensorType": FLOAT} if how == "fused" else {},
    )
    plain.unlink()


def export(network: Path, file: Path) -> None:
    """The classic exporter, whose graphs onnxruntime's tools understand, with plain attention."""
    model = load_model(network).eval()
    if isinstance(model, HuggingFaceClassifier):
        model.network.set_attn_implementation("eager")
    elif isinstance(model, Encoder):
        model.explicit_attention = True
    example = torch.ones((2, 9), dtype=torch.int64)
    torch.onnx.export(
        _Logits(model),
        (example,) * 3,
        str(file),
        input_names=NAMES,
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in NAMES} | {"logits": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )


class _Logits(torch.nn.Module):
    """Tensors in, one tensor out."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids, mask, types):  # type: ignore[no-untyped-def]
        return self.model(ids, mask, types).logits
