"""Thousands of random students of both spaces: all valid, canonical, and what they say they are."""

import json
from typing import Any

import pytest
import torch

from edgecompress.models.cells import CellEncoder, config_behind
from edgecompress.models.encoder import Encoder, EncoderConfig, take_layers
from edgecompress.models.pruning import Kept, cut_widths
from edgecompress.recipe.cells import MIXING, Cells, cells_mistakes
from edgecompress.recipe.learning import Distill
from edgecompress.recipe.of_stages import student_mistakes
from edgecompress.recipe.searching import CellGraphs, Subnetworks
from edgecompress.recipe.shrinking import Factorize, Prune
from edgecompress.search.cells import CellGenome, CellSpace, canonical
from edgecompress.search.chance import Chance
from edgecompress.search.genome import Shape, name_of
from edgecompress.search.subnetworks import Cut, Subnetwork, SubnetworkSpace
from edgecompress.search.taught import Taught, TaughtSpace

SHAPE = Shape(64, 16, (4, 4, 3, 4), (128, 128, 96, 128), 221, 128, 2, 2)
SUBNETWORKS = SubnetworkSpace(Subnetworks(kind="subnetworks"), SHAPE)
CELLS = CellSpace(CellGraphs(kind="cells"), SHAPE)
TAUGHT = TaughtSpace(CELLS, (0.2, 0.0, 0.4))
TRAINING = Distill(kind="distill", epochs=2, learning_rate=1e-3, max_length=48)
CONFIG = EncoderConfig(
    vocab_size=221,
    hidden=64,
    heads=SHAPE.heads,
    head_size=16,
    intermediate=SHAPE.intermediate,
    labels=("a", "b"),
    max_positions=128,
)


def walk(space: Any, steps: int) -> list[Any]:
    """Students drawn, changed and crossed at random."""
    chance, seen = Chance("walk"), [space.drawn(Chance("first"))]
    for _ in range(steps):
        one = chance.pick(seen)
        how = chance.below(10)
        if how < 7:
            seen.append(space.mutated(one, chance))
        elif how < 9:
            seen.append(space.crossed(one, chance.pick(seen), chance))
        else:
            seen.append(space.drawn(chance))
    return seen


def valid(stage: Any) -> bool:
    return not list(student_mistakes(0, stage, roles=("train",)))


@pytest.mark.parametrize(
    "space", [SUBNETWORKS, CELLS, TAUGHT], ids=["subnetworks", "cells", "taught"]
)
def test_thousands_of_students_are_valid_and_survive_a_file(space):
    for genome in {name_of(space, one): one for one in walk(space, 3000)}.values():
        stages = space.stages(genome, TRAINING)
        assert all(valid(stage) for stage in stages if not isinstance(stage, Factorize))
        assert space.read(json.loads(json.dumps(space.written(genome)))) == genome
        assert space.params(genome) > 0


def test_subnetworks_keep_what_their_layers_have():
    for genome in walk(SUBNETWORKS, 2000):
        assert genome.cuts
        assert [cut.layer for cut in genome.cuts] == sorted({cut.layer for cut in genome.cuts})
        for cut in genome.cuts:
            assert cut.heads in SUBNETWORKS.heads(cut.layer)
            assert cut.neurons in SUBNETWORKS.neurons(cut.layer)


def test_cells_are_canonical_and_some_token_learns_of_another():
    for genome in walk(CELLS, 2000):
        assert canonical(genome.nodes) == genome.nodes
        assert any(op in MIXING for op, _ in genome.nodes)
        assert len(genome.nodes) <= CELLS.settings.most_nodes
        assert genome.repeats in CELLS.settings.repeats
        assert genome.width in CELLS.widths


def test_all_radii_come_and_a_change_is_of_the_radius_or_of_the_student():
    assert {genome.radius for genome in walk(TAUGHT, 500)} == {0.0, 0.2, 0.4}
    start, chance = TAUGHT.drawn(Chance("start")), Chance("changes")
    changed = [TAUGHT.mutated(start, chance) for _ in range(200)]
    assert all(one.student == start.student or one.radius == start.radius for one in changed)
    assert 20 < sum(one.radius != start.radius for one in changed) < 60  # a fifth


def test_a_radius_changes_to_the_next_one():
    middle = Taught(CELLS.drawn(Chance("student")), 0.0)
    radii = {TAUGHT.mutated(middle, Chance(str(n))).radius for n in range(100)}
    assert radii == {0.0, 0.2}


