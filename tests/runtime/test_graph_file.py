"""Graphs as bytes: what is refused before any library has seen them, and what is not."""

from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import helper

from edgecompress.runtime import graph_file
from edgecompress.runtime.errors import IntegrityError
from edgecompress.runtime.graph_file import OPERATORS, require_plain_graph


@pytest.fixture
def path(make_model: Any) -> Path:
    return make_model(type_ids=True) / "model.onnx"


def field(number: int, content: bytes) -> bytes:
    """A field of bytes, as protobuf writes it; contents here are short."""
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def append_node(path: Path, content: bytes) -> None:
    """Parsers join a graph that occurs twice: the node belongs to it."""
    path.write_bytes(path.read_bytes() + field(7, field(1, content)))


def test_an_encoders_graph_passes(path: Path) -> None:
    require_plain_graph(path)


@pytest.mark.parametrize("domain", OPERATORS)
def test_every_operator_on_the_list_passes(path: Path, domain: str) -> None:
    graph = onnx.load(path)
    graph.graph.node.extend(
        helper.make_node(operator, ["x"], ["y"], domain=domain) for operator in OPERATORS[domain]
    )
    onnx.save(graph, path)
    require_plain_graph(path)


@pytest.mark.parametrize(
    ("operator", "domain", "seen"),
    [
        ("Loop", "", "'Loop'"),
        ("RandomNormal", "", "'RandomNormal'"),
        ("Attention", "", "'Attention'"),  # on the list of another domain
        ("Add", "com.microsoft", r"'com\.microsoft\.Add'"),
        ("Gelu", "ai.onnx.ml", r"'ai\.onnx\.ml\.Gelu'"),
    ],
)
def test_other_operators_are_named(path: Path, operator: str, domain: str, seen: str) -> None:
    append_node(path, field(4, operator.encode()) + field(7, domain.encode()))
    assert onnx.load(path).graph.node[-1].op_type == operator
    with pytest.raises(IntegrityError, match=rf"model\.onnx: has the operator {seen}"):
        require_plain_graph(path)


def test_an_operator_that_is_named_twice_hides_nothing(path: Path) -> None:
    append_node(path, field(4, b"Add") + field(4, b"Loop"))
    assert onnx.load(path).graph.node[-1].op_type == "Loop"  # parsers take the last
    with pytest.raises(IntegrityError, match="a node without one operator"):
        require_plain_graph(path)


@pytest.mark.parametrize("number", [6, 11])
def test_graphs_inside_the_graph_are_refused(path: Path, number: int) -> None:
    append_node(path, field(4, b"Add") + field(5, field(number, b"")))
    with pytest.raises(IntegrityError, match="no branches or loops"):
        require_plain_graph(path)


def test_functions_are_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\xca\x01\x00")  # field 25, empty
    with pytest.raises(IntegrityError, match="defines functions"):
        require_plain_graph(path)


def test_too_many_nodes_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = len(onnx.load(path).graph.node)
    monkeypatch.setattr(graph_file, "MOST_NODES", nodes)
    require_plain_graph(path)
    monkeypatch.setattr(graph_file, "MOST_NODES", nodes - 1)
    with pytest.raises(IntegrityError, match=f"more than {nodes - 1} nodes"):
        require_plain_graph(path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it has no nodes"),
        (b"\x08\x08", "it has no nodes"),
        (b"\x3a", "index out of"),
        (b"\x3a\x05", "it is cut off"),
        (b"\xff" * 20, "more than 64 bits"),
        (b"\x09\x00", "it is cut off"),
        (b"\x3b\x3c", "wire type 3"),
        (field(7, field(1, field(4, b"\xff\xfe"))), "codec can't decode"),
    ],
)
def test_what_is_no_graph_is_told_apart(path: Path, content: bytes, why: str) -> None:
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=rf"model\.onnx: not an ONNX graph: .*{why}"):
        require_plain_graph(path)


def test_every_cut_is_refused(path: Path) -> None:
    """Wherever a file ends too early: a last field that is whole is all that may be missing."""
    whole = path.read_bytes()
    passed = 0
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            require_plain_graph(path)
            passed += 1
        except IntegrityError:
            pass
    assert passed <= 2  # after the graph, the file's last field is the version of its operators
