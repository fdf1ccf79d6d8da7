"""Mistakes of the section `search`, and of the stage `cells`."""

import re
from typing import Any

import pytest

from edgecompress.recipe.adversarial import AdversarialExamples
from edgecompress.recipe.cells import Cells, cells_mistakes
from edgecompress.recipe.learning import Distill
from edgecompress.recipe.searching import Search, search_mistakes
from edgecompress.recipe.shipping import Export

FINDING = AdversarialExamples(kind="adversarial-examples")
STAGES = (Distill(kind="distill"), Export(kind="export"))


def told(stages: tuple[Any, ...] = STAGES, roles: set[str] | None = None, **values: Any) -> str:
    search = Search.model_validate({"student": 0, **values})
    found = search_mistakes(search, stages, roles or {"train", "validation"})
    return "\n".join(f"{'.'.join(map(str, m.path))}: {m.message}" for m in found)


def test_the_defaults_are_sound():
    assert told() == ""


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"student": 2}, "search.student: 2, but there are stages 0 to 1"),
        ({"student": 1}, "search.student: names a stage that trains no student"),
        ({"roles": {"train"}}, "search: chooses students on data.validation"),
        ({"objectives": ("accuracy", "accuracy")}, "search.objectives: name each goal once"),
        ({"adversarial_radii": (0.1, 0.1)}, "search.adversarial_radii: name each radius once"),
        ({"adversarial_examples": (True, True)}, "search.adversarial_examples: name each choice"),
        (
            {"adversarial_examples": (False, True)},
            "search.adversarial_examples: put an `adversarial-examples` stage before the student",
        ),
        (
            {
                "stages": (FINDING, Distill(kind="distill", objective={"relations": 1.0})),
                "student": 1,
                "adversarial_examples": (True,),
            },
            "stages.1.objective.relations: matches states token by token",
        ),
        ({"attack": {"recipe": "input-reduction"}}, "search.attack.recipe: input-reduction says"),
        ({"budget": {"evaluations": 17}}, "evaluations: 17, but one generation and .* need 18"),
        (
            {"space": {"kind": "cells", "operations": ("gated",)}},
            "search.space.operations: no token would learn of the others",
        ),
        (
            {"stages": (Distill(kind="distill", objective={"attention": 1.0}), STAGES[1])},
            "stages.0.objective.attention: candidates of `search.space: subnetworks`",
        ),
        (
            {
                "stages": (Distill(kind="distill", objective={"hidden": 1.0}), STAGES[1]),
                "space": {"kind": "cells"},
            },
            "stages.0.objective.hidden: candidates of `search.space: cells`",
        ),
    ],
)
def test_what_it_cannot_mean_is_told_at_its_key(values, message):
    assert re.search(message, told(**values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nodes": [("attention", (1,))]}, "node 1 reads 1; only places 0 to 0 are earlier"),
        ({"nodes": [("attention", (0, 0))]}, "node 1 reads one place twice"),
        (
            {"nodes": [("attention", (0,)), ("gated", (0,))]},
            "nobody reads node 1; let a later node read it",
        ),
        ({"nodes": [("gated", (0,))]}, "add one of attention, conv3, conv5"),
        ({"width": 100}, "100 is no multiple of head_size 32"),
        ({"objective": {"relations": 1.0}}, "cells need not attend"),
    ],
)
def test_cells_that_cannot_be_built_are_told(values, message):
    nodes = [{"op": op, "reads": r} for op, r in values.pop("nodes", [("attention", (0,))])]
    stage = Cells.model_validate({"kind": "cells", "nodes": tuple(nodes), **values})
    assert message in " ".join(m.message for m in cells_mistakes(0, stage))