def test_students_of_one_radius_change_only_otherwise():
    space = TaughtSpace(CELLS, (0.2,))
    assert {genome.radius for genome in walk(space, 100)} == {0.2}


def test_the_radius_is_how_the_student_is_trained():
    genome = TAUGHT.drawn(Chance("stages"))
    for radius in TAUGHT.radii:
        stages = TAUGHT.stages(Taught(genome.student, radius), TRAINING)
        assert [stage.adversarial_radius for stage in stages] == [radius]


def test_both_spaces_are_wide():
    for space in (SUBNETWORKS, CELLS):
        names = {name_of(space, space.drawn(Chance(str(n)))) for n in range(500)}
        assert len(names) > 350  # seen: 446 and 400; small cells come often


def test_what_changes_nothing_is_not_in_the_canonical_form():
    plain = (("attention", (0,)), ("feed_forward", (1,)))
    # A dead node, an identity in between, and two equal edges.
    other = (
        ("conv3", (0,)),
        ("attention", (0,)),
        ("identity", (2,)),
        ("feed_forward", (2, 3)),
    )
    assert canonical(other) == canonical(plain) == plain


def test_the_order_in_which_nodes_are_written_does_not_matter():
    one = (("attention", (0,)), ("conv3", (0,)), ("gated", (1, 2)))
    other = (("conv3", (0,)), ("attention", (0,)), ("gated", (1, 2)))
    assert canonical(one) == canonical(other)


def test_a_cell_of_which_nothing_is_left_is_empty():
    assert canonical((("identity", (0,)), ("identity", (1,)))) == ()


@pytest.mark.parametrize("number", range(6))
def test_params_are_those_of_the_network(number):
    cut = SUBNETWORKS.drawn(Chance(f"params {number}"))
    layers = take_layers(Encoder(CONFIG), [c.layer for c in cut.cuts])
    kept = [Kept(tuple(range(c.heads)), tuple(range(c.neurons))) for c in cut.cuts]
    whole = cut_widths(layers, kept)
    if cut.rank:
        words, widen = whole.embeddings.word, torch.nn.Linear(cut.rank, 64, bias=False)
        whole.embeddings.word = torch.nn.Embedding(words.num_embeddings, cut.rank)
        whole.embeddings.widen = widen
    assert SUBNETWORKS.params(cut) == whole.params
    cells = CELLS.drawn(Chance(f"params {number}"))
    (stage,) = CELLS.stages(cells, TRAINING)
    assert CELLS.params(cells) == CellEncoder(config_behind(CONFIG, stage)).params


def test_a_subnetwork_is_a_factorization_and_a_pruning_with_the_training_given():
    genome = Subnetwork((Cut(0, 2, 64), Cut(3, 4, 32)), 16)
    words, prune = SUBNETWORKS.stages(genome, TRAINING)
    assert words == Factorize(kind="factorize", embeddings=16, multiple_of=1)
    assert isinstance(prune, Prune)
    assert (prune.layers, prune.heads, prune.intermediate) == ((0, 3), (2, 4), (64, 32))
    assert (prune.epochs, prune.learning_rate, prune.max_length) == (2, 1e-3, 48)
    assert SUBNETWORKS.described(genome) == "0:2x64 3:4x32 rank 16"


def test_cells_are_one_stage_with_the_training_given():
    genome = CellGenome((("attention", (0,)), ("gated", (0, 1))), 3, 32)
    (stage,) = CELLS.stages(genome, TRAINING)
    assert isinstance(stage, Cells)
    assert not list(cells_mistakes(0, stage))
    assert (stage.repeats, stage.width, stage.epochs) == (3, 32, 2)
    assert CELLS.described(genome) == "3x32: att(0) gate(0,1)"


def test_examples_come_and_go_and_are_how_the_student_is_trained():
    space = TaughtSpace(CELLS, (0.0, 0.2), (False, True))
    assert {(one.radius, one.examples) for one in walk(space, 500)} == {
        (radius, examples) for radius in (0.0, 0.2) for examples in (False, True)
    }
    start, chance = space.drawn(Chance("start")), Chance("changes")
    changed = [space.mutated(start, chance) for _ in range(200)]
    assert 8 < sum(one.examples != start.examples for one in changed) < 35  # half of a fifth
    for examples in (False, True):
        (stage,) = space.stages(Taught(start.student, 0.2, examples), TRAINING)
        assert (stage.adversarial_radius, stage.adversarial_examples) == (0.2, examples)
