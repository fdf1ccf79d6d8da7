"""What each stage costs, told apart for easy and for hard texts where these are known."""

import numpy as np
import pytest

from edgecompress.checks.shares import Place, share
from edgecompress.core.artifact import Artifact
from edgecompress.core.errors import MeasureError
from edgecompress.core.intervals import wilson
from edgecompress.training.scores import Scale, save_scores, score
from edgecompress.workflow import metrics
from edgecompress.workflow.metrics import Yardstick, stage_metrics
from tests.fakes import Answers, contestant, texts

TRUTH = texts([0, 1] * 50, "validation")
PICKED = [0, 1] * 45 + [1, 0] * 5  # the last ten wrong


def _artifact(path, digest):
    return Artifact("torch-model", digest, digest, path, (), {})


@pytest.fixture
def scores(tmp_path):
    """Of which the last 30 texts vary, and so are the hard ones."""
    losses = np.stack([np.zeros(100), np.r_[np.zeros(70), np.ones(30)]])
    save_scores({"validation": (TRUTH, score(losses, losses > 9, Scale(0.0, 0.25, 0.3)))}, tmp_path)
    return _artifact(tmp_path, "5" * 64)


@pytest.fixture
def measure(ws, monkeypatch, tmp_path):
    """Gives the metrics of a model that answers as `PICKED`, by name."""
    monkeypatch.setattr(metrics, "contestant", lambda made, name: contestant(name, Answers(PICKED)))
    monkeypatch.setattr(metrics.latency, "measure", lambda case, timing: [])

    def make(difficulty=None):
        made, teacher = _artifact(tmp_path, "1" * 64), _artifact(tmp_path, "2" * 64)
        yard = Yardstick(teacher, TRUTH, ("a", "b"), 7, {}, difficulty)
        return {m.name: m for m in stage_metrics(made, yard, ws)}

    return make


def test_without_scores_all_texts_are_one_group(measure):
    assert not {"easy_accuracy", "hard_accuracy"} & measure().keys()


def test_easy_and_hard_texts_are_counted_apart(measure, scores):
    found = measure(scores)
    assert (found["easy_accuracy"].value, found["easy_accuracy"].n) == (1.0, 70)
    assert (found["hard_accuracy"].value, found["hard_accuracy"].n) == (20 / 30, 30)
    assert (found["hard_accuracy"].low, found["hard_accuracy"].high) == wilson(20, 30)


def test_scores_made_later_are_not_missed_for_a_cached_measurement(measure, scores):
    measure()
    assert "easy_accuracy" in measure(scores)
    assert "easy_accuracy" not in measure()


def test_what_lacks_its_latency_is_measured_again(measure, monkeypatch, ws):
    def busy(case, timing):
        raise MeasureError("this machine is too noisy to judge")

    seen = share("latency_p50_ms", np.array([True]), Place("validation"))
    monkeypatch.setattr(metrics.latency, "measure", busy)
    assert "latency_p50_ms" not in measure()
    monkeypatch.setattr(metrics.latency, "measure", lambda case, timing: [seen])
    assert "latency_p50_ms" in measure()
