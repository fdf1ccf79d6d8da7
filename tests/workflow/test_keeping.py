"""What checks find is kept whole; what is dear to make is made once."""

from dataclasses import replace

import numpy as np
import pytest

from edgecompress.core.exhibit import Exhibit
from edgecompress.core.measurement import Measurement, Refused
from edgecompress.workflow.keeping import Keeper, load_findings, recall_teacher, save_findings
from tests.fakes import case, contestant, texts

FOUND = (
    Measurement("accuracy", 0.9, 0.88, 0.92, "fraction", 100, "wilson, 95 %", "test", part="worst"),
    Exhibit("confusion", "Confusion", "test", {"counts": [[1, 2], [3, 4]]}),
    Refused("relative_bias", "ood", "the teacher drops by nothing"),
)


def test_findings_come_back_as_they_were(ws):
    sealed = save_findings(FOUND, "0" * 64, (), ws.store)
    assert sealed == FOUND
    found = ws.store.find("0" * 64)
    assert found
    assert load_findings(found) == FOUND


def test_what_was_made_is_found_again(ws):
    made = []

    def make(draft, scratch):
        made.append(draft)
        (draft / "texts.jsonl").write_text("{}")

    keep = Keeper(ws.store)
    first, again = (keep({"kind": "adversarial", "of": "a"}, make) for _ in range(2))
    assert first == again
    assert len(made) == 1
    assert keep({"kind": "adversarial", "of": "b"}, make) != first


def test_a_making_that_broke_finds_its_scratch_again(ws):
    def breaks(draft, scratch):
        scratch.mkdir(parents=True, exist_ok=True)
        (scratch / "half").write_text("done")
        raise InterruptedError

    def goes_on(draft, scratch):
        (draft / "whole").write_text((scratch / "half").read_text())

    keep = Keeper(ws.store)
    with pytest.raises(InterruptedError):
        keep({"kind": "adversarial"}, breaks)
    assert (keep({"kind": "adversarial"}, goes_on) / "whole").read_text() == "done"


class Asked:
    """Answers by the number that a text is, and counts how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def logits(self, rows):
        self.times += 1
        return np.array([[float(row), 0.5] for row in rows], np.float32)


def test_a_teacher_is_asked_about_the_same_rows_once(ws):
    teacher = Asked()
    for role, times in (("test", 1), ("test", 1), ("validation", 2)):
        asking = replace(
            case([0], [0], [0]),
            teacher=contestant("teacher", teacher),
            data={role: texts([0, 1, 1], role)},
            keep=Keeper(ws.store),
            known={},
        )
        recall_teacher(asking, role)
        assert teacher.times == times
        answers = asking.answers(asking.teacher, role)
        assert answers.tolist() == [[0.0, 0.5], [1.0, 0.5], [2.0, 0.5]]
        assert teacher.times == times
