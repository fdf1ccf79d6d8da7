"""Each way to prune gives models of the sparsities asked for, and can be killed anywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pytest

from edgecompress.core.errors import StageError
from edgecompress.core.progress import Tracker
from edgecompress.recipe.learning import Difficulty
from edgecompress.training import difficulty
from edgecompress.training.difficulty import METHODS, Inquiry
from edgecompress.training.sparsity import sparsity_of

SPARSITIES = (0.3, 0.5, 0.8)
SETTINGS = Difficulty(
    kind="difficulty",
    sparsities=SPARSITIES,
    epochs=1,
    batch_size=4,
    learning_rate=1e-2,
    precision="fp32",
    checkpoint_every=2,
)


class Killed(BaseException):
    """As by a signal; nothing of ours catches it."""


@dataclass
class Dying:
    """A listener under which the process dies at its n-th sign of life."""

    left: int

    def say(self, line: str) -> None:
        self._count()

    def warn(self, line: str) -> None:
        self._count()

    @contextmanager
    def track(self, what: str, total: float, unit: str) -> Iterator[Tracker]:
        self._count()
        yield self

    def advance(self, amount: float = 1, note: str = "") -> None:
        self._count()

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed


@pytest.fixture
def inquire(new_encoder, new_rows, here):
    """Gives an inquiry of this method, in a folder of its own."""
    rows = {"train": new_rows(24), "validation": new_rows(9, seed=2)}

    def make(method: str, where: str = "one", **settings) -> Inquiry:
        asked = SETTINGS.model_copy(update={"method": method, **settings})
        around = replace(here, scratch=here.scratch / where)
        around.scratch.mkdir(exist_ok=True)
        return Inquiry(new_encoder(), rows, asked, around)

    return make


@pytest.fixture
def seen(monkeypatch):
    """The models that were asked, in order."""
    models = []
    ask = difficulty.teacher_signals

    def remember(asked, folder, progress):
        models.append(asked.teacher)
        return ask(asked, folder, progress)

    monkeypatch.setattr(difficulty, "teacher_signals", remember)
    return models


def _train_answers(inquiry):
    return np.stack([answers["train"] for answers in inquiry.pruned()])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_asks_models_of_the_sparsities_wanted(method, inquire, seen):
    answers = inquire(method).pruned()
    assert [a["train"].shape for a in answers] == [(24, 2)] * 3
    assert [a["validation"].shape for a in answers] == [(9, 2)] * 3
    of_train = seen[::2]  # each model is asked about two roles
    assert [sparsity_of(model) for model in of_train] == pytest.approx(SPARSITIES, abs=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_embeddings_are_never_touched(method, inquire, seen, new_encoder):
    inquire(method).pruned()
    before = new_encoder().embeddings.state_dict()
    for name, weight in seen[-1].embeddings.state_dict().items():
        assert (weight == before[name]).all(), name


def test_one_shot_trains_nothing(inquire, seen, new_encoder):
    inquire("one-shot").pruned()
    before = new_encoder()
    for ours, theirs in zip(seen[-1].parameters(), before.parameters(), strict=True):
        assert ((ours == theirs) | (ours == 0)).all()


@pytest.mark.parametrize("method", ["runs", "gradual"])
def test_what_is_left_is_trained(method, inquire, seen, new_encoder):
    inquire(method).pruned()
    assert not (seen[-1].head.out.weight == new_encoder().head.out.weight).all()


def test_the_model_itself_is_never_pruned(inquire):
    inquiry = inquire("one-shot")
    before = inquiry.unpruned()["train"]
    inquiry.pruned()
    assert sparsity_of(inquiry.encoder) == 0
    np.testing.assert_array_equal(inquire("one-shot", "two").unpruned()["train"], before)


def test_the_stops_of_a_gradual_training_share_all_its_steps():
    spans = [difficulty._span(10, place, 3) for place in range(3)]
    assert spans == [(0, 3), (3, 6), (6, 10)]


def test_a_training_too_short_for_its_stops_is_refused(inquire):
    with pytest.raises(StageError, match="2 steps of training cannot stop at 3 sparsities"):
        inquire("gradual", batch_size=12).pruned()


@pytest.mark.parametrize("method", METHODS)
def test_a_killed_inquiry_ends_with_the_answers_of_an_unbroken_one(method, inquire):
    unbroken = _train_answers(inquire(method, "unbroken"))
    kills = 0
    for life in range(3, 100, 4):  # signs of life before it dies again
        inquiry = inquire(method, "broken")
        mortal = replace(inquiry, around=replace(inquiry.around, progress=Dying(life)))
        try:
            found = _train_answers(mortal)
        except Killed:
            kills += 1
        else:
            break
    assert kills >= 2
    np.testing.assert_array_equal(found, unbroken)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_finished_is_not_asked_again(method, inquire, monkeypatch):
    first = _train_answers(inquire(method))
    monkeypatch.setattr(difficulty, "prune_to", None)  # no model can be made any more
    monkeypatch.setattr(difficulty, "Gradual", None)
    np.testing.assert_array_equal(_train_answers(inquire(method)), first)


@pytest.mark.parametrize(("method", "left"), [("runs", 1), ("gradual", 2)])
def test_checkpoints_are_not_hoarded(method, left, inquire):
    inquiry = inquire(method)
    inquiry.pruned()
    assert len(list(inquiry.around.scratch.glob("prune to*"))) == left
