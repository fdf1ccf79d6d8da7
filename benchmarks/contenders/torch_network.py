"""PyTorch as a user of transformers would call it."""

from pathlib import Path

import torch

from benchmarks.contenders.work import Answer, Work
from edgecompress.models.checkpoint import load_model


def make(how: str, work: Work, out: Path) -> None:
    """Nothing is made: the network is read as it was trained."""


def load(how: str, made: Path, work: Work, threads: int) -> Answer:
    """The network in fp32, in inference mode; compiled for any shape if that is asked for."""
    torch.set_num_threads(threads)
    network = load_model(work.network).eval()
    if how == "compile":
        network.compile(dynamic=True)

    def answer(feed):  # type: ignore[no-untyped-def]
        with torch.inference_mode():
            return network(*(torch.from_numpy(part) for part in feed.values())).logits.numpy()

    return answer


def weights(how: str, made: Path, work: Work) -> list[Path]:
    """The files that hold the weights."""
    return [work.network / "model.safetensors"]
