import pytest

from edgecompress.core.errors import StageError
from edgecompress.core.progress import Silent
from edgecompress.models.checkpoint import copy_tokenizer, load_pretrained, read_labels, save_model
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.learning import Adopt
from edgecompress.stages import adopt


class Ears(Silent):
    """Remembers the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, line: str) -> None:
        self.warnings.append(line)


@pytest.fixture
def classifier(tiny_bert, tmp_path, new_artifact):
    """Gives a classifier with these labels."""

    def make(*labels: str):
        folder = tmp_path / "-".join(labels)
        folder.mkdir()
        save_model(load_pretrained(tiny_bert.path, labels, seed=1), folder)
        copy_tokenizer(tiny_bert.path, folder, max_length=64)
        return new_artifact(folder)

    return make


def test_takes_a_classifier_with_the_recipes_labels_as_it_is(teacher, new_context):
    ctx = new_context()
    facts = adopt.run(teacher, Adopt(max_length=48), ctx)
    texts = ctx.data["validation"].texts[:20]
    ours, theirs = TorchPredictor(ctx.out), TorchPredictor(teacher.path)
    assert (ours.logits(texts) == theirs.logits(texts)).all()
    assert facts == {"params": theirs.params}


def test_upper_case_does_not_matter_and_the_recipes_spelling_is_kept(classifier, new_context):
    ctx = new_context()
    adopt.run(classifier("NEGATIVE", "Positive"), Adopt(), ctx)
    assert read_labels(ctx.out) == ("negative", "positive")


def test_numbered_labels_are_taken_with_a_warning(classifier, new_context):
    ears = Ears()
    adopt.run(classifier("LABEL_0", "LABEL_1"), Adopt(), new_context(progress=ears))
    assert len(ears.warnings) == 1
    assert "taken to be negative, positive, in this order" in ears.warnings[0]


@pytest.mark.parametrize(
    ("labels", "table"),
    [
        (("positive", "negative"), r"0: positive \| negative, 1: negative \| positive;"),
        (("no", "yes"), r"0: no \| negative, 1: yes \| positive;"),
        (("a", "b", "c"), r"0: a \| negative, 1: b \| positive, 2: c \| \(none\);"),
    ],
)
def test_other_labels_are_refused_with_both_tables_side_by_side(
    labels, table, classifier, new_context
):
    with pytest.raises(StageError, match=table):
        adopt.run(classifier(*labels), Adopt(), new_context())


def test_an_encoder_without_a_head_must_be_fine_tuned_first(tiny_bert, new_context):
    with pytest.raises(StageError, match="no trained head .* fine-tune it first"):
        adopt.run(tiny_bert, Adopt(), new_context())
