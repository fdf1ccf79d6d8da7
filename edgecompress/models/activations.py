"""What flows into the products of a graph while it reads texts: their ranges and their channels."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, helper
from onnxruntime.quantization import CalibrationMethod, TensorsData
from onnxruntime.quantization.calibrate import HistogramCollector

from edgecompress.core.case import FloatArray
from edgecompress.core.progress import Progress, Silent
from edgecompress.models.nodes import copy_of
from edgecompress.runtime.session import open_session

Feed = Mapping[str, NDArray[np.int64]]  # by input name, each [b, s]

# Bins of a tensor's first histogram, steps that 8 bits are taken to tell apart, and the percentage
# of values that a range must hold. With as many bins as steps, entropy would have no choice.
HISTOGRAMS: Mapping[str, tuple[int, int, float]] = {
    "entropy": (512, 128, 100.0),
    "percentile": (2048, 128, 99.999),
}


@dataclass(frozen=True)
class Calibration:
    """Texts to measure on, asked as the runtime will ask: alone, unpadded, on as many threads."""

    feeds: Sequence[Feed]
    threads: int = 1
    progress: Progress = field(default_factory=Silent)

    def channel_maxima(self, graph: ModelProto, values: Sequence[str]) -> dict[str, FloatArray]:
        """The largest magnitude that each channel of each value takes, [channels]."""
        maxima: dict[str, FloatArray] = {}
        for seen in self._values(graph, values, "channels"):
            for name, value in seen.items():
                largest = np.abs(value).reshape(-1, value.shape[-1]).max(axis=0)
                maxima[name] = np.maximum(maxima.get(name, 0), largest)
        return maxima

    def ranges(self, graph: ModelProto, values: Sequence[str], method: str) -> TensorsData:
        """The range of each value: all it takes (minmax), or what is worth telling apart.

        Args:
            method: "minmax", "entropy" or "percentile"; the latter two cut off rare values.
        """
        seen = self._values(graph, values, "ranges")
        return _all_of(seen) if method == "minmax" else _most_of(seen, method)

    def _values(
        self, graph: ModelProto, values: Sequence[str], what: str
    ) -> Iterator[dict[str, FloatArray]]:
        """What the values are for each text."""
        names = list(dict.fromkeys(values))
        watched = copy_of(graph)
        watched.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
        with TemporaryDirectory() as place:
            file = Path(place) / "model.onnx"
            onnx.save(watched, file)
            session = open_session(file, self.threads)
        with self.progress.track(what, len(self.feeds), "texts") as bar:
            for feed in self.feeds:
                found: Sequence[Any] = session.run(names, feed)
                yield dict(zip(names, found, strict=True))
                bar.advance()


def _all_of(seen: Iterator[dict[str, FloatArray]]) -> TensorsData:
    ranges: dict[str, tuple[np.float32, np.float32]] = {}
    for values in seen:
        for name, value in values.items():
            low, high = ranges.get(name, (np.float32(np.inf), np.float32(-np.inf)))
            ranges[name] = (np.minimum(low, value.min()), np.maximum(high, value.max()))
    return TensorsData(CalibrationMethod.MinMax, ranges)


def _most_of(seen: Iterator[dict[str, FloatArray]], method: str) -> TensorsData:
    """By onnxruntime's histograms, which it prints about; text by text, since lengths differ."""
    bins, steps, percentage = HISTOGRAMS[method]
    collector = HistogramCollector(method, False, bins, steps, percentage, "same")
    with redirect_stdout(io.StringIO()):
        for values in seen:
            collector.collect(values)
        found = collector.compute_collection_result()
    ranges = {name: (low, high) for name, (low, high, *_) in found.items()}
    return TensorsData(CalibrationMethod.MinMax, ranges)
