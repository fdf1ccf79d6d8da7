"""What is set beside a real search of the tiny BERT: baseline, plain student, finalists, files."""

import json
from dataclasses import replace

import pytest

from edgecompress.core.errors import InputError
from edgecompress.models.encoder import Encoder
from edgecompress.models.encoder_config import EncoderConfig
from edgecompress.recipe.behaviour import Accuracy
from edgecompress.recipe.reading import read_recipe
from edgecompress.recipe.searching import CellGraphs, Subnetworks
from edgecompress.search.cells import CellSpace
from edgecompress.search.genome import Shape
from edgecompress.search.subnetworks import SubnetworkSpace
from edgecompress.workflow.contestants import torch_contestant
from edgecompress.workflow.finalists import judge_finalists, judged, require_judgeable
from edgecompress.workflow.plain import genome_of
from edgecompress.workflow.run import run_recipe
from edgecompress.workflow.search import search_recipe
from edgecompress.workflow.searched import told, write_search
from tests.workflow.test_search import here, place, read, ws

__all__ = ["place", "read", "ws"]  # one store for all tests, so that the teacher is trained once


def test_evolution_and_random_search_share_a_page_whichever_ran_last(read, ws):
    file = read()
    alone = told(search_recipe(file, ws, here), ws)
    assert alone.beside is None
    drawn = search_recipe(file, ws, here, random=True)
    page = write_search(told(drawn, ws), None)
    assert page == alone.course.evaluations.journal.path.with_suffix("") / "search-report.html"
    kept = json.loads((page.parent / "search.json").read_text())
    assert kept["random"] is False
    assert kept["other_way"]["random"] is True
    assert kept["students"] == json.loads(json.dumps(kept["students"]))
    names = [one["name"] for one in kept["students"]]
    assert names == [one.name for one in alone.course.students]


def test_the_recipes_own_student_is_set_beside_once_the_store_has_it(read, ws, tmp_path):
    file = read()
    found = search_recipe(file, ws, here)
    run, _ = run_recipe(file, ws)
    plain = told(found, ws).plain
    assert plain is not None
    assert run.student is not None
    assert plain.costs["params"] == torch_contestant(run.student, "plain").params
    assert set(plain.found[0]) >= {"accuracy", "loyalty"}
    page = write_search(told(found, ws), tmp_path / "here")
    assert page.parent == tmp_path / "here"
    assert "the recipe's own student" in page.read_text().replace("&#39;", "'")


SHAPE = Shape(64, 16, (4,) * 4, (256,) * 4, 221, 128, 2, 2)
CONFIG = EncoderConfig(
    vocab_size=221,
    hidden=64,
    heads=(4, 4, 4),
    head_size=16,
    intermediate=(256, 256, 256),
    labels=("a", "b"),
    max_positions=128,
)
CUTS = SubnetworkSpace(Subnetworks(kind="subnetworks"), SHAPE)
CELLS = CellSpace(CellGraphs(kind="cells"), SHAPE)


def weights(config: EncoderConfig) -> int:
    return sum(weight.numel() for weight in Encoder(config).parameters())


@pytest.mark.parametrize("space", [CUTS, CELLS], ids=["subnetworks", "cells"])
def test_a_model_made_without_the_space_has_its_place_in_it(space):
    assert space.params(genome_of(CONFIG, space)) == weights(CONFIG)


def test_a_narrower_one_has_its_place_among_subnetworks_alone():
    narrow = replace(CONFIG, intermediate=(96, 256, 256), embedding_rank=16)
    assert CUTS.params(genome_of(narrow, CUTS)) == weights(narrow)
    assert genome_of(narrow, CELLS) is None


@pytest.mark.parametrize(
    "unlike",
    [{"vocab_size": 100}, {"embedding_rank": 5}, {"ranks": ({"query": 8}, {}, {})}],
    ids=["fewer words", "another rank", "thin factors"],
)
def test_a_model_that_the_space_cannot_hold_has_no_place(unlike):
    assert genome_of(replace(CONFIG, **unlike), CUTS) is None


def test_finalists_are_judged_once_by_an_ordinary_run_of_a_written_recipe(read, ws):
    file = read()
    found = search_recipe(file, ws, here)
    judge_finalists(found, ws, 1)
    (finalist,) = judged(found)
    assert finalist.student == found.course.front()[0].name
    written = file.document.path.with_name(f"tiny-{finalist.student}.yaml")
    assert finalist.report.recipe_digest == read_recipe(written).digest
    kinds = [stage.kind for stage in finalist.report.stages]
    assert "prune" in kinds
    judge_finalists(found, ws, 1)
    assert f"finalist {finalist.student}: was judged before" in ws.progress.lines
    again = search_recipe(file, ws, here)
    assert [one.student for one in told(again, ws).finalists] == [finalist.student]
    # another gate has not judged it yet
    gate = (file.recipe.gate[0].model_copy(update={"ratio_at_most": 0.8}),)
    other = replace(file, recipe=file.recipe.model_copy(update={"gate": gate}))
    run = replace(found.frame.run, file=other)
    assert judged(replace(found, frame=replace(found.frame, run=run))) == ()


def test_the_teacher_answers_once_for_all_finalists(read, ws):
    file = read()
    asks = (Accuracy(check="accuracy", data="test", max_drop=0.9),)
    asking = replace(file, recipe=file.recipe.model_copy(update={"gate": asks}))
    judge_finalists(search_recipe(asking, ws, here), ws, 2)
    answering = [line for line in ws.progress.tracked if line.endswith("answers test")]
    assert len(answering) == 3
    assert answering.count("teacher answers test") == 1


def test_a_gate_that_cannot_tell_obstruction_is_refused_before_any_compute(read):
    with pytest.raises(InputError, match="must be judged by deepwordbug and another kind"):
        require_judgeable(read(OBJECTIVES="[robustness, params]"))
    require_judgeable(read())  # chosen by no attack
