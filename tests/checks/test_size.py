"""Check `size`."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgecompress.checks import size
from edgecompress.core import starts
from edgecompress.core.errors import MeasureError
from edgecompress.recipe.budget import Size
from tests.fakes import case, contestant

SETTINGS = Size(check="size")
PROBED = [{"cold_start_ms": float(ms), "peak_rss_bytes": 10.0 * ms} for ms in (5, 1, 7, 3, 9, 4, 6)]


@pytest.fixture
def measured(monkeypatch):
    probes = iter(PROBED)
    monkeypatch.setattr(starts, "_probe", lambda model: next(probes))
    here = replace(case([0], [0], [0]), candidate=contestant("candidate", None, size=250))
    return {m.name: m for m in size.measure(here, SETTINGS)}


def test_bytes_are_told_against_the_teachers(measured):
    assert (measured["size_bytes"].value, measured["size_ratio"].value) == (250, 0.25)


def test_a_cold_start_is_the_median_of_fresh_processes_with_their_range(measured):
    start = measured["cold_start_ms"]
    assert (start.low, start.value, start.high, start.n) == (1, 5, 9, 7)


def test_a_count_has_no_width(measured):
    assert measured["size_bytes"].low == measured["size_bytes"].high


def test_a_runtime_that_does_not_start_cannot_be_measured():
    here = case([0], [0], [0])
    assert here.candidate.folder == Path("nowhere")
    with pytest.raises(MeasureError, match="the runtime did not start"):
        size.measure(here, SETTINGS)
