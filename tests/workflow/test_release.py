"""When a bundle may be written, and over what."""

import pytest

from edgecompress.core.errors import GateBroken, GateUndecided, InputError
from edgecompress.core.gate import GateReport, Limit, Verdict
from edgecompress.core.measurement import Measurement
from edgecompress.workflow.release import require_free, require_holds


def gate(low, high):
    measured = Measurement("label_loyalty", 0.9, low, high, "fraction", 500, "by hand", "test")
    return GateReport((Verdict.of("loyalty", measured, Limit(at_least=0.88)),))


def test_a_gate_that_holds_lets_pass():
    require_holds(gate(0.89, 0.91))


def test_a_broken_limit_is_told_with_its_numbers():
    measured = Measurement("label_loyalty", 0.8, 0.7, 0.85, "fraction", 500, "by hand", "test")
    broken = GateReport((Verdict.of("loyalty", measured, Limit(at_least=0.88)),))
    with pytest.raises(GateBroken, match=r"label_loyalty on test 0.8 \[0.7, 0.85\].*limit >= 0.88"):
        require_holds(broken)


def test_an_undecided_limit_tells_the_rows():
    # half-width 0.03 at 500 rows has to shrink to 0.02: 500 * (3/2)^2 = 1125
    with pytest.raises(GateUndecided, match="about 1,125 rows would decide it"):
        require_holds(gate(0.87, 0.93))


def test_a_gate_without_verdicts_lets_nothing_pass():
    with pytest.raises(GateUndecided, match="undecided"):
        require_holds(GateReport(()))


def test_files_that_are_not_a_bundle_are_never_overwritten(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="holds files that are not a bundle"):
        require_free(tmp_path)


def test_an_empty_folder_is_free(tmp_path):
    require_free(tmp_path)


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="is not a folder"):
        require_free(tmp_path / "out")
