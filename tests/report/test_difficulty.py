"""The histogram of d stands where the counts are, and every reader gets the numbers."""

import pytest

from edgecompress.report.charts import cost_panels
from edgecompress.report.difficulty import difficulties, difficulty_finding
from edgecompress.report.findings import cost_finding
from edgecompress.report.html import page
from edgecompress.report.json import document
from edgecompress.report.markdown import summary


@pytest.fixture
def drawn(scored):
    (found,) = difficulties(scored.stages)
    return found


def _percent(at):
    return float(at.removesuffix("%"))


def test_a_run_without_scores_has_no_histogram(holding):
    assert difficulties(holding.stages) == ()
    assert "histogram" not in page(holding).split("</style>")[1]


def test_bars_share_the_width_and_stand_on_the_ground(drawn):
    assert len(drawn.bars) == 20
    assert [_percent(bar.middle) for bar in drawn.bars[:2]] == [2.5, 7.5]
    for bar in drawn.bars:
        assert _percent(bar.y) + _percent(bar.height) == pytest.approx(100, abs=0.01)


def test_bars_grow_with_the_root_of_their_count(drawn):
    # 225 and 16 texts: roots 15 and 4, the longest bar 86 % of the height
    heights = [_percent(bar.height) for bar in drawn.bars]
    assert heights[:2] == [86, pytest.approx(86 * 4 / 15, abs=0.01)]
    assert heights[10] == 0


def test_the_mean_is_marked_on_the_scale_from_alpha_to_one(drawn):
    assert drawn.mean_at == "20.00%"  # (0.44 - 0.3) / 0.7


def test_bounds_are_told_to_who_sees_no_bars(drawn):
    assert drawn.bars[1].words == "d 0.335 to 0.370: 16"  # steps of 0.7 / 20
    assert drawn.words.startswith("texts by d, from 0.3 to 1: 225, 16, 6")


def test_the_finding_tells_spread_models_doubts_and_the_gap(scored):
    finding = difficulty_finding(scored.stages[1].facts)
    assert "75.0 % of 300 texts lie in the lowest of 20 steps from d = 0.3 to 1" in finding
    assert "2 of 3 pruned models were asked (one-shot)" in finding
    assert "2.0 % of the texts count as easy though" in finding
    assert (
        "The model that came in gets 91.0 % of the easy and 72.0 % of the hard validation texts"
        in finding
    )


def test_without_validation_texts_there_is_no_gap_to_tell(scored):
    facts = {**scored.stages[1].facts, "validation": {}}
    assert "The model that came in" not in difficulty_finding(facts)


def test_the_page_shows_the_histogram_and_both_ends(scored):
    text = page(scored)
    assert text.count("<title>d ") == 20
    assert "hardly &lt;i&gt;a bore&lt;/i&gt;" in text
    assert "left out: it has collapsed" in text


def test_easy_and_hard_texts_have_panels_that_do_not_reach_back_before_the_scores(scored):
    panels = cost_panels(scored.stages)
    assert [panel.title for panel in panels][-2:] == [
        "accuracy on easy texts",
        "accuracy on hard texts",
    ]
    assert panels[-1].rows[0].stage == "distill"
    assert "hard texts" not in cost_finding(panels)


def test_markdown_tells_the_counts_and_the_accuracy_of_both_halves(scored, holding):
    text = summary(scored)
    assert "From easy to hard: 225, 16, 6, 6, 8" in text
    assert "| distill | 6 min 43 s | 83.6 % | 92.0 % | 76.0 % | 91.9 % |" in text
    assert "on easy texts" not in summary(holding)


def test_json_holds_everything(scored):
    stages = document(scored)["stages"]
    assert stages[1]["facts"]["d"]["counts"][0] == 225
    assert stages[2]["metrics"]["hard_accuracy"]["low"] == pytest.approx(0.72)
