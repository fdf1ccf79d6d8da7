"""One text attacked on a node, with a toy in the place of TextAttack."""

from types import SimpleNamespace

import pytest

from edgecompress.attacks import node
from edgecompress.attacks.node import attacked, conditions
from edgecompress.attacks.outcomes import Outcome
from edgecompress.core.errors import EnvironmentFault


@pytest.fixture(autouse=True)
def toy(monkeypatch) -> None:
    worker = SimpleNamespace(attacked=lambda task: Outcome(task["row"], "failed", None, 3))
    monkeypatch.setattr(node, "_worker", lambda: worker)


def test_an_outcome_comes_back_as_a_worker_would_write_it():
    told = {"row": 5, "conditions": conditions()}
    assert attacked(told) == Outcome(5, "failed", None, 3).as_json()


@pytest.mark.parametrize("what", ["processor", "onnxruntime", "textattack", "edgecompress"])
def test_a_node_that_may_answer_otherwise_refuses(what: str):
    told = {"row": 5, "conditions": {**conditions(), what: "of another kind"}}
    with pytest.raises(EnvironmentFault, match=rf"has {what} .*, this machine has of another kind"):
        attacked(told)
