"""A graph ready to run by OpenVINO, which speaks as an onnxruntime session does.

The file is an ONNX graph as any other, but OpenVINO does not know every operator that onnxruntime
has of its own. Its 8-bit kernels round at other places, so answers differ in the last digits:
`edgecompress bench` counts the labels that do.
"""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import openvino
from numpy.typing import NDArray

from edgecompress.runtime.errors import InputError, IntegrityError
from edgecompress.runtime.graph_file import require_one_file
from edgecompress.runtime.session import one_line, require_threads


class GraphEnd(NamedTuple):
    """One input or output, in onnxruntime's words."""

    name: str
    type: str  # e.g. "tensor(int64)"
    shape: list[int | None]  # None where any size will do


def open_session(path: Path, threads: int, *, capped: bool = False) -> "OpenVinoSession":
    """Compile the graph at `path` for `threads` threads that other work can move about.

    OpenVINO has no limit to its memory, so `capped` changes nothing.

    Raises:
        InputError: `threads` is not a number of threads, or the graph is not for OpenVINO.
        IntegrityError: the file is missing, or keeps weights in other files.
    """
    require_threads(threads)
    require_one_file(path)
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(threads),
        "INFERENCE_PRECISION_HINT": "f32",  # it would take bfloat16 where the processor has it
        "ENABLE_CPU_PINNING": "NO",
    }
    core = openvino.Core()
    try:
        compiled = core.compile_model(core.read_model(path), "CPU", settings)
    except RuntimeError as error:
        raise InputError(
            f"{path}: OpenVINO does not know every operator of this graph; release it with "
            "`release: {portable: true}`, or export it with `attention: unfused` "
            f"({one_line(error)})"
        ) from error
    return OpenVinoSession(path, compiled)


class OpenVinoSession:
    """The three calls of an onnxruntime session that `EdgeModel` makes."""

    def __init__(self, path: Path, compiled: openvino.CompiledModel) -> None:
        """Believe what `open_session` gives."""
        self._path = path
        self._compiled = compiled
        self._ports = {port.get_any_name(): port for port in compiled.outputs}
        self._own = threading.local()  # a request answers one caller at a time

    def get_inputs(self) -> list[GraphEnd]:
        """Every input of the graph."""
        return [_graph_end(port) for port in self._compiled.inputs]

    def get_outputs(self) -> list[GraphEnd]:
        """Every output of the graph."""
        return [_graph_end(port) for port in self._compiled.outputs]

    def run(self, names: Sequence[str], feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Answer `feed`; what is asked for by name, as arrays of the caller's own.

        Raises:
            IntegrityError: the graph cannot answer.
        """
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        try:
            found = self._own.request.infer(dict(feed), share_inputs=True)
        except RuntimeError as error:
            raise IntegrityError(f"{self._path}: cannot answer: {one_line(error)}") from error
        return [found[self._ports[name]] for name in names]


def _graph_end(port: Any) -> GraphEnd:
    kind = port.get_element_type().to_dtype().name
    shape = [size.get_length() if size.is_static else None for size in port.get_partial_shape()]
    return GraphEnd(port.get_any_name(), f"tensor({kind})", shape)
