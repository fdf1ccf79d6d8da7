"""The table on stdout: verdict first, aligned, and readable by any terminal."""

from edgecompress.report.table import text_table


def test_the_first_line_is_the_verdict(holding, broken, undecided):
    firsts = [text_table(report).splitlines()[0] for report in (holding, broken, undecided)]
    assert firsts == [
        "HOLDS: quickstart: all 8 limits hold",
        "BROKEN: quickstart: 1 of 8 limits is broken",
        "UNDECIDED: quickstart: 1 of 8 limits cannot be decided with this much data",
    ]


def _rows(report):
    return text_table(report, reported=True).split("\n\n")[1].splitlines()


def test_columns_are_aligned(undecided):
    head, *rows = _rows(undecided)
    start, end = head.index("data"), head.index("limit") + len("limit")
    assert {row[start - 2 : start] for row in rows} == {"  "}
    assert {row[end : end + 2] for row in rows} <= {"  ", ""}


def test_rows_needed_stand_only_where_something_is_undecided(holding, undecided):
    assert "rows needed" not in text_table(holding)
    assert next(row for row in _rows(undecided) if "about 4,956" in row).startswith("UNDECIDED")


def test_judged_measurements_come_before_reported_ones(holding):
    outcomes = [row.split()[0] for row in _rows(holding)[1:]]
    assert outcomes == ["HOLDS"] * 8 + ["reported"] * 4


def test_what_nobody_judges_is_counted_until_asked_for(holding):
    told = text_table(holding)
    assert "reported" not in told
    assert "and 4 measurements without a limit: in the report, or with -v\n" in told


def test_every_terminal_can_show_it(holding, hostile):
    assert text_table(holding).isascii()
    assert "\x00" not in text_table(hostile)
    assert "\u202e" not in text_table(hostile)


def test_an_empty_gate_is_told_not_hidden(empty):
    assert "no limit was judged" in text_table(empty)


def test_parts_have_a_column_where_there_are_any(holding, full):
    assert " part " not in _rows(holding)[0]
    assert any(" after_attack_drop   " in row and " pwws " in row for row in _rows(full))


def test_many_parts_do_not_bury_the_rest(full):
    # of 40 slices each: 5 of accuracy, of its drop, and of label loyalty
    assert "\nand 105 more parts, which report.json holds\n" in text_table(full, reported=True)
