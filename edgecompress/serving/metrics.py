"""Counts and times in Prometheus' format; of all workers together, whichever is asked.

Workers share their counts through files in the folder that PROMETHEUS_MULTIPROC_DIR names; the
parent of the workers makes it and takes it away.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHARED = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """What one worker counts."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.seconds = Histogram(
            "edgecompress_request_seconds",
            "From the head of a request to the end of its response",
            ["route", "status"],
            buckets=SECONDS,
            registry=registry,
        )
        self.waited_seconds = Histogram(
            "edgecompress_wait_seconds",
            "How long an answered request waited for its turn",
            buckets=SECONDS,
            registry=registry,
        )
        self.texts = Counter("edgecompress_texts", "Texts answered", registry=registry)
        self.truncated = Counter(
            "edgecompress_truncated_texts", "Texts whose end was not read", registry=registry
        )
        self.waiting = Gauge(
            "edgecompress_waiting_texts",
            "Texts accepted and not answered yet",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._model = Gauge(
            "edgecompress_model",
            "1 for the model that is served",
            ["name", "digest"],
            registry=registry,
            multiprocess_mode="livemax",
        )

    def loaded(self, name: str, digest: str) -> None:
        """Tell which model answers."""
        self._model.labels(name, digest).set(1)

    def described(self) -> list[tuple[str, str]]:
        """Name and meaning of each."""
        return [(metric.name, metric.documentation) for metric in self._registry.collect()]

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        if SHARED not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # it has no types
        return generate_latest(together)
