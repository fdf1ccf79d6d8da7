"""Outcomes as lines of a file."""

from pathlib import Path

from edgecompress.attacks.outcomes import FILE, Outcome, read_outcomes, write_outcomes

OUTCOMES = (
    Outcome(0, "succeeded", "a gööd\nfilm ", 12),
    Outcome(1, "skipped", None, 1),
    Outcome(2, "reduced", ("one", "two"), 30),
    Outcome(3, "unattackable", None, 0, "ValueError: no"),
)


def test_they_come_back_as_they_were(tmp_path: Path):
    write_outcomes(OUTCOMES, tmp_path)
    assert read_outcomes(tmp_path) == OUTCOMES


def test_the_order_in_which_they_came_changes_no_byte(tmp_path: Path):
    files = []
    for folder, order in (("a", OUTCOMES), ("b", OUTCOMES[::-1])):
        (tmp_path / folder).mkdir()
        write_outcomes(order, tmp_path / folder)
        files.append((tmp_path / folder / FILE).read_bytes())
    assert files[0] == files[1]
