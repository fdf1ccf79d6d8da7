"""summary.md: fits a job page, starts low, and lets no name leave its cell."""

import re
from dataclasses import replace

from edgecompress.core.exhibit import Exhibit
from edgecompress.core.gate import GateReport
from edgecompress.report.digest import digest, escape
from edgecompress.report.markdown import summary
from tests.report.conftest import HOSTILE
from tests.report.full import adversarial


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
    verdicts = [
        replace(v, measured=replace(v.measured, name=f"measurement_{k}"))
        for k, v in enumerate(holding.gate.verdicts * 200)
    ]
    many = replace(holding, gate=GateReport(tuple(verdicts)))
    text = summary(many)
    assert 60_000 < len(text) <= 65_000
    assert text.endswith("report.json and report.html hold all of it.\n")


def test_an_empty_gate_is_told(empty):
    assert "No limit was judged" in summary(empty)


def test_of_many_slices_only_the_worst_are_told(full):
    text = summary(full)
    assert "| ❓ undecided | accuracy of a slice (country = 0) on test |" in text
    assert "And 105 more parts, which report.json holds." in text
    assert len(text) < 20_000


def test_the_worst_rows_of_a_table_stand_in_the_digest(full):
    text = summary(full)
    assert "#### All slices of test, the worst first\n\n| slice | n | accuracy | drop |" in text
    assert "| country = 4 | 88 | 72.4 % | 1.0 points |\n\nAnd 35 more rows." in text


def test_two_attacks_give_an_example_each(full):
    text = summary(full)
    assert text.count("~~enjoyable~~ **enjoyab1e**") == 2
    assert r"funny \<b\>too\</b\>" in text


def test_no_exhibit_leaves_its_line(full):
    loud = Exhibit(
        "table", HOSTILE, "test", {"columns": [{"name": HOSTILE, "unit": ""}], "rows": [[HOSTILE]]}
    )
    diff = [["gone", HOSTILE], ["new", ""]]
    row = {**adversarial("x")["rows"][0], "diff": diff}
    attack = Exhibit("adversarial", HOSTILE, "test", {"attack": HOSTILE, "rows": [row]})
    text = digest([loud, attack])
    assert "</script>" not in text
    assert len([line for line in text.splitlines() if line.startswith("#")]) == 2
    assert "****" not in text
