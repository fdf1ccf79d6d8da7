"""Graphs that want something else than to classify texts."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from tests.runtime.conftest import word_sum_graph

Write = Callable[[Path, Path], None]  # bundle, a folder outside with `secret`
Array = np.ndarray[Any, Any]
SECRET_BYTES = 80  # as many as the table of the word-sum model


def written(model: ModelProto) -> Write:
    """Put this graph where the bundle's own was."""
    return lambda bundle, _: (bundle / "model.onnx").write_bytes(model.SerializeToString())


def with_extra(
    nodes: Sequence[NodeProto], weights: dict[str, Array] | None = None, domain: str = ""
) -> ModelProto:
    """The word-sum model plus whatever `nodes` make of its weights and inputs under "extra"."""
    model = word_sum_graph()
    del model.graph.node[-1]
    model.graph.node.extend(nodes)
    model.graph.node.append(helper.make_node("Add", ["words", "extra"], ["logits"]))
    model.graph.initializer.extend(
        numpy_helper.from_array(w, name) for name, w in (weights or {}).items()
    )
    if domain:
        model.opset_import.append(helper.make_opsetid(domain, 1))
    return model


def bomb(operator: str, weights: dict[str, Array], **settings: Any) -> ModelProto:
    """One operator that makes a huge tensor of small ones, and its sum."""
    nodes = [
        helper.make_node(operator, list(weights), ["huge"], **settings),
        helper.make_node("ReduceSum", ["huge"], ["all"], keepdims=0),
        helper.make_node("Cast", ["all"], ["extra"], to=TensorProto.FLOAT),
    ]
    return with_extra(nodes, weights)


def doubling(times: int) -> ModelProto:
    """A value of one number, joined to itself again and again."""
    nodes = [helper.make_node("Unsqueeze", ["words", "at"], ["x0"])]
    for k in range(times):
        nodes.append(helper.make_node("Concat", [f"x{k}", f"x{k}"], [f"x{k + 1}"], axis=0))
    nodes.append(helper.make_node("ReduceMax", [f"x{times}"], ["extra"], keepdims=0))
    return with_extra(nodes, {"at": np.array([0])})


def chain(length: int) -> ModelProto:
    """So many nodes, one after the other."""
    nodes = [
        helper.make_node("Neg", [f"n{k}" if k else "words"], [f"n{k + 1}"]) for k in range(length)
    ]
    return with_extra([*nodes, helper.make_node("Identity", [f"n{length}"], ["extra"])])


def inner() -> onnx.GraphProto:
    """A graph for branches and loops."""
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    return helper.make_graph([helper.make_node("Identity", ["words"], ["y"])], "inner", [], [out])


def with_function() -> ModelProto:
    model = with_extra([helper.make_node("Mine", ["words"], ["extra"], domain="mine")])
    model.functions.append(
        helper.make_function(
            "mine", "Mine", ["a"], ["b"], [helper.make_node("Neg", ["a"], ["b"])],
            [helper.make_opsetid("", 17)],
        )
    )  # fmt: skip
    model.opset_import.append(helper.make_opsetid("mine", 1))
    return model


def claiming(dims: list[int]) -> ModelProto:
    """A table that says it is larger than its bytes."""
    model = word_sum_graph()
    table = next(t for t in model.graph.initializer if t.name == "table")
    table.dims[:] = dims
    return model


def external(**entries: str) -> ModelProto:
    """The table's bytes lie elsewhere."""
    model = word_sum_graph()
    table = next(t for t in model.graph.initializer if t.name == "table")
    table.ClearField("raw_data")
    table.data_location = TensorProto.EXTERNAL
    for key, value in entries.items():
        table.external_data.add(key=key, value=value)
    return model


def elsewhere(location: str, **entries: str) -> Write:
    """External data at `location`; {outside} is the absolute path of the folder outside."""

    def write(bundle: Path, outside: Path) -> None:
        place = location.format(outside=outside, up=f"../{outside.name}")
        written(external(location=place, **entries))(bundle, outside)

    return write


def linked(make_link: Callable[[Path, Path], None]) -> Write:
    """External data in a file of the bundle that is really the one outside."""

    def write(bundle: Path, outside: Path) -> None:
        make_link(bundle / "weights.txt", outside / "secret")
        written(external(location="weights.txt"))(bundle, outside)

    return write


def constant_elsewhere(bundle: Path, outside: Path) -> None:
    """In a node's attribute, where few look."""
    tensor = external(location=f"../{outside.name}/secret").graph.initializer[0]
    nodes = [
        helper.make_node("Constant", [], ["c"], value=tensor),
        helper.make_node("ReduceMax", ["c"], ["extra"], keepdims=0),
    ]
    written(with_extra(nodes))(bundle, outside)


