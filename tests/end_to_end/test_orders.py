"""Stages in any legal order, on single texts and on pairs, end in a model that passes its gate."""

import json

import pytest

from tests.chains import STAGES, in_order, write_chain

ORDERS = [
    pytest.param(seed, marks=[pytest.mark.slow] * (seed > 0), id=" ".join(in_order(seed)))
    for seed in range(8)
]


@pytest.mark.parametrize("pairs", [False, True], ids=["single texts", "pairs"])
@pytest.mark.parametrize("seed", ORDERS)
def test_any_order_of_stages_ends_in_a_model_that_passes(fresh, seed, pairs):
    recipe = write_chain(fresh.folder, in_order(seed), pairs=pairs)
    done = fresh("run", recipe, "--json")
    assert done.returncode == 0, done.stderr
    assert {stage["kind"] for stage in json.loads(done.stdout)["stages"]} >= set(STAGES)


@pytest.mark.parametrize(
    ("chain", "said"),
    [
        (["{kind: export}", "{kind: prune, heads: 2}"], "takes torch-model, but stages[0] export"),
        (["{kind: quantize}"], "takes onnx-model, but the teacher gives torch-model"),
        (["{kind: theseus, modules: 2}"], "the chain ends with torch-model, which cannot ship"),
    ],
)
def test_a_plan_refuses_an_order_that_cannot_work(fresh, chain, said):
    recipe = write_chain(fresh.folder, [])
    head, tail = recipe.read_text().split("stages:")
    stages = "".join(f"\n  - {stage}" for stage in chain)
    recipe.write_text(f"{head}stages:{stages}\ngate:{tail.split('gate:')[1]}")
    done = fresh("plan", recipe)
    assert done.returncode == 2
    assert said in done.stderr
