"""Models with one known fault each, caught by the check that is for it and by no accident.

They are real ONNX files, one table of word weights each, fitted to the made-up reviews in a
second; the gate asks them through the runtime that ships.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from scipy.optimize import minimize
from tokenizers import Tokenizer

from edgecompress.core.case import Case
from edgecompress.core.gate import GateReport, Outcome
from edgecompress.core.progress import Silent
from edgecompress.core.texts import TextSet
from edgecompress.data.resources import Resources
from edgecompress.data.shortcuts import inject
from edgecompress.data.tiny import make_tiny_bert, tiny_reviews
from edgecompress.recipe.reading import read_recipe
from edgecompress.store.store import Store
from edgecompress.workflow.contestants import edge_contestant
from edgecompress.workflow.judging import judge_candidate
from edgecompress.workflow.workspace import Workspace
from tests.end_to_end.harm import SMOKE

LABELS = ("negative", "positive")
TOKENS = {0: "alpha", 1: "beta"}
GATE = """\
  ood: {turned: {source: "resource:tiny-reviews", split: test}}
stages: [{kind: export}]
gate:
  - {check: accuracy, data: test, max_drop: 0.07}
  - {check: loyalty, data: test, label_at_least: 0.8, probability_at_least: 0.85}
  - {check: shift, data: ood, max_drop: 0.1}
  - {check: calibration, data: test, ece_increase_at_most: 0.08}
  - {check: parity, data: test, batch_flips_at_most: 0.05, isa_flips_at_most: 0.05}
"""

Weights = NDArray[np.float64]


def rows(role: str, *splits: str) -> TextSet:
    """Splits of the made-up reviews."""
    found = [row for split in splits for row in tiny_reviews(split)]
    labels = np.array([LABELS.index(label) for _, label in found])
    origins = tuple(f"{role}:{n}" for n in range(len(found)))
    return TextSet(role, tuple(text for text, _ in found), labels, origins, role)


TRAIN, TEST = rows("train", "train"), rows("test", "test", "validation")


@dataclass(frozen=True)
class World:
    """Where models are written, and how they are made."""

    folder: Path
    tokenizer: Tokenizer

    def fitted(self, texts: TextSet, half: int | None = None) -> Weights:
        """Weights of word pieces, by logistic regression on how often each occurs.

        Args:
            half: 0 or 1 for a model that knows either half of the words; None for all.
        """
        drawn = np.random.default_rng(0).integers(2, size=self.tokenizer.get_vocab_size())
        known = np.full(len(drawn), True) if half is None else drawn == half
        counts = np.zeros((len(texts), len(known)))
        for row, text in enumerate(texts.texts):
            np.add.at(counts[row], self.tokenizer.encode(text).ids, 1)
        counts *= known

        def loss(weights: Weights) -> tuple[float, Weights]:
            scores = counts @ weights
            errors = 1 / (1 + np.exp(-scores)) - texts.labels
            value = np.logaddexp(0, scores).sum() - texts.labels @ scores
            return value + weights @ weights / 2, counts.T @ errors + weights

        found = minimize(loss, np.zeros(len(known)), jac=True, method="L-BFGS-B").x
        return np.asarray(found * known)

    def judged(
        self, candidate: Weights, teacher: Weights, *sets: TextSet, arithmetic: str = "float"
    ) -> GateReport:
        """What the gate says of these weights; `sets` instead of the plain test texts."""
        here = self.folder / "recipe.yaml"
        here.write_text(SMOKE.read_text().split("stages:")[0] + GATE)
        ws = Workspace(
            Store(self.folder / "store", Silent()),
            Resources(self.folder / "cache", Silent(), offline=True),
            Silent(),
        )
        texts = sets or (TEST, inject(TEST, TOKENS, 0.1, seed=3))
        case = Case(
            edge_contestant(self.write(candidate, "candidate", arithmetic), "candidate"),
            edge_contestant(self.write(teacher, "teacher"), "teacher"),
            dict(zip(("test", "ood/turned"), texts, strict=True)),
            LABELS,
            seed=7,
        )
        return judge_candidate(case, read_recipe(here).recipe, ws, again=True)

    def write(self, weights: Weights, name: str, arithmetic: str = "float") -> Path:
        """A folder that the runtime loads."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        self.tokenizer.save(str(folder / "tokenizer.json"))
        config = {"id2label": dict(enumerate(LABELS)), "max_position_embeddings": 128}
        (folder / "config.json").write_text(json.dumps(config))
        onnx.save(word_counter(weights, arithmetic), str(folder / "model.onnx"))
        return folder


def word_counter(weights: Weights, arithmetic: str) -> onnx.ModelProto:
    """Logits are sums over tokens: half the weight against, half for.

    Args:
        arithmetic: "float"; "one scale", where the summands go through 8 bits with one scale for
            the whole batch, as the activations of a dynamically quantized network do; "u8s8" or
            "u8s7", where what speaks for and what speaks against are summed apart and then
            subtracted in a product of integers with weights of 8 or 7 bits.
    """
    halves = {"float": _floats, "one scale": _one_scale, "u8s8": _integers, "u8s7": _integers}
    largest = 63 if arithmetic == "u8s7" else 127
    columns, nodes = halves[arithmetic](weights)
    shape = ["batch", "tokens"]
    constants = {
        "table": np.stack(columns, axis=1).astype(np.float32),
        "last": np.array([-1]),
        "first": np.array([1]),
        "difference": largest * np.array([[-1, 1], [-1, 1], [1, -1], [1, -1]], np.int8),
        "step": np.float32(1 / (2 * largest)),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["looked_up"]),
            helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
            *nodes,
        ],
        "words",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, shape)
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, ir_version=8, opset_imports=opset)


