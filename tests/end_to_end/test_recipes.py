"""Each recipe that we ship says what it is for, and its chain of stages runs to the end."""

from dataclasses import replace

import pytest

from edgecompress.core.gate import Outcome
from edgecompress.core.progress import Silent
from edgecompress.recipe.reading import read_recipe
from edgecompress.runtime.model import EdgeModel
from edgecompress.workflow.run import run_recipe
from edgecompress.workflow.validate import validate_recipe
from edgecompress.workflow.workspace import Workspace
from tests.attacks.small_words import SmallWords
from tests.recipes import ROOT, SHIPPED, cut_down

EACH = pytest.mark.parametrize(
    "recipe", SHIPPED, ids=lambda path: str(path.relative_to(ROOT / "recipes").with_suffix(""))
)


@pytest.fixture
def ws(tmp_path_factory):
    """One store for all recipes, so that they share their teacher."""
    here = tmp_path_factory.getbasetemp()
    ws = Workspace.open(here / "recipes-store", Silent())
    return replace(ws, resources=SmallWords(here / "recipes-cache", Silent()))


@EACH
def test_it_says_its_purpose_cost_and_gate_on_top(recipe):
    comments = recipe.read_text(encoding="utf-8").split("version: 1")[0]
    assert all(f"# {word}: " in comments for word in ("Purpose", "Expected", "Gate"))


@EACH
def test_its_rows_can_certify_its_limits(recipe, ws):
    assert [c for c in validate_recipe(recipe, ws.resources) if c.doubtful] == []


@EACH
def test_its_stages_run_to_a_model_that_answers(recipe, ws, tmp_path):
    run, report = run_recipe(read_recipe(cut_down(recipe, tmp_path / "recipe.yaml")), ws)
    assert report is not None
    assert report.gate.outcome is Outcome.HOLDS
    model = EdgeModel.load(run.made[-1].path, threads=1, verify=False)
    assert model.predict(["a dull, lifeless film"])[0]["label"] in ("negative", "positive")
