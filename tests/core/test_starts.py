"""Fresh processes."""

import pytest

from edgecompress.core import starts
from edgecompress.core.errors import MeasureError
from edgecompress.core.progress import Silent


def test_the_runtime_is_imported_seven_times_anew():
    found = starts.import_time(Silent())
    assert (found.name, found.n) == ("import_ms", starts.STARTS)
    assert 0 < found.low <= found.value <= found.high


def test_options_reach_the_runtime(monkeypatch):
    told = []
    monkeypatch.setattr(
        starts,
        "_output_of",
        lambda arguments: told.append(arguments) or '{"cold_start_ms": 1, "peak_rss_bytes": 2}',
    )
    starts.cold_starts(["bundle", "--threads", "2"], Silent())
    assert told[0][:5] == ["-m", "edgecompress.runtime", "bundle", "--threads", "2"]


def test_a_runtime_that_does_not_start_cannot_be_measured():
    with pytest.raises(MeasureError, match="the runtime did not start: .*not a folder"):
        starts.cold_starts(["nowhere"], Silent())
