"""Robust model compression (2110.08419): bias of compressed models, and smoothing by difficulty.

Tests 17 to 21 of the plan, on tasks with a shortcut that the `ood` rows turn around.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.experiments.arms import Made
from benchmarks.experiments.bench import BOTTOM, Bench, Says
from benchmarks.experiments.claims import Claim
from edgecompress.checks.loyalty import loyal_temperature
from edgecompress.core.bias import Accuracies, Hit, Refused, f_bias, relative_bias
from edgecompress.core.case import FloatArray, IntArray
from edgecompress.core.loyalty import probability_loyalty
from edgecompress.training.scores import load_scores

LAMBDA = {"logits": 0.9, "labels": 0.1, "temperature": 1.0}  # the paper's 0.9
LABELS = {"logits": 0.0, "labels": 1.0}
ALPHA = 0.3
SPARSITIES = (0.2, 0.4, 0.85)
AS_THE_PAPER = {"rounds": 8, "pruning_share": 0.5}  # sparsity climbs while the student learns


def claims(bench: Bench) -> list[Claim]:
    """Everything about bias and smoothing."""
    vanilla = _student(bench, "vanilla", LABELS)
    plain = _student(bench, "kd", LAMBDA)
    mean = _student(bench, "smooth", LAMBDA | {"smooth": "mean-difficulty"})
    rmc = _student(bench, "rmc", LAMBDA | {"smooth": "difficulty"})
    return [
        _bias(bench, vanilla),
        bench.contest(
            Says(18, "RMC", "plain KD, out of distribution", "+2.4 to +4.1 on HANS"),
            rmc,
            plain,
            lambda made: bench.lab.right(made.model, "ood"),
        ),
        bench.contest(
            Says(18, "RMC", "plain KD, in distribution, less a point", "-0.2 to +1.5", bound=-0.01),
            rmc,
            plain,
        ),
        *_loyalty(bench, plain, rmc),
        bench.contest(
            Says(20, "RMC", "Smooth(mean d), out of distribution", "+0.2 to +4.0"),
            rmc,
            mean,
            lambda made: bench.lab.right(made.model, "ood"),
        ),
    ]


def controls(bench: Bench) -> list[Claim]:
    """The other remedies of the paper's table, on the first setting only."""
    rmc = _student(bench, "rmc", LAMBDA | {"smooth": "difficulty"})
    claims = []
    for name in ("focal", "jtt"):
        other = _student(bench, name, LABELS | {"reweight": name})
        says = Says(18, "RMC", f"{name}, out of distribution", "above both on average")
        claims.append(
            bench.contest(says, rmc, other, lambda made: bench.lab.right(made.model, "ood"))
        )
    return claims


def _student(bench: Bench, name: str, objective: dict[str, Any]) -> list[Made]:
    scores = {"kind": "difficulty", "alpha": ALPHA, "max_length": bench.lab.setting.max_length}
    student = bench.student("distill", layers=BOTTOM, objective=objective)
    return bench.arms(name, [scores, student])


def _bias(bench: Bench, students: list[Made]) -> Claim:
    """F of each seed; refused where a ratio of gaps would mean nothing."""
    teacher = bench.lab.teacher()
    hits = []
    for made in students:
        dev, ood = (
            Hit(bench.lab.right(made.model, role) > 0, bench.lab.right(teacher, role) > 0)
            for role in ("test", "ood")
        )
        hits.append((dev, ood))
    chance = 1 / len(bench.lab.setting.labels)
    found = [relative_bias(dev, ood, chance, bench.seeds[0]) for dev, ood in hits]
    refused = next((f.why for f in found if isinstance(f, Refused)), None)
    value, low, high = bias_interval(hits)
    return Claim(
        test=17,
        setting=bench.lab.setting.name,
        says="relative bias F of a label-only student above 1",
        paper="1.05 to 1.31",
        value=value,
        low=low,
        high=high,
        bound=1.0,
        unit="ratio",
        n=len(hits[0][1].ours),
        seeds=len(hits),
        detail={"F by seed": [vars(f) for f in found]},
        refused=refused,
    )


def bias_interval(hits: list[tuple[Hit, Hit]]) -> tuple[float, float, float]:
    """F of the seeds' mean accuracies, and its bootstrap over seeds and rows."""
    chance = np.random.default_rng(0)

    def ratio(chosen: list[tuple[Hit, Hit]], rows: tuple[IntArray, IntArray]) -> float:
        shares = [
            [np.mean([getattr(hit[k], who)[rows[k]].mean() for hit in chosen]) for k in (0, 1)]
            for who in ("ours", "teacher")
        ]
        ours, teacher = (Accuracies(float(dev), float(ood)) for dev, ood in shares)
        return f_bias(ours, teacher)

    sizes = [len(hit.ours) for hit in hits[0]]
    value = ratio(hits, (np.arange(sizes[0]), np.arange(sizes[1])))
    drawn = [
        ratio(
            [hits[k] for k in chance.integers(len(hits), size=len(hits))],
            (chance.integers(sizes[0], size=sizes[0]), chance.integers(sizes[1], size=sizes[1])),
        )
        for _ in range(1_000)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return value, float(low), float(high)


def _loyalty(bench: Bench, plain: list[Made], rmc: list[Made]) -> list[Claim]:
    teacher = bench.lab.ask(bench.lab.teacher(), "test")

    def raw(made: Made) -> FloatArray:
        return probability_loyalty(bench.lab.ask(made.model, "test"), teacher)

    def matched(made: Made) -> FloatArray:
        ours = bench.lab.ask(made.model, "test")
        return probability_loyalty(ours / np.float32(loyal_temperature(ours, teacher)), teacher)

    lowers = Says(
        19, "plain KD", "RMC", "follows from the formula", text="RMC lowers probability loyalty"
    )
    equal = Says(
        19,
        "RMC",
        "plain KD",
        "about equal",
        bound=-0.02,
        text="at matched temperature RMC is as loyal, to 0.02",
    )
    return [bench.contest(lowers, plain, rmc, raw), bench.contest(equal, rmc, plain, matched)]


def hardness(bench: Bench) -> list[Claim]:
    """Accuracy on easy less that on hard validation texts, as weights are set to zero (test 21).

    Needs thousands of validation rows, of which it compares two parts. Refused where a student is
    no better than chance: its gap is that of the labels. Those pruned at once to 0.85 were.
    """
    gaps: dict[float, list[FloatArray]] = {}
    refused = None
    for sparsity in SPARSITIES:
        pruned = bench.student("prune", sparsity=sparsity, objective=LABELS, **AS_THE_PAPER)
        scores = {"kind": "difficulty", "max_length": bench.lab.setting.max_length}
        gaps[sparsity] = []
        for made in bench.arms(f"rounds-{sparsity}", [scores, pruned]):
            hard = load_scores(made.aside["difficulty"].path, made.validation).hard
            right = bench.lab.right(made.model, "validation")
            if bench.guesses(right):
                refused = f"at {sparsity} a student is right on {right.mean():.0%}, as chance is"
            shares = np.where(hard, -right / hard.mean(), right / (~hard).mean())
            gaps[sparsity].append(np.asarray(shares))
    detail = {str(s): [round(float(v.mean()), 4) for v in values] for s, values in gaps.items()}
    says = Says(
        21, "", "", "22.7 points at 0.85, 16.1 at 0.4", text="easy-hard gap: 0.85 above 0.2"
    )
    first, last = gaps[SPARSITIES[0]], gaps[SPARSITIES[-1]]
    grows = bench.claim(says, [b - a for a, b in zip(first, last, strict=True)], detail)
    return [replace(grows, refused=refused)]
