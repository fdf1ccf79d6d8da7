"""Size, latency and accuracy: discs lie where they should, as large as their files."""

from dataclasses import replace

import pytest

from edgecompress.report.charts import cost_panels
from edgecompress.report.findings import dearest_finding
from edgecompress.report.tradeoff import tradeoff


def _number(at):
    return float(at.removesuffix("%"))


@pytest.fixture
def drawn(holding):
    found = tradeoff(holding.stages)
    assert found is not None
    return found


def test_the_first_is_the_teacher_and_faster_is_farther_left(drawn):
    assert [bubble.who for bubble in drawn.bubbles] == ["teacher", "ours", "ours", "ours"]
    places = [_number(bubble.x) for bubble in drawn.bubbles]
    assert places == sorted(places, reverse=True)


def test_areas_are_sizes(drawn):
    first, *_, last = [float(bubble.r) for bubble in drawn.bubbles]
    assert (last / first) ** 2 == pytest.approx(17.2 / 90.9, rel=0.02)


def test_each_disc_tells_its_numbers(drawn):
    assert drawn.bubbles[-1].words == "quantize: 83.5 %, 0.760 ms, 17.2 MB"


def test_neighbours_share_a_label(holding):
    same = tuple(replace(s, metrics=holding.stages[1].metrics) for s in holding.stages)
    found = tradeoff(same)
    assert found is not None
    assert [bubble.label for bubble in found.bubbles] == ["1, 2, 3, 4", "", "", ""]


def test_a_stage_without_a_latency_is_left_out(holding):
    teacher, *others = holding.stages
    untimed = replace(others[0], metrics=others[0].metrics[:-1])
    found = tradeoff((teacher, untimed, *others[1:]))
    assert found is not None
    assert found.names == ("finetune", "export", "quantize")


def test_one_stage_alone_is_no_picture(holding):
    assert tradeoff(holding.stages[:1]) is None


def test_the_dearest_stage_is_named_for_each_share(holding):
    # accuracy 0.8375, 0.8362, 0.8362, 0.8350; label loyalty 1.0, 0.9187, 0.9187, 0.9162
    assert dearest_finding(cost_panels(holding.stages)) == (
        "Most is lost of accuracy at distill (−0.1 points), "
        "of label loyalty at distill (−8.1 points)."
    )


def test_nothing_lost_is_told_too(holding):
    gains = tuple(replace(s, metrics=holding.stages[0].metrics) for s in holding.stages)
    assert dearest_finding(cost_panels(gains)) == "No stage loses anything here."
