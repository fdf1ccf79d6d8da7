from edgecompress.runtime.grouping import MOST_TOKENS, of_equal_length


def test_only_texts_of_one_length_stand_together() -> None:
    assert list(of_equal_length([3, 5, 3, 4, 5])) == [[0, 2], [3], [1, 4]]


def test_a_group_holds_so_many_tokens_at_most() -> None:
    groups = list(of_equal_length([100] * 11))
    assert [len(group) for group in groups] == [5, 5, 1]
    assert [row for group in groups for row in group] == list(range(11))


def test_a_text_longer_than_a_group_stands_alone() -> None:
    assert list(of_equal_length([MOST_TOKENS + 1] * 2)) == [[0], [1]]


def test_nothing_makes_no_group() -> None:
    assert list(of_equal_length([])) == []
