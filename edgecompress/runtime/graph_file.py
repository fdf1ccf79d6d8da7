"""What a graph may consist of, read off its file before anything opens it.

Whoever writes a bundle writes its manifest too, so hashes say nothing about what a graph does.
An encoder needs few operators; control flow, functions and foreign domains are not among them.
The file is walked as protobuf, field by field, without the onnx package, which devices do not have;
field numbers are those of onnx.proto3 (ONNX, IR version 8 to 13). What a parser would take in two
ways is refused.
"""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edgecompress.runtime.errors import IntegrityError

MOST_NODES: Final = 5_000  # BERT-large in standard operators has 1,500
MOST_FIELDS: Final = 400_000  # of nodes and around them; what lies inside tensors is not walked

# By domain; "ai.onnx" is another name for "". Operators that exporters write for encoders, those
# that onnxruntime fuses them to, and those of 8 bits. None runs other graphs or names files.
_STANDARD: Final = frozenset(
    {
        *("Abs", "Add", "And", "ArgMax", "BatchNormalization", "Cast", "Clip", "Concat"),
        *("Constant", "ConstantOfShape", "CumSum", "DequantizeLinear", "Div", "Dropout"),
        *("DynamicQuantizeLinear", "Einsum", "Equal", "Erf", "Exp", "Expand", "Flatten"),
        *("Floor", "Gather", "GatherElements", "GatherND", "Gelu", "Gemm", "Greater"),
        *("GreaterOrEqual", "Identity", "IsNaN", "LayerNormalization", "Less"),
        *("LessOrEqual", "Log", "LogSoftmax", "MatMul", "MatMulInteger", "Max", "Min"),
        *("Mod", "Mul", "Neg", "Not", "Or", "Pow", "QLinearMatMul", "QuantizeLinear"),
        *("Range", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"),
        *("Relu", "Reshape", "ScatterND", "Shape", "Sigmoid", "Sign", "Slice", "Softmax"),
        *("Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Tile", "Transpose", "Trilu"),
        *("Unsqueeze", "Where"),
    }
)
_MICROSOFT: Final = frozenset(
    {
        *("Attention", "BiasGelu", "DequantizeLinear", "DynamicQuantizeMatMul"),
        *("EmbedLayerNormalization", "FastGelu", "FusedMatMul", "Gelu"),
        *("MatMulIntegerToFloat", "MatMulNBits", "MultiHeadAttention", "QAttention"),
        *("QGemm", "QEmbedLayerNormalization", "QLinearAdd", "QLinearMul"),
        *("QLinearSigmoid", "QLinearSoftmax", "QuantizeLinear", "QuickGelu"),
        "SkipLayerNormalization",
    }
)
OPERATORS: Final = {"": _STANDARD, "ai.onnx": _STANDARD, "com.microsoft": _MICROSOFT}

# How protobuf writes the key of an external file's name: the length 8, then "location". The last
# byte of that length is 8, or 0 in a needlessly long spelling, so that none can be overlooked.
_EXTERNAL_KEY: Final = b"location"
_LENGTH_ENDS: Final = (0x08, 0x00)

_MODEL_GRAPH, _MODEL_TRAINING, _MODEL_FUNCTIONS = 7, 20, 25
_GRAPH_NODE = 1
_NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_GRAPHS = (6, 11)
_FIXED_BYTES: Final = {1: 8, 5: 4}  # wire types that have one length
_VARINT, _LENGTH_GIVEN = 0, 2

Part = memoryview
Field = tuple[int, Part | None]  # its number, and its bytes where its length is given


def require_one_file(path: Path) -> None:
    """Refuse a graph that is not there, or whose weights lie elsewhere.

    onnxruntime reads such files while it loads, also through links that leave the folder; so the
    question must be answered before.
    """
    if not path.is_file():
        raise IntegrityError(f"{path}: missing")
    with _content(path) as content:
        if _names_other_files(content):
            raise IntegrityError(
                f"{path}: keeps weights in another file, which no manifest vouches for; "
                "export it again as one file"
            )


def require_plain_graph(path: Path) -> None:
    """Refuse a graph from a bundle that holds more than an encoder needs.

    Raises:
        IntegrityError: it is no graph, keeps weights in other files, has an operator that is not on
            the list, functions, graphs inside graphs, or too many parts.
    """
    require_one_file(path)
    with _content(path) as content, memoryview(content) as whole:
        found = _first_problem(whole)
    if found:
        raise IntegrityError(f"{path}: {found}")


@contextmanager
def _content(path: Path) -> Iterator[bytes | mmap.mmap]:
    """The bytes of a file, without reading them into memory."""
    if path.stat().st_size == 0:  # which cannot be mapped
        yield b""
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


def _names_other_files(content: bytes | mmap.mmap) -> bool:
    """Whether any tensor of the graph says that its bytes are elsewhere."""
    at = content.find(_EXTERNAL_KEY)
    while at != -1:
        if at > 0 and content[at - 1] in _LENGTH_ENDS:
            return True
        at = content.find(_EXTERNAL_KEY, at + 1)
    return False


def _first_problem(whole: Part) -> str | None:
    """Apart from the file's handling: no slice of the mapping may outlive this call."""
    walk = _Walk()
    try:
        return walk.problem(whole)
    except (ValueError, IndexError) as error:
        return f"not an ONNX graph: {error}"


class _Walk:
    """One pass over a file; counts what it has seen."""

    def __init__(self) -> None:
        self.nodes = self.fields = 0

    def problem(self, model: Part) -> str | None:
        """Why the model is refused; None for one that may be opened."""
        for number, part in self._parts(model):
            if number in (_MODEL_TRAINING, _MODEL_FUNCTIONS):
                return "defines functions; a text classifier has none"
            if number == _MODEL_GRAPH and part is not None:
                for inner, node in self._parts(part):
                    if inner == _GRAPH_NODE and node is not None and (found := self._node(node)):
                        return found
        return None if self.nodes else "not an ONNX graph: it has no nodes"

    def _node(self, node: Part) -> str | None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            return f"has more than {MOST_NODES:,} nodes"
        operators, domains = [], []  # a field that occurs twice counts twice
        for number, part in self._parts(node):
            if part is None:
                continue
            if number == _NODE_OPERATOR:
                operators.append(str(part, "utf-8"))
            elif number == _NODE_DOMAIN:
                domains.append(str(part, "utf-8"))
            elif number == _NODE_ATTRIBUTE and self._holds_graph(part):
                return "holds graphs inside its graph; a text classifier needs no branches or loops"
        if len(operators) != 1 or len(domains) > 1:
            return "not an ONNX graph: a node without one operator"
        (operator,), domain = operators, domains[0] if domains else ""
        if operator not in OPERATORS.get(domain, ()):
            named = f"{domain}.{operator}" if domain else operator
            return f"has the operator {named[:80]!r}, which no text classifier needs"
        return None

    def _holds_graph(self, attribute: Part) -> bool:
        return any(number in _ATTRIBUTE_GRAPHS for number, _ in self._parts(attribute))

    def _parts(self, message: Part) -> Iterator[Field]:
        """The fields of one message, in order."""
        at, end = 0, len(message)
        while at < end:
            self.fields += 1
            if self.fields > MOST_FIELDS:
                raise ValueError(f"more than {MOST_FIELDS:,} parts")
            tag, at = _varint(message, at)
            kind, part = tag & 7, None
            if kind == _VARINT:
                _, at = _varint(message, at)
            elif kind == _LENGTH_GIVEN:
                length, at = _varint(message, at)
                part = message[at : at + length]
                at += length
            elif kind in _FIXED_BYTES:
                at += _FIXED_BYTES[kind]
            else:
                raise ValueError(f"wire type {kind}")
            if at > end:
                raise ValueError("it is cut off")
            yield tag >> 3, part


def _varint(message: Part, at: int) -> tuple[int, int]:
    """A number in base 128, lowest digits first, and where the next thing begins."""
    value = shift = 0
    while shift < 70:  # ten bytes are 64 bits
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    raise ValueError("a number of more than 64 bits")
