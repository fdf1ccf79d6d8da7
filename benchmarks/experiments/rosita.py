"""ROSITA (2103.11367): iterative pruning, distillation while pruning, scores, and SVD.

Tests 12, 13, 14 and 16 of the plan.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import softmax

from benchmarks.experiments.arms import Made
from benchmarks.experiments.bench import Bench, Says
from benchmarks.experiments.claims import Claim

WIDTH = {"heads": 4, "intermediate": 384}  # of 12 and 1,536: layers are nearly four times smaller
EPOCHS = 4
KD = {"logits": 0.9, "labels": 0.1, "temperature": 1.0}
STATES = {"logits": 1.0, "hidden": 1.0, "temperature": 1.0}  # the paper's own objective
LABELS = {"logits": 0.0, "labels": 1.0}
AS_THE_PAPER = {"repair": "none", "scoring_rows": 512}
ROUNDS = {"rounds": 8, "pruning_share": 0.3}
UNLABELLED = {"epochs": EPOCHS // 2, "transfer_epochs": 1}  # twice the texts: as many steps
SMALL = {"layers": list(range(8)), "heads": 2, "intermediate": 256}  # the paper's shares of all
RANKS = (32, 64, 128, 192, 256, 320)


def claims(bench: Bench) -> list[Claim]:
    """Everything about pruning and factorizing."""
    return [*_pruning(bench), *_scores(bench), *_ranks(bench)]


def _pruning(bench: Bench) -> list[Claim]:
    once = _pruned(bench, "once", objective=KD)
    rounds = _pruned(bench, "rounds", objective=KD, **ROUNDS)
    alone = _pruned(bench, "no-kd", objective=LABELS)
    states = _pruned(bench, "states", objective=STATES)
    more = _pruned(bench, "unlabelled", objective=KD, **UNLABELLED)
    logits = bench.contest(
        Says(13, "pruning with KD of logits", "without", "+1 to +4"), once, alone
    )
    return [
        bench.contest(Says(12, "iterative", "one-step pruning", "+0.3 to +1.5"), rounds, once),
        replace(logits, detail={**logits.detail, **_teacher_on_train(bench)}),
        bench.contest(
            Says(13, "pruning with KD of hidden states and logits", "without", "+1 to +4"),
            states,
            alone,
        ),
        bench.contest(
            Says(13, "pruning with KD, half of it on unlabelled texts", "without", "+1 to +4"),
            more,
            alone,
        ),
    ]


def as_small(bench: Bench) -> list[Claim]:
    """Test 13 with as small a student as in the paper, which has more to regain."""
    alone = _pruned(bench, "small-no-kd", objective=LABELS, **SMALL)
    once = _pruned(bench, "small-once", objective=KD, **SMALL)
    more = _pruned(bench, "small-unlabelled", objective=KD, **SMALL, **UNLABELLED)
    paper = "+1 to +4"
    return [
        bench.contest(Says(13, "pruning far with KD of logits", "without", paper), once, alone),
        bench.contest(
            Says(13, "pruning far with KD, half of it on unlabelled texts", "without", paper),
            more,
            alone,
        ),
    ]


def _teacher_on_train(bench: Bench) -> dict[str, float]:
    """What its answers to texts that it has learnt can tell beside the labels."""
    teacher = bench.lab.teacher()
    shares = softmax(bench.lab.ask(teacher, "train"), axis=1).max(axis=1)
    return {
        "teacher right on train": round(float(bench.lab.right(teacher, "train").mean()), 4),
        "its top probability there, mean": round(float(shares.mean()), 4),
        "its top probability there, highest": round(float(shares.max()), 4),
    }


def _scores(bench: Bench) -> list[Claim]:
    """Taylor scores against chance, before and after the recovery training."""
    raw = {"epochs": 0}
    before = [_pruned(bench, f"{i}-raw", importance=i, **raw) for i in ("taylor", "random")]
    after = [
        _pruned(bench, "once", objective=KD),
        _pruned(bench, "random", objective=KD, importance="random"),
    ]
    first = bench.contest(
        Says(14, "Taylor", "random, before recovery", "large before recovery"), *before
    )
    gaps = [
        (bench.right(a) - bench.right(b)) - (bench.right(c) - bench.right(d))
        for a, b, c, d in zip(*before, *after, strict=True)
    ]
    shrinks = Says(14, "", "", "at most 1 point after", text="the gap shrinks with recovery")
    taylor, random = (_means(bench, arm) for arm in after)
    return [first, bench.claim(shrinks, gaps, {"taylor after": taylor, "random after": random})]


def _pruned(bench: Bench, name: str, **settings: object) -> list[Made]:
    asked = {"epochs": EPOCHS} | WIDTH | AS_THE_PAPER | settings
    return bench.arms(f"pruned-{name}", [bench.student("prune", **asked)])


def _means(bench: Bench, arm: list[Made]) -> list[float]:
    return [round(float(bench.right(made).mean()), 4) for made in arm]


def _ranks(bench: Bench) -> list[Claim]:
    """No training and no chance in it: one seed."""
    right, errors = {}, []
    for weighting in ("plain", "frequency"):
        for rank in RANKS:
            stage = {"kind": "factorize", "embeddings": rank, "weighting": weighting}
            made = bench.lab.arm(f"rank-{rank}-{weighting}", [stage], bench.seeds[0])
            right[weighting, rank] = bench.right(made)
            if weighting == "plain":
                errors.append(float(made.model.facts["matrices"]["embeddings.word"]["error"]))
    if sorted(errors, reverse=True) != errors:
        raise AssertionError(f"the error of an SVD must fall with its rank, got {errors}")
    detail: dict[str, Any] = {"error": dict(zip(RANKS, errors, strict=True))}
    detail |= {f"{w} {r}": round(float(v.mean()), 4) for (w, r), v in right.items()}
    low, high = RANKS[1], RANKS[-1]
    grows = Says(16, "", "", "falls smoothly", text=f"accuracy at rank {high} above rank {low}")
    weighted = Says(16, "", "", "not in the paper", text="frequency-weighted above plain SVD")
    mean = [np.mean([right["frequency", r] - right["plain", r] for r in RANKS], axis=0)]
    return [
        bench.claim(grows, [right["frequency", high] - right["frequency", low]], detail),
        bench.claim(weighted, mean, detail),
    ]
