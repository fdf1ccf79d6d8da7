import json
import random

import numpy as np
import torch

from edgecompress.training.chance import capture_chance, restore_chance, seed_chance


def draw() -> tuple[float, float, float, float]:
    normal = torch.randn(1).item()
    return random.random(), random.gauss(0, 1), float(np.random.randn()), normal


def test_three_generators_go_on_from_where_they_were():
    seed_chance(3)
    draw()
    state = json.loads(json.dumps(capture_chance()))
    expected = [draw(), draw()]
    seed_chance(4)
    restore_chance(state)
    assert [draw(), draw()] == expected


def test_a_seed_starts_all_three():
    seed_chance(3)
    first = draw()
    seed_chance(3)
    assert draw() == first
