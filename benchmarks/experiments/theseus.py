"""BERT-of-Theseus (2002.02925): curricula of replacing, and which module matters most.

Tests 6 to 10 of the plan, and the loyalty of students (tests 2, 3, 5; 2109.03228), whose arms are
the same.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import nn

from benchmarks.experiments.arms import TEACHER, Made
from benchmarks.experiments.bench import BOTTOM, Bench, Says
from benchmarks.experiments.claims import Claim
from edgecompress.core.artifact import Artifact
from edgecompress.core.case import FloatArray
from edgecompress.core.loyalty import probability_loyalty
from edgecompress.models.checkpoint import as_encoder, copy_tokenizer, load_model, save_model
from edgecompress.models.encoder import Encoder

MODULES = len(BOTTOM)
EPOCHS = 4
REPLACING_RATE = 3e-4  # a layer is trained in a part of the steps only; from a pilot on MiniLM
KD = {"logits": 0.9, "labels": 0.1, "temperature": 2.0}
LABELS = {"logits": 0.0, "labels": 1.0}
CUT = "fine-tuning of six pre-trained layers"


@dataclass(frozen=True)
class Students:
    """The arms; all have six layers, start from the teacher's bottom six, and take equal steps.

    As in the paper each method has a learning rate that suits it: replaced layers are trained in
    only a part of the steps. `theseus` is the method, half of whose steps train the successor
    alone. The schedules are compared without that half: hundreds of steps of plain fine-tuning
    bring all of them to the same place, whatever the replacing did (seen: within a point).
    """

    truncated: list[Made]  # of the teacher's own layers
    distilled: list[Made]
    theseus: list[Made]
    schedules: dict[str, list[Made]]  # replacing to the last step
    int8: list[Made]


def make_students(bench: Bench) -> Students:
    """Train every arm at every seed."""
    return Students(
        truncated=_cut(bench, "truncated", LABELS),
        distilled=_cut(bench, "distilled", KD),
        theseus=_replaced(bench, schedule="curriculum"),
        schedules={
            "curriculum": _replaced(bench, schedule="curriculum", share=1.0),
            "constant 0.5": _replaced(bench, schedule="constant", rate=0.5, share=1.0),
            "constant 0.1": _replaced(bench, schedule="constant", rate=0.1, share=1.0),
            "anti-curriculum": _replaced(bench, schedule="anti-curriculum", share=1.0),
        },
        int8=bench.arms("int8", [{"kind": "export"}, {"kind": "quantize"}]),
    )


def against_fine_tuning(bench: Bench) -> list[Claim]:
    """Test 8 as in the paper, whose baseline starts from the layers before any fine-tuning.

    Three seeds left it undecided on reviews, since such students vary by two points; so it has
    more of them.
    """
    theseus = _replaced(bench, schedule="curriculum")
    return [_against(bench, theseus, _cut(bench, "pretrained", LABELS, weights=TEACHER), CUT)]


def against_tuned_fine_tuning(bench: Bench) -> list[Claim]:
    """The same at other rates, in case its own one fails the baseline."""
    theseus, found = _replaced(bench, schedule="curriculum"), []
    for name, times, rate in (("slow", "half", 5e-5), ("fast", "twice", 2e-4)):
        cut = _cut(bench, f"pretrained-{name}", LABELS, weights=TEACHER, learning_rate=rate)
        found.append(_against(bench, theseus, cut, f"{CUT} at {times} the rate"))
    return found


def _against(bench: Bench, theseus: list[Made], cut: list[Made], says: str) -> Claim:
    """Theseus and one baseline, seed by seed.

    A seed at which a student only guesses is left out, and told: one failed training would decide
    the mean. Where fewer than three are left, all are shown and nothing is decided.
    """
    tried = list(zip(bench.seeds, theseus, cut, strict=True))
    failed = [seed for seed, *pair in tried if any(bench.guesses(bench.right(m)) for m in pair)]
    few = len(tried) - len(failed) < 3
    shown = [both for both in tried if few or both[0] not in failed]
    claim = bench.contest(
        Says(8, "Theseus", says, "+1.9 on SST-2"),
        [ours for _, ours, _ in shown],
        [theirs for _, _, theirs in shown],
    )
    told = {"seeds at which a student guesses": failed} if failed else {}
    refused = f"a student guesses at {len(failed)} of {len(tried)} seeds" if few else None
    return replace(claim, detail=claim.detail | told, refused=refused)


def _replaced(bench: Bench, **replacing: Any) -> list[Made]:
    name = "theseus-" + "-".join(str(value) for value in replacing.values())
    stage = bench.student("theseus", modules=MODULES, replacing=replacing, epochs=EPOCHS)
    stage["learning_rate"] = REPLACING_RATE
    return bench.arms(name, [stage])


def _cut(bench: Bench, name: str, objective: dict[str, float], **settings: Any) -> list[Made]:
    shape = {"layers": BOTTOM, "epochs": EPOCHS, **settings}
    return bench.arms(name, [bench.student("distill", objective=objective, **shape)])


def claims(bench: Bench) -> list[Claim]:
    """Everything that these arms can say but for `against_fine_tuning`."""
    students = make_students(bench)
    return [*_replacing(bench, students), *_loyalty(bench, students), _modules(bench, students)]


def _replacing(bench: Bench, students: Students) -> list[Claim]:
    schedules = students.schedules
    curriculum, half = schedules["curriculum"], schedules["constant 0.5"]
    names = ("curriculum", "anti-curriculum", "constant 0.5", "constant 0.1")
    up, down, middle, rare = names
    return [
        bench.contest(Says(6, up, down, "+2.7 on SST-2"), curriculum, schedules[down]),
        bench.contest(
            Says(7, up, middle, "+0.9 on SST-2; a tie passes", bound=-0.003), curriculum, half
        ),
        bench.contest(
            Says(8, "Theseus", "fine-tuning of the teacher's own six layers", "not in the paper"),
            students.theseus,
            students.truncated,
        ),
        bench.contest(Says(9, middle, rare, "drops sharply at 0.1"), half, schedules[rare]),
    ]


def _loyalty(bench: Bench, students: Students) -> list[Claim]:
    teacher = bench.lab.ask(bench.lab.teacher(), "test")

    def label(made: Made) -> FloatArray:
        ours = bench.lab.ask(made.model, "test")
        return (ours.argmax(axis=1) == teacher.argmax(axis=1)).astype(np.float64)

    def probability(made: Made) -> FloatArray:
        return probability_loyalty(bench.lab.ask(made.model, "test"), teacher)

    kd, cut = "distilled", "label-only"
    tables = "tables not at hand"
    steps = [
        (Says(5, "int8 teacher", kd, tables), students.int8, students.distilled),
        (Says(5, kd, "Theseus", tables), students.distilled, students.theseus),
        (Says(5, "Theseus", cut, tables), students.theseus, students.truncated),
    ]
    return [
        bench.contest(
            Says(2, kd, cut, tables, text="probability loyalty: distilled above label-only"),
            students.distilled,
            students.truncated,
            probability,
        ),
        bench.contest(
            Says(3, kd, cut, tables, text="label loyalty: distilled above label-only"),
            students.distilled,
            students.truncated,
            label,
        ),
        *(bench.contest(says, better, worse, probability) for says, better, worse in steps),
    ]


def _modules(bench: Bench, students: Students) -> Claim:
    """Put one trained successor layer at a time in the place of its module."""
    teacher = bench.lab.teacher()
    whole = bench.lab.right(teacher)
    drops = []  # [seeds][modules], each [n]
    for made in students.theseus:
        hybrids = [_with_one_module(bench, made, number) for number in range(MODULES)]
        drops.append([whole - bench.lab.right(hybrid) for hybrid in hybrids])
    means = np.array([[float(drop.mean()) for drop in seed] for seed in drops]).mean(axis=0)
    runner_up = 1 + int(means[1:].argmax())
    says = Says(
        10,
        "",
        "",
        "module 1 costs most on QNLI and MNLI, 2 on QQP",
        text="replacing the first module alone costs most",
    )
    by_seed = [seed[0] - seed[runner_up] for seed in drops]
    return bench.claim(says, by_seed, {"drop by module": [round(float(m), 4) for m in means]})


def _with_one_module(bench: Bench, made: Made, number: int) -> Artifact:
    """The predecessor, but for one of its modules, as a model folder of its own."""
    teacher = bench.lab.teacher().path
    folder = bench.lab.places.work / "hybrids" / f"{made.model.digest}-{number}"
    if not folder.is_dir():
        network = as_encoder(load_model(teacher))
        successor = as_encoder(load_model(made.model.path))
        size = network.config.layers // MODULES
        layers = list(network.layers)
        layers[number * size : (number + 1) * size] = [successor.layers[number]]
        config = replace(
            network.config,
            heads=network.config.heads[: len(layers)],
            intermediate=network.config.intermediate[: len(layers)],
        )
        hybrid = Encoder(config)
        hybrid.embeddings, hybrid.head = network.embeddings, network.head
        hybrid.layers = nn.ModuleList(layers)
        unfinished = folder.with_name(f".{folder.name}")
        unfinished.mkdir(parents=True, exist_ok=True)
        save_model(hybrid, unfinished)
        copy_tokenizer(teacher, unfinished, bench.lab.setting.max_length)
        unfinished.rename(folder)
    return Artifact("torch-model", "", folder.name, folder, (), {})
