"""Attacks by real workers, several at once."""

from pathlib import Path

import pytest

from edgecompress.attacks.campaign import Campaign
from edgecompress.attacks.crew import local_crew
from edgecompress.attacks.method import Method, Target
from edgecompress.attacks.neighbours import write_neighbours
from edgecompress.core.progress import Silent
from edgecompress.store.store import Store
from edgecompress.workflow.keeping import Keeper


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["deepwordbug", "textbugger"])  # both draw letters
def test_real_attacks_end_alike_whoever_works_and_in_whatever_order(
    recipe: str, tmp_path: Path, word_lists: Path, minilm: Path, model: Path
):
    write_neighbours(minilm, tmp_path, Silent())
    files = {"words": tmp_path, "encoder": minilm} if recipe == "textbugger" else {}
    method, target = Method(recipe, files=files), Target("candidate", "digest", model)
    rows = tuple((f"a good film and a great plot number {row}", 1) for row in range(8))
    found = []
    for workers, order in ((1, 1), (2, 1), (2, -1)):
        with local_crew(workers, word_lists) as crew:
            keeper = Keeper(Store(tmp_path / f"store{workers}{order}", Silent()))
            campaign = Campaign(rows[::order], 7, crew, keeper, Silent())
            ended = campaign.outcomes(method, target)[::order]
            found.append([(outcome.kind, outcome.text, outcome.queries) for outcome in ended])
    assert found[0] == found[1] == found[2]
    assert "succeeded" in [kind for kind, *_ in found[0]]
