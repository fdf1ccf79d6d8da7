"""What an operator may ask of the server, and what a client may ask of it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from edgecompress.runtime.model import Backend


@dataclass(frozen=True)
class Limits:
    """Beyond these a client gets a status at once, so that all others get their answers in time.

    Those of numbers and times hold for each worker.
    """

    body_bytes: int = 1_048_576
    texts: int = 64  # of one request
    characters: int = 20_000  # of one text
    waiting_texts: int = 256  # accepted and not answered yet
    held_bytes: int = 64_000_000  # of all bodies that are being read
    answer_s: float = 5.0  # from the last byte of a request to its answer
    arrival_s: float = 10.0  # for the head of a request, and again for its body


@dataclass(frozen=True)
class Settings:
    """One call of `edgecompress serve`."""

    bundle: Path
    name: str  # of the model, in the addresses of the Open Inference Protocol
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 1
    backend: Backend = "onnxruntime"
    drain_s: float = 0.0  # still accepting after SIGTERM, while /readyz says no
    quiet: bool = False  # no line for each request
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> str:
        """For the command line of a worker."""
        return json.dumps({**asdict(self), "bundle": str(self.bundle)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        given = json.loads(text)
        return cls(
            **{**given, "bundle": Path(given["bundle"]), "limits": Limits(**given["limits"])}
        )