def oddly_spelt(bundle: Path, outside: Path) -> None:
    """The length of the key in two bytes where one would do; parsers take that."""

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    entry = b"\x0a\x88\x00location" + field(2, f"../{outside.name}/secret".encode()[-100:])
    model = word_sum_graph().SerializeToString()
    (bundle / "model.onnx").write_bytes(model + field(7, field(5, field(13, entry))))


def raw(content: bytes) -> Write:
    """No graph at all."""
    return lambda bundle, _: (bundle / "model.onnx").write_bytes(content)


def half(bundle: Path, outside: Path) -> None:
    content = (bundle / "model.onnx").read_bytes()
    (bundle / "model.onnx").write_bytes(content[: len(content) // 2])


BIG = np.array([1 << 36])  # floats: 256 GB
HALF = np.ones(1 << 18, np.float32)  # its outer product with itself: 256 GB
IF = helper.make_node("If", ["yes"], ["extra"], then_branch=inner(), else_branch=inner())
LOOP = helper.make_node("Loop", ["", "yes", "words"], ["extra"], body=inner())
YES = {"yes": np.array(True)}
WORDS = ["words"]
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 17524841\n"

GRAPHS: dict[str, Write] = {
    "external data above the bundle": elsewhere("{up}/secret"),
    "external data at an absolute path": elsewhere("{outside}/secret"),
    "external data from a device": elsewhere("/dev/zero", length=str(SECRET_BYTES)),
    "external data from the process": elsewhere("/proc/self/environ", length="80"),
    "external data in memory": elsewhere("*/_ORT_MEM_ADDR_/*", offset="4096", length="80"),
    "external data that is missing": elsewhere("nowhere.bin"),
    "external data of negative offset": elsewhere("{up}/secret", offset="-8"),
    "external data of huge length": elsewhere("{up}/secret", length=str(1 << 50)),
    "external data through a link": linked(lambda at, to: at.symlink_to(to)),
    "external data through a hard link": linked(lambda at, to: at.hardlink_to(to)),
    "external data of an attribute": constant_elsewhere,
    "external data oddly spelt": oddly_spelt,
    "a table that claims 4 TB": written(claiming([1 << 20, 1 << 20])),
    "a table of negative size": written(claiming([-10, 2])),
    "a table whose size overflows": written(claiming([1 << 62, 1 << 62])),
    "a constant of 256 GB": written(bomb("ConstantOfShape", {"n": BIG})),
    "a value spread to 256 GB": written(
        bomb("Expand", {"one": np.ones(1, np.float32), "n": BIG})
    ),
    "a value repeated to 256 GB": written(
        bomb("Tile", {"one": np.ones(1, np.float32), "n": BIG})
    ),
    "a range of 2^40 numbers": written(
        bomb("Range", {"a": np.array(0), "b": np.array(1 << 40), "c": np.array(1)})
    ),
    "an outer product of 256 GB": written(
        bomb("MatMul", {"a": HALF[:, None], "b": HALF[None, :]})
    ),
    "a sum that is spread to 256 GB": written(
        bomb("Add", {"a": HALF[:, None], "b": HALF[None, :]})
    ),
    "forty doublings": written(doubling(40)),
    "twenty thousand nodes": written(chain(20_000)),
    "an operator of a domain of its own": written(
        with_extra([helper.make_node("Run", WORDS, ["extra"], domain="evil")], domain="evil")
    ),
    "an operator of PyTorch": written(
        with_extra([helper.make_node("ATen", WORDS, ["extra"], domain="org.pytorch.aten")])
    ),
    "an operator of Python": written(
        with_extra([helper.make_node("PyOp", WORDS, ["extra"], domain="pyopadd")])
    ),
    "an operator for training": written(
        with_extra([helper.make_node("Adam", WORDS, ["extra"], domain="ai.onnx.preview.training")])
    ),
    "a generating operator": written(
        with_extra([helper.make_node("BeamSearch", WORDS, ["extra"], domain="com.microsoft")])
    ),
    "a branch": written(with_extra([IF], YES)),
    "a loop without end": written(with_extra([LOOP], YES)),
    "a function": written(with_function()),
    "half a graph": half,
    "an empty graph": raw(b""),
    "noise": raw(bytes(range(256)) * 40),
    "a pointer of git-lfs": raw(LFS),
    "a million empty parts": raw(b"\x3a\x80\x80\x40" + b"\x08\x01" * (1 << 19)),
    "a group of protobuf": raw(b"\x3b" * 4_000),
}  # fmt: skip
