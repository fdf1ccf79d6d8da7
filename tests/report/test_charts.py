"""Pictures put their marks where the numbers are."""

from dataclasses import replace

import pytest

from edgecompress.core.gate import Limit, Verdict
from edgecompress.core.measurement import Measurement
from edgecompress.report.charts import against_limit, cost_panels, timeline
from edgecompress.report.findings import cost_finding, gate_finding, time_finding


def _strip(low, value, high, **limit):
    measured = Measurement("x", value, low, high, "fraction", 10, "m")
    strip = against_limit(Verdict.of("c", measured, Limit(**limit)))
    return [float(at.removesuffix("%")) for at in (strip.low, strip.value, strip.high)]


def test_what_holds_lies_right_of_the_middle_and_reaches_the_edge():
    # rooms 0.01, 0.02, 0.04 of 0.04, so 50 + 46 / 4, 50 + 46 / 2, 50 + 46
    assert _strip(0.91, 0.92, 0.94, at_least=0.9) == [61.5, 73.0, 96.0]


def test_less_is_better_where_the_limit_is_a_ceiling():
    assert _strip(0.01, 0.02, 0.04, at_most=0.05) == [61.5, 84.5, 96.0]


def test_what_is_undecided_crosses_the_middle():
    low, _, high = _strip(0.88, 0.91, 0.94, at_least=0.9)
    assert low < 50 < high


def test_a_value_exactly_on_its_limit_lies_in_the_middle():
    assert _strip(0.9, 0.9, 0.9, at_least=0.9) == [50, 50, 50]


def test_what_has_no_limit_cannot_be_drawn_against_one():
    measured = Measurement("x", 1, 1, 1, "ms", 1, "m")
    with pytest.raises(ValueError, match="x has no limit"):
        against_limit(Verdict.of("c", measured, None))


def test_there_is_a_panel_for_each_cost(holding):
    panels = cost_panels(holding.stages)
    assert [panel.title for panel in panels] == [
        "accuracy",
        "label loyalty",
        "size",
        "median latency",
    ]
    assert [row.stage for row in panels[0].rows] == ["finetune", "distill", "export", "quantize"]


def test_bars_are_as_long_as_their_values(holding):
    size = cost_panels(holding.stages)[2]
    lengths = [float(row.strip.value.removesuffix("%")) - 3 for row in size.rows]
    assert lengths[3] / lengths[0] == pytest.approx(17.2 / 90.9, abs=1e-3)


def test_one_stage_alone_is_no_comparison(holding):
    assert cost_panels(holding.stages[:1]) == ()


def test_stages_follow_each_other_on_the_line_of_time(holding):
    spans = timeline(holding.stages)
    starts = [float(span.start.removesuffix("%")) for span in spans]
    assert starts == sorted(starts)
    # 188.2 of 605.6 seconds
    assert starts[1] == pytest.approx(31.08, abs=0.01)


def test_stages_without_any_duration_are_still_drawn(holding):
    spans = timeline([replace(stage, seconds=0.0) for stage in holding.stages])
    assert {span.width for span in spans} == {"0.40%"}


def test_captions_state_the_finding(holding, undecided):
    assert "8 of 8 intervals" in gate_finding(holding.gate)
    assert "7 of 8 intervals" in gate_finding(undecided.gate)
    assert "size from 90.9 MB to 17.2 MB" in cost_finding(cost_panels(holding.stages))
    assert time_finding(holding.stages) == (
        "Making everything took 10 min 6 s, of which distill 67 %; "
        "0 of 4 stages came from the store this time."
    )
