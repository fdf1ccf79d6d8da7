"""The state of every random generator that training may draw from, as JSON values."""

import random
from typing import Any

import numpy as np
import torch


def seed_chance(seed: int) -> None:
    """Start the generators of Python, numpy and torch from `seed`."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def seed_of_step(seed: int, step: int, rank: int) -> int:
    """Of one process in one step of a training that several share; 32 bits, unlike any other's."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1)[0])


def capture_chance() -> dict[str, Any]:
    """Where the three generators stand."""
    version, numbers, gauss = random.getstate()
    numpy_state = np.random.get_state(legacy=False)
    assert isinstance(numpy_state, dict)
    key = numpy_state["state"]["key"].tolist()
    return {
        "python": [version, list(numbers), gauss],
        "numpy": {**numpy_state, "state": {**numpy_state["state"], "key": key}},
        "torch": torch.get_rng_state().numpy().tobytes().hex(),
    }


def restore_chance(state: dict[str, Any]) -> None:
    """Make the generators go on from what `capture_chance` saw."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    np.random.set_state(state["numpy"])
    torch.set_rng_state(torch.frombuffer(bytearray.fromhex(state["torch"]), dtype=torch.uint8))
