"""What the gate's rows can certify."""

import pytest

from edgecompress.core.intervals import paired_drop, wilson
from edgecompress.data.roles import Data
from edgecompress.workflow.certify import certificates


def by_setting(file, ws):
    found = certificates(file, Data(file.recipe, file.folder, ws.resources, ws.progress))
    return {c.setting: c for c in found}


def test_a_limit_that_no_candidate_can_hold_is_impossible(smoke, ws):
    found = by_setting(smoke(("split: test}", "split: test, rows: 30}")), ws)
    assert found["max_drop"].impossible  # even without a difference, 30 rows leave 0.11 open


@pytest.mark.parametrize("rows", [30, 59, 60, 61, 200])
def test_impossible_agrees_with_the_interval_of_a_perfect_candidate(smoke, ws, rows):
    found = by_setting(smoke(("split: test}", f"split: test, rows: {rows}}}")), ws)
    assert found["max_drop"].impossible == (paired_drop(0, 0, rows)[1] > 0.06)
    assert found["label_at_least"].impossible == (wilson(rows, rows)[0] < 0.85)


def test_the_rows_needed_make_it_likely(smoke, ws):
    # 600 rows with 9 % differing certify 0.034; see tests/core/test_power.py
    tight = by_setting(smoke(("max_drop: 0.06", "max_drop: 0.02")), ws)["max_drop"]
    assert (tight.doubtful, tight.impossible, tight.rows_needed) == (True, False, 1766)


def test_limits_that_rest_on_no_rows_have_no_certificate(smoke, ws):
    assert "ratio_at_most" not in by_setting(smoke(), ws)
