"""Real processes with gloo between them, on networks that learn in a second."""

import numpy as np
import pytest
import torch

from edgecompress.core.ranks import ALONE
from tests.training import processes
from tests.training.processes import STEPS, Seen, together, training

NAMES = ("plain", "dropout", "theseus", "broken")

# Sums of float32 in another order: rounding, which AdamW makes larger. Seen: 4e-7.
ROUNDING = 1e-4
RESUMED = 21  # the checkpoint before step 24, where trainings are broken; one is made each 7 steps


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What one process, and what each of two, saw of every training: `seen["plain", 2]`."""
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    for name in NAMES:
        training(name, one, ALONE)
    done = together(2, [processes.__file__, two, *NAMES])
    assert [process.returncode for process in done] == [0, 0], done
    return {
        (name, count): Seen(folder, name, count)
        for name in NAMES
        for folder, count in ((one, 1), (two, 2))
    }


def same(one, two) -> bool:
    return all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("name", ["plain", "theseus"])
def test_two_processes_follow_the_loss_curve_of_one(name, seen):
    alone, both = seen[name, 1], seen[name, 2]
    assert both.curve == pytest.approx(alone.curve, abs=ROUNDING)
    for weight, value in alone.weights[0].items():
        torch.testing.assert_close(both.weights[0][weight], value, rtol=0, atol=ROUNDING)


def test_with_dropout_they_follow_it_on_the_whole(seen):
    # Each draws masks of its own. Seen: 0.347 and 0.343, falling from 0.65 to 0.12 and 0.17.
    alone, both = (seen["dropout", count].curve for count in (1, 2))
    assert np.mean(both) == pytest.approx(np.mean(alone), abs=0.05)
    assert both != alone


@pytest.mark.parametrize("name", NAMES)
def test_all_processes_end_with_the_same_weights_and_the_leads_score(name, seen):
    both = seen[name, 2]
    assert same(*both.weights)
    scores = [told["trained"]["best_validation"] for told in both.told]
    assert scores[0] == scores[1]


def test_a_process_takes_every_second_row_and_may_get_none(seen):
    sizes = [
        [told["losses"].get(str(step), (0, 0))[1] for told in seen["plain", 2].told]
        for step in range(STEPS)
    ]
    assert sorted(map(tuple, sizes)) == [(1, 0)] * 3 + [(4, 4)] * 45


def test_theseus_draws_the_same_modules_in_every_process(seen):
    ours, theirs = (told["drawn"] for told in seen["theseus", 2].told)
    assert ours == theirs == seen["theseus", 1].told[0]["drawn"]
    assert len({tuple(draw) for draw in ours}) == 4  # of two modules: none, either, both


def test_a_broken_training_of_two_ends_with_the_weights_of_an_unbroken_one(seen):
    unbroken, broken = seen["dropout", 2], seen["broken", 2]
    assert same(unbroken.weights[0], broken.weights[0])
    for whole, rest in zip(unbroken.told, broken.told, strict=True):
        later = {step: loss for step, loss in whole["losses"].items() if int(step) >= RESUMED}
        assert rest["losses"] == later  # to the bit, in each process


def test_tokens_are_those_of_the_whole_batch(seen):
    alone, both = (seen["plain", count].told[0]["trained"] for count in (1, 2))
    assert both["tokens"] == alone["tokens"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1], ids=["the lead is killed", "another is killed"])
def test_sigkill_of_a_process_ends_the_other_and_the_same_command_goes_on(killed, seen, tmp_path):
    done = together(2, [processes.__file__, tmp_path, f"dropout-{killed}-24"])
    assert done[killed].returncode == -9
    other = done[1 - killed]
    assert other.returncode == 1
    assert "EnvironmentFault: another process of this run has ended" in other.stderr
    done = together(2, [processes.__file__, tmp_path, "dropout"])
    assert [process.returncode for process in done] == [0, 0], done
    assert same(Seen(tmp_path, "dropout", 2).weights[0], seen["dropout", 2].weights[0])
    assert min(map(int, Seen(tmp_path, "dropout", 2).told[0]["losses"])) == RESUMED
