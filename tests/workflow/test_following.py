"""What a process that does not lead makes of its orders; the lead is a fake."""

import json
from dataclasses import replace

import numpy as np
import pytest

from edgecompress.core.errors import EnvironmentFault, InputError
from edgecompress.workflow.following import follow


class Second:
    """A Ranks of the second of two processes, whose lead says these words."""

    number, count, here = 1, 2, 2

    def __init__(self, *words):
        texts = [np.frombuffer(json.dumps(word).encode(), np.uint8) for word in words]
        self.arrays = [array for text in texts for array in (len(text), text)]

    def spread(self, numbers):
        numbers[...] = self.arrays.pop(0)


def test_another_recipe_than_the_leads_is_refused(ws, smoke):
    with pytest.raises(InputError, match=r"recipe.yaml: is not the recipe that the lead"):
        follow(smoke(), replace(ws, ranks=Second("0" * 64)))


def test_it_ends_when_the_lead_has_no_more_to_say(ws, smoke):
    file = smoke()
    follow(file, replace(ws, ranks=Second(file.digest, None)))


def test_what_is_not_in_the_shared_store_is_told(ws, smoke):
    file = smoke()
    order = {"do": "keep", "step": "teacher", "key": "a" * 64}
    with pytest.raises(EnvironmentFault, match=f"store: does not hold {'a' * 64}"):
        follow(file, replace(ws, ranks=Second(file.digest, order)))


def test_a_follower_writes_no_journal(ws, smoke):
    file = smoke()
    follow(file, replace(ws, ranks=Second(file.digest, None)))
    assert list((ws.store.root / "runs").iterdir()) == []
