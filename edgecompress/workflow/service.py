"""What a model costs in service, from text to label: time, its parts, throughput, start, memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from edgecompress.core.intervals import block_bootstrap, quantile_bounds
from edgecompress.core.measurement import Measurement, exact
from edgecompress.core.progress import Progress
from edgecompress.core.starts import cold_starts, import_time
from edgecompress.core.texts import Text
from edgecompress.core.turns import TURN, Clock, Times, asking, in_turns, wall_percentile
from edgecompress.runtime.bundle import is_bundle
from edgecompress.runtime.model import Backend, EdgeModel
from edgecompress.runtime.timing import percentile, time_call

PARTS = 10  # of the texts, for throughput: enough for an interval of their median


@dataclass(frozen=True)
class Service:
    """How a model is run while it is measured."""

    threads: int = 1
    backend: Backend = "onnxruntime"
    seed: int = 7  # draws texts and turns

    @property
    def clock(self) -> Clock:
        """CPU time where one thread does all the work; with more of them its clock sees a share."""
        return Clock.THREAD_CPU if self.threads == 1 else Clock.WALL

    @property
    def clock_name(self) -> str:
        """For readers."""
        return "thread CPU time" if self.clock is Clock.THREAD_CPU else "wall time"

    @property
    def options(self) -> tuple[str, ...]:
        """The same for the runtime's own command line."""
        return ("--threads", str(self.threads), "--backend", self.backend)

    def load(self, path: Path) -> EdgeModel:
        """A fresh model; a bundle is verified, any other folder believed."""
        return EdgeModel.load(path, self.threads, verify=is_bundle(path), backend=self.backend)


def measure_service(
    path: Path, texts: Sequence[Text], service: Service, progress: Progress
) -> list[Measurement]:
    """Everything that `bench` tells of one model.

    Args:
        path: a bundle, a folder with an ONNX classifier, or the graph in it.
        texts: one after the other, as they are to be answered; 100 or more.
    """
    model = service.load(path)
    return [
        *_latencies(model, texts, service, progress),
        _throughput(model, texts, service.threads),
        exact("size_bytes", model.file.stat().st_size, "bytes", "bytes of the graph's file"),
        *cold_starts([str(path), *service.options], progress),
        import_time(progress),
    ]


def _latencies(
    model: EdgeModel, texts: Sequence[Text], service: Service, progress: Progress
) -> list[Measurement]:
    """Text to label, its two parts alone, and what we add to them, in turns."""
    feeds = [model.feed(encoded) for encoded in model.encoder.encode(texts)]
    ways = [
        asking(model.predict, texts),
        asking(model.encoder.encode, texts),
        lambda place: model.session.run(model.outputs, feeds[place]),
    ]
    with progress.track("latency", len(texts), "texts") as bar:
        whole, tokens, graph = in_turns(ways, len(texts), service.seed, bar.advance)
    return [
        wall_percentile(whole, 0.50, "texts", service.threads),
        wall_percentile(whole, 0.95, "texts", service.threads),
        *([_median_ms("answer_cpu_ms", whole, service)] if service.threads == 1 else []),
        _median_ms("tokenizing_ms", tokens, service),
        _median_ms("graph_ms", graph, service),
        _overhead(whole, tokens + graph, service),
    ]


def _median_ms(name: str, taken: Times, service: Service) -> Measurement:
    ms = taken[:, service.clock] * 1000
    method = f"median {service.clock_name}, batch 1; order statistics, 95 %"
    return Measurement(
        name, percentile(ms, 0.5), *quantile_bounds(ms, 0.5), "ms", len(ms), method, "texts"
    )


def _overhead(whole: Times, parts: Times, service: Service) -> Measurement:
    """Median of the differences, text by text."""
    added = 1e6 * (whole - parts)[:, service.clock]
    bare_us = 1e6 * float(np.median(parts[:, service.clock]))
    low, high = block_bootstrap(
        added, lambda rows: np.median(rows, axis=1), service.seed, block=TURN
    )
    return Measurement(
        "overhead_us",
        float(np.median(added)),
        low,
        high,
        "us",
        len(added),
        f"median {service.clock_name} of predict above tokenizing and the bare graph, in turns; "
        f"block bootstrap 95 %, seed {service.seed}",
        "texts",
        note=f"aim: at most {max(60.0, bare_us / 10):.0f} us (60, or a tenth of the rest)",
    )


def _throughput(model: EdgeModel, texts: Sequence[Text], threads: int) -> Measurement:
    """Many texts given at once, as to label a file."""
    size = len(texts) // PARTS
    parts = [texts[start : start + size] for start in range(0, size * PARTS, size)]
    rates = np.array([size / time_call(partial(model.predict, part)).wall_s for part in parts])
    return Measurement(
        "throughput_per_s",
        percentile(rates, 0.5),
        *quantile_bounds(rates, 0.5),
        "texts/s",
        len(rates),
        f"median of {PARTS} calls of {size} texts, {threads} thread{'s' * (threads > 1)}; "
        "order statistics, 95 %",
        "texts",
    )
