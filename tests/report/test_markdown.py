"""summary.md: fits a job page, starts low, and lets no name leave its cell."""

import re
from dataclasses import replace

from edgecompress.core.gate import GateReport
from edgecompress.report.digest import escape
from edgecompress.report.markdown import summary


def test_the_verdict_stands_first_and_headings_start_at_the_third_level(undecided):
    text = summary(undecided)
    assert text.startswith("### ❓ quickstart: UNDECIDED\n")
    assert not re.search(r"^#{1,2} ", text, re.MULTILINE)


def test_what_decides_follows_the_verdict(undecided):
    assert "- label loyalty on test: the interval contains the limit" in summary(undecided)


def test_the_gate_table_tells_value_interval_limit_and_n(holding):
    cells = ["accuracy drop on test", "0.8 points", "−0.4 to 2.1 points", "≤ 3 points", "2,015"]
    assert f"| ✅ holds | {' | '.join(cells)} |" in summary(holding)


def test_each_stage_is_one_row(holding):
    assert "| distill | 6 min 43 s | 83.6 % | 91.9 % | 69.6 MB | 4.66 ms |" in summary(holding)


def test_a_found_stage_says_so(holding):
    found = replace(holding, stages=tuple(replace(s, cached=True) for s in holding.stages))
    assert "| distill | 6 min 43 s (from the store) |" in summary(found)


def test_all_rows_of_a_table_have_equally_many_cells(hostile):
    rows = [line for line in summary(hostile).splitlines() if line.startswith("| ")]
    cells = {len(re.split(r"(?<!\\)\|", row)) for row in rows}
    assert cells == {8}  # six columns between seven bars, in both tables


def test_a_cell_holds_no_markup():
    assert escape("a|b\n`c` <b> @all") == r"a\|b \`c\` \<b\> \@all"


def test_it_never_grows_beyond_what_a_comment_takes(holding):
    many = replace(holding, gate=GateReport(holding.gate.verdicts * 200))
    text = summary(many)
    assert 60_000 < len(text) <= 65_000
    assert text.endswith("report.json and report.html hold all of it.\n")


def test_an_empty_gate_is_told(empty):
    assert "No limit was judged" in summary(empty)