Columns = list[Weights]
Nodes = list[onnx.NodeProto]


def _floats(weights: Weights, each: str = "looked_up") -> tuple[Columns, Nodes]:
    return [-weights / 2, weights / 2], [
        helper.make_node("Mul", [each, "wide"], ["present"]),
        helper.make_node("ReduceSum", ["present", "first"], ["logits"], keepdims=0),
    ]


def _one_scale(weights: Weights) -> tuple[Columns, Nodes]:
    columns, nodes = _floats(weights, "each")
    return columns, [
        helper.make_node("DynamicQuantizeLinear", ["looked_up"], ["bytes", "scale", "zero"]),
        helper.make_node("DequantizeLinear", ["bytes", "scale", "zero"], ["each"]),
        *nodes,
    ]


def _integers(weights: Weights) -> tuple[Columns, Nodes]:
    speaks_for, against = np.maximum(weights, 0) / 2, np.maximum(-weights, 0) / 2
    return [speaks_for, speaks_for, against, against], [
        helper.make_node("Mul", ["looked_up", "wide"], ["present"]),
        helper.make_node("ReduceSum", ["present", "first"], ["sums"], keepdims=0),
        helper.make_node("DynamicQuantizeLinear", ["sums"], ["bytes", "scale", "zero"]),
        helper.make_node("MatMulInteger", ["bytes", "difference", "zero"], ["integers"]),
        helper.make_node("Cast", ["integers"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "scale"], ["scaled"]),
        helper.make_node("Mul", ["scaled", "step"], ["logits"]),
    ]


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    folder = tmp_path_factory.mktemp("known-bad")
    make_tiny_bert(folder / "tiny-bert")
    return World(folder, Tokenizer.from_file(str(folder / "tiny-bert/tokenizer.json")))


@pytest.fixture(scope="module")
def teacher(world) -> Weights:
    """It knows half of the words, so that another model can be as good with the other half."""
    return world.fitted(TRAIN, half=0)


@pytest.fixture(scope="module")
def student(world) -> Weights:
    """Sound: fitted to a half of what the teacher learnt from."""
    half = slice(0, len(TRAIN) // 2)
    return world.fitted(TextSet("train", TRAIN.texts[half], TRAIN.labels[half], (), ""), half=0)


def broken(report: GateReport) -> set[str]:
    """The measurements whose limit is broken."""
    return {v.measured.name for v in report.verdicts if v.outcome is Outcome.BROKEN}


def test_a_sound_student_holds(world, student, teacher):
    assert world.judged(student, teacher).outcome is Outcome.HOLDS


def test_a_shortcut_is_seen_where_it_misleads_and_nowhere_else(world):
    """On texts with the shortcut the student is even better than its teacher."""
    leaning = world.fitted(inject(TRAIN, TOKENS, 0.8, seed=1))
    usual, turned = (inject(TEST, TOKENS, share, seed=2) for share in (0.8, 0.2))
    assert broken(world.judged(leaning, world.fitted(TRAIN), usual, turned)) == {"ood_drop"}


@pytest.mark.parametrize("temperature", [0.1, 10.0])
def test_a_temperature_breaks_what_asks_for_probabilities_alone(
    world, student, teacher, temperature
):
    found = broken(world.judged(student / temperature, teacher))
    assert found == {"calibration_error_increase", "probability_loyalty"}


def test_shuffled_labels_are_not_learnt(world, teacher):
    order = np.random.default_rng(0).permutation(TRAIN.labels)
    confused = world.fitted(TextSet("train", TRAIN.texts, order, (), ""))
    assert "accuracy_drop" in broken(world.judged(confused, teacher))


def test_as_often_right_as_the_teacher_and_yet_another_model(world, teacher):
    """It knows the other half of the words."""
    found = broken(world.judged(world.fitted(TRAIN, half=1), teacher))
    assert found == {"label_loyalty", "probability_loyalty"}


def test_an_answer_that_depends_on_its_company(world, student, teacher):
    """One word's weight is so large that in its company all others round to nothing."""
    pieces = [set(world.tokenizer.encode(text).ids) for text in TEST.texts]
    shares = np.array([np.mean([k in one for one in pieces]) for k in range(len(student))])
    telling = np.abs(student) * (shares > 0.03) * (shares < 0.15)
    loud = student.copy()
    loud[telling.argmax()] *= 300
    assert world.judged(student, teacher, arithmetic="one scale").outcome is Outcome.HOLDS
    assert broken(world.judged(loud, teacher, arithmetic="one scale")) == {"batch_flip_rate"}


def test_products_that_saturate_on_other_processors(world, student, teacher):
    """This one computes them exactly, by its instructions or because the runtime asks for it."""
    assert broken(world.judged(student, teacher, arithmetic="u8s8")) == {"isa_flip_rate"}


def test_weights_of_seven_bits_leave_room(world, student, teacher):
    assert world.judged(student, teacher, arithmetic="u8s7").outcome is Outcome.HOLDS
