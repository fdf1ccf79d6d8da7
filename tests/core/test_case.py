"""What a check may look at."""

from tests.fakes import Answers, case, contestant


class Counting(Answers):
    """Remembers what it was asked."""

    def __init__(self, labels) -> None:
        super().__init__(labels)
        self.asked: list[str] = []

    def logits(self, texts):
        self.asked += texts
        return super().logits(texts)


def test_whoever_was_asked_of_texts_is_not_asked_again():
    one, other = Counting([0, 1, 1]), Counting([0, 1, 0])
    shown = case([0, 1, 1], [0, 1, 0], [0, 1, 1])
    shown.candidate, shown.teacher = contestant("candidate", one), contestant("teacher", other)
    for _ in range(2):
        assert shown.answers_to(shown.candidate, ["2", "0"]).argmax(axis=1).tolist() == [1, 0]
        assert shown.answers_to(shown.teacher, ["2", "0"]).argmax(axis=1).tolist() == [0, 0]
    shown.answers_to(shown.teacher, ["0", "2"])
    assert one.asked == ["2", "0"]
    assert other.asked == ["2", "0", "0", "2"]
