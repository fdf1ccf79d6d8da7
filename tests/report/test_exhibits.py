"""Exhibits stand in their sections, say what they show, and have all their numbers in a table."""

import pytest

from edgecompress.core.exhibit import Exhibit
from edgecompress.report.confusions import commonest, confusion_finding, matrices
from edgecompress.report.contents import Confusion, Content, content_of
from edgecompress.report.exhibits import draw, sections
from edgecompress.report.html import page
from tests.report.full import exhibits, reliability

SHOWN = {exhibit.kind: draw(content_of(exhibit)) for exhibit in exhibits()}


def _confusion(labels, ours, teacher):
    return Confusion(labels=labels, ours=ours, teacher=teacher)


def test_sections_stand_in_one_order_and_what_is_of_no_kind_comes_last(full):
    found = sections(full.gate.exhibits)
    assert [s.id for s in found] == ["decisions", "confidence", "attacks", "speed", "details"]
    assert [shown.title for shown in found[-1].shown] == [
        "All slices of test, the worst first",
        "Something new",
    ]


def test_without_exhibits_there_are_no_sections_and_no_links_to_them(holding):
    assert sections(()) == ()
    assert "#decisions" not in page(holding)


def test_the_commonest_mistake_is_named_beside_the_teachers():
    # of the 176 and the 156 in tests/report/full.py
    assert SHOWN["confusion"].caption == (
        "Most often negative is taken for positive: 176 of 1,010 rows, against 159 by the teacher."
    )


def test_a_cell_tells_its_share_of_the_rows_with_that_label():
    candidate, _ = SHOWN["confusion"].picture
    # 834 of 834 + 176
    assert (candidate.rows[0][1][0].count, candidate.rows[0][1][0].share) == ("834", "82.6 %")


def test_a_candidate_without_mistakes_is_told_so():
    perfect = _confusion(["a", "b"], [[3, 0], [0, 4]], [[3, 0], [1, 3]])
    assert confusion_finding(perfect) == "The candidate mistakes no label for another."


def test_many_labels_become_a_list_of_mistakes():
    labels = [f"label {k}" for k in range(9)]
    squares = [[10 * i + j for j in range(9)] for i in range(9)]
    many = _confusion(labels, squares, squares)
    assert matrices(many) == ()
    listed = commonest(many)
    assert listed is not None
    assert (len(listed.rows), listed.rows[0]) == (20, ("label 8", "label 7", "87", "87"))


def test_confidence_and_accuracy_are_told_as_means_over_rows():
    rows = [b for b in reliability(0.06) if b["n"]]
    sure = sum(b["n"] * b["confidence"] for b in rows) / sum(b["n"] for b in rows)
    told = f"Candidate: {100 * sure:.1f} % sure and {100 * sure - 6:.1f} % right"
    assert SHOWN["reliability"].caption.startswith(told)


def test_a_bin_without_rows_has_no_dot_but_a_row_in_the_table():
    ours, _ = SHOWN["reliability"].picture.series
    assert len(ours.dots) == 12
    assert SHOWN["reliability"].sheet.rows[0][:5] == ("candidate", "50.0 %", "53.3 %", "–", "–")


def test_accuracy_is_told_at_the_coverage_that_is_nearest_to_four_fifths():
    # 0.83 + 0.17 (10 / 50) ** 0.7 = 0.8851
    assert "surest 80 % of texts, the candidate is right on 88.5 %" in SHOWN["coverage"].caption


def test_the_fullest_bins_tell_the_usual_time():
    # 0.4 * 1.12 ** 4 = 0.629 to 0.4 * 1.12 ** 5 = 0.705
    assert "Most often the candidate takes 0.629 to 0.705 ms" in SHOWN["latency"].caption


def test_an_attack_without_success_says_so():
    nothing = Exhibit("adversarial", "pwws", "test", {"attack": "pwws", "rows": []})
    assert draw(content_of(nothing)).caption == "No text was changed."


def test_what_changed_is_told_by_tags_not_by_colour(full):
    text = page(full)
    assert "<del>enjoyable</del> <ins>enjoyab1e</ins>" in text
    assert "funny &lt;b&gt;too&lt;/b&gt;" in text


def test_numbers_of_a_table_share_the_digits_of_their_column(full):
    assert SHOWN["table"].sheet.rows[0] == ("country = 0", "20", "70.0 %", "1.0 points")
    assert [head.number for head in SHOWN["table"].sheet.head] == [False, True, True, True]


def test_a_content_that_nobody_draws_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="nobody draws Content"):
        draw(Content())
