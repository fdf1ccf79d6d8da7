"""Graphs that must not be loaded, and errors that say so in one line."""

from pathlib import Path
from typing import Any

import onnx
import pytest

from edgecompress.runtime import session
from edgecompress.runtime.bundle import seal_bundle
from edgecompress.runtime.errors import InputError, IntegrityError
from edgecompress.runtime.model import EdgeModel
from edgecompress.runtime.session import MEMORY, open_session
from tests.security.hostile_graphs import GRAPHS


@pytest.fixture
def path(make_model: Any) -> Path:
    return make_model() / "model.onnx"


def put_weights_aside(path: Path, location: str) -> None:
    """Say that the table's bytes lie at `location`, and nothing else about the file changes."""
    graph = onnx.load(path)
    (table,) = (t for t in graph.graph.initializer if t.name == "table")
    table.ClearField("raw_data")
    table.data_location = onnx.TensorProto.EXTERNAL
    table.external_data.add(key="location", value=location)
    path.write_bytes(graph.SerializeToString())


def test_a_graph_loads_with_the_threads_it_is_given(path: Path) -> None:
    options = open_session(path, 2).get_session_options()
    assert options.intra_op_num_threads == 2
    assert options.inter_op_num_threads == 1
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


@pytest.mark.parametrize("saturates", [True, False])
def test_exact_products_are_asked_for_only_where_others_overflow(
    path: Path, monkeypatch: pytest.MonkeyPatch, saturates: bool
) -> None:
    monkeypatch.setattr(session, "saturates_int8", lambda: saturates)
    options = open_session(path, 1).get_session_options()
    if saturates:
        assert options.get_session_config_entry("session.x64quantprecision") == "1"
    else:
        with pytest.raises(RuntimeError, match="x64quantprecision"):
            options.get_session_config_entry("session.x64quantprecision")


@pytest.mark.parametrize("location", ["weights.bin", "../weights.bin", "/etc/hostname"])
def test_weights_in_another_file_are_refused(path: Path, location: str) -> None:
    put_weights_aside(path, location)
    (path.parent / "weights.bin").write_bytes(bytes(10 * 2 * 4))
    with pytest.raises(IntegrityError, match=r"model\.onnx: keeps weights in another file"):
        open_session(path, 1)


def test_weights_in_another_file_cannot_hide_behind_odd_protobuf(path: Path) -> None:
    # The key's length, 8, spelt in two bytes: parsers take that. Appended messages are merged.
    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    entry = b"\x0a\x88\x00location" + field(2, b"weights.bin")
    path.write_bytes(path.read_bytes() + field(7, field(5, field(13, entry))))
    added = onnx.load(path, load_external_data=False).graph.initializer[-1]
    assert added.external_data[0].key == "location"
    with pytest.raises(IntegrityError, match="keeps weights in another file"):
        open_session(path, 1)


def test_the_word_location_alone_is_harmless(path: Path) -> None:
    graph = onnx.load(path)
    graph.graph.doc_string = "the location of the film"
    graph.graph.node[0].name = "/encoder/location_embedding/Gather"
    onnx.save(graph, path)
    open_session(path, 1)


@pytest.mark.parametrize("content", [b"", b"not a graph", bytes(64), b"\x08\x08"])
def test_a_file_that_is_no_graph_is_named(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"model\.onnx: cannot be loaded: [^\n]+$"):
        open_session(path, 1)


def test_a_cut_graph_is_named(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(IntegrityError, match=r"model\.onnx: cannot be loaded"):
        open_session(path, 1)


def test_an_operator_nobody_has_is_named(path: Path) -> None:
    graph = onnx.load(path)
    graph.graph.node[0].op_type = "Gatherer"
    onnx.save(graph, path)
    with pytest.raises(IntegrityError, match=r"cannot be loaded: .*Gatherer"):
        open_session(path, 1)


def test_a_missing_graph_is_named(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"model\.onnx: missing"):
        open_session(tmp_path / "model.onnx", 1)


def test_nothing_is_printed_about_a_graph(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    open_session(path, 1)
    assert capfd.readouterr() == ("", "")


def test_a_sealed_graph_cannot_take_the_machines_memory(path: Path) -> None:
    """256 GB from two constants of a megabyte; on a machine that has them, it would be slow."""
    GRAPHS["an outer product of 256 GB"](path.parent, path.parent)
    seal_bundle(path.parent, sequence=1)
    model = EdgeModel.load(path.parent)
    with pytest.raises(
        IntegrityError, match=r"cannot answer within the memory.*\$EDGECOMPRESS_MEM"
    ):
        model.predict(["good"])


def test_a_capped_graph_answers_as_any_other(path: Path) -> None:
    told = EdgeModel.load(path.parent, verify=False).logits(["good", "bad film"])
    seal_bundle(path.parent, sequence=1)
    assert EdgeModel.load(path.parent).logits(["good", "bad film"]).tolist() == told.tolist()


@pytest.mark.parametrize("told", ["much", "-5", "1e9"])
def test_an_allowance_is_a_number_of_bytes(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv(MEMORY, told)
    with pytest.raises(InputError, match="EDGECOMPRESS_MEMORY_BYTES: must be a number of bytes"):
        session._share_memory.__wrapped__()  # what it is told counts once a process
