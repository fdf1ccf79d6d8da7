"""What a plan expects, from the shape of the encoder alone."""

import pytest

from edgecompress.workflow.plan import plan_recipe


@pytest.fixture
def expected_s(smoke, ws):
    """Seconds that a stage in front of the student is expected to take."""

    def expected(stage: str) -> float:
        ws.resources.folder("tiny-bert")  # its shape is not known before
        learning = f"  - {stage}\n  - kind: distill\n    adversarial_examples: true\n"
        file = smoke(("  - kind: distill\n", learning))
        return plan_recipe(file, ws).steps[1].expected.seconds

    return expected


def test_an_attack_takes_as_long_as_its_rows_and_questions(expected_s):
    hundred, thousand, dear = (
        expected_s(f"{{kind: adversarial-examples, rows: {rows}, recipes: [{recipe}]}}")
        for rows, recipe in ((100, "deepwordbug"), (1000, "deepwordbug"), (1000, "pwws"))
    )
    assert thousand == pytest.approx(10 * hundred, abs=0.6)  # tenths of a second are told
    assert dear == pytest.approx(thousand * 142 / 27, rel=0.05)  # the questions of README's table
