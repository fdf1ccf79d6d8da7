"""Reports to be shown: one that looks like a real run, and the shapes that go wrong."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from edgecompress.core.exhibit import Exhibit
from edgecompress.core.gate import GateReport, Limit, Refusal, Verdict
from edgecompress.core.measurement import Measurement, Refused, exact
from edgecompress.core.report import ModelFacts, RunReport, StageRecord
from edgecompress.report.making import Making, Material
from tests.report.full import adversarial, filled

Make = Callable[..., Verdict]


def share(name: str, value: float, low: float, high: float, data: str = "test") -> Measurement:
    return Measurement(name, value, low, high, "fraction", 2015, "wilson, 95 %", data)


def verdicts() -> tuple[Verdict, ...]:
    """What a three-layer int8 student on short reviews looks like; it holds."""
    drop = replace(
        share("accuracy_drop", 0.0084, -0.0041, 0.0208),
        method="tango paired score, 95 %",
        note="only the teacher is right on 97, only the candidate on 80",
    )
    speed = Measurement(
        "latency_ratio", 12.31, 12.02, 12.64, "times faster", 300, "block bootstrap", "test"
    )
    p95 = Measurement("latency_p95_ms", 1.342, 1.281, 1.467, "ms", 300, "order statistics", "test")
    rss = Measurement("peak_rss_bytes", 141e6, 139e6, 144e6, "bytes", 7, "median of 7")
    return (
        Verdict.of("accuracy", share("accuracy", 0.8352, 0.8184, 0.8508), None),
        Verdict.of("accuracy", drop, Limit(at_most=0.03)),
        Verdict.of(
            "accuracy", share("worst_class_recall", 0.821, 0.794, 0.846), Limit(at_least=0.7)
        ),
        Verdict.of("accuracy", share("negative_flip_rate", 0.0481, 0.0396, 0.0584), None),
        Verdict.of("loyalty", share("label_loyalty", 0.9159, 0.9030, 0.9272), Limit(at_least=0.9)),
        Verdict.of(
            "loyalty", share("probability_loyalty", 0.8893, 0.8842, 0.8942), Limit(at_least=0.85)
        ),
        Verdict.of("latency", speed, Limit(at_least=10.0)),
        Verdict.of("latency", p95, Limit(at_most=20.0)),
        Verdict.of("size", exact("size_bytes", 17_210_433, "bytes", "bytes of model.onnx"), None),
        Verdict.of(
            "size", exact("size_ratio", 0.1893, "of the teacher", "bytes"), Limit(at_most=0.25)
        ),
        Verdict.of("size", rss, None),
        Verdict.of("parity", share("batch_flip_rate", 0.0129, 0.0088, 0.0188), Limit(at_most=0.05)),
    )


def metrics(
    accuracy: float, loyalty: float, size: float, p50_ms: float, params: int
) -> tuple[Measurement, ...]:
    def near(name: str, value: float, spread: float) -> Measurement:
        high = min(1.0, value + spread)
        return Measurement(
            name, value, value - spread, high, "fraction", 800, "wilson, 95 %", "validation"
        )

    latency = Measurement(
        "latency_p50_ms", p50_ms, p50_ms * 0.97, p50_ms * 1.04, "ms", 100, "order", "validation"
    )
    return (
        exact("size_bytes", size, "bytes", "bytes of the weights file"),
        exact("parameters", params, "parameters", "stored elements"),
        near("accuracy", accuracy, 0.026),
        near("label_loyalty", loyalty, 0.018),
        latency,
    )


def stage(
    kind: str, seconds: float, facts: dict[str, object], found: tuple[Measurement, ...]
) -> StageRecord:
    return StageRecord(kind, kind[0] * 64, kind[-1] * 64, seconds, False, facts, found)


def stages() -> tuple[StageRecord, ...]:
    distilled = {
        "layers_kept": [0, 2, 4],
        "precision": "bf16",
        "tokens_per_s": 9120.4,
        "best_validation_accuracy": 0.83,
    }
    return (
        stage(
            "finetune",
            188.2,
            {"epochs_run": 3, "tokens_per_s": 3810.0},
            metrics(0.8375, 1.0, 90.9e6, 9.21, 22_700_000),
        ),
        stage("distill", 402.9, distilled, metrics(0.8362, 0.9187, 69.6e6, 4.66, 17_390_000)),
        stage(
            "export",
            11.4,
            {"opset": 17, "fused": {"Attention": 3, "BiasGelu": 3}},
            metrics(0.8362, 0.9187, 69.7e6, 2.02, 17_390_000),
        ),
        stage(
            "quantize",
            3.1,
            {"scheme": "dynamic", "ratio": 0.247},
            metrics(0.8350, 0.9162, 17.2e6, 0.76, 17_390_000),
        ),
    )


ENVIRONMENT = {
    "cpu": "A Fictional CPU @ 2.00GHz",
    "cpu_flags": ["avx2", "avx512_vnni"],
    "cores": 2,
    "memory_bytes": 25_000_000_000,
    "system": "Linux 6.1 x86_64",
    "versions": {"python": "3.11.7", "onnxruntime": "1.31.1", "torch": "2.13.0"},
    "threads": 1,
}


@pytest.fixture
def holding() -> RunReport:
    """Every limit holds."""
    return RunReport(
        recipe_name="quickstart",
        recipe_digest="5" * 64,
        candidate=ModelFacts("quickstart", "c" * 64, 17_390_000, 17_210_433, "model.onnx"),
        teacher=ModelFacts(
            "resource:minilm-l6", "7" * 64, 22_700_000, 90_900_000, "model.safetensors"
        ),
        environment=ENVIRONMENT,
        gate=GateReport(verdicts()),
        stages=stages(),
        data={
            "train": {"rows": 8530, "classes": {"negative": 4265, "positive": 4265}},
            "test": {"rows": 2015, "classes": {"negative": 1010, "positive": 1005}, "dropped": 0},
            "overlap": {"test": {"rows": 0, "with": {}, "reason": None}},
        },
    )


def with_label_loyalty(report: RunReport, value: float, low: float, high: float) -> RunReport:
    changed = share("label_loyalty", value, low, high)
    judged = tuple(
        Verdict.of(v.check, changed, v.limit) if v.measured.name == "label_loyalty" else v
        for v in report.gate.verdicts
    )
    return replace(report, gate=GateReport(judged))


@pytest.fixture
def broken(holding: RunReport) -> RunReport:
    """Label loyalty is below its limit of 0.9."""
    return with_label_loyalty(holding, 0.85, 0.834, 0.865)


@pytest.fixture
def undecided(holding: RunReport) -> RunReport:
    """The interval of label loyalty contains its limit of 0.9; 4,900 rows would decide.

    Verdict.rows_needed: n (half width / distance)^2 = 2015 (0.0138 / 0.0088)^2 = 4955.3 -> 4,956.
    """
    return with_label_loyalty(holding, 0.9088, 0.895, 0.9205)


@pytest.fixture
def empty(holding: RunReport) -> RunReport:
    """Nothing was judged."""
    return replace(holding, gate=GateReport(()), stages=(), data={})


def scored_texts() -> dict[str, object]:
    """What a difficulty stage tells of 300 texts; most of them are easy, as ever."""
    text = {"origin": "train.csv:60", "label": "negative", "d": 0.3, "text": "the plot is messy."}
    hard = {"origin": "train.csv:92", "label": "positive", "d": 1.0, "text": "hardly <i>a bore</i>"}
    return {
        "method": "one-shot",
        "models": {
            "0.2": {"train_accuracy": 0.89, "used": True},
            "0.4": {"train_accuracy": 0.87, "used": True},
            "0.85": {"train_accuracy": 0.49, "used": False},
        },
        "d": {
            "lowest": 0.3,
            "mean": 0.44,
            "counts": [225, 16, 6, 6, 8, 2, 3, 2, 5, 1, 0, 3, 1, 3, 0, 1, 0, 0, 1, 17],
        },
        "likely_mislabelled": 0.02,
        "easiest": [text, text, text],
        "hardest": [hard, hard, hard],
        "validation": {"easy_accuracy": 0.91, "hard_accuracy": 0.72},
    }


@pytest.fixture
def scored(holding: RunReport) -> RunReport:
    """The holding report of a recipe whose second stage scores the texts."""

    def split(easy: float, hard: float) -> tuple[Measurement, ...]:
        return (
            share("easy_accuracy", easy, easy - 0.03, easy + 0.03, "validation"),
            share("hard_accuracy", hard, hard - 0.04, hard + 0.04, "validation"),
        )

    teacher, *students = holding.stages
    splits = (split(0.92, 0.76), split(0.92, 0.75), split(0.91, 0.74))
    after = [replace(s, metrics=s.metrics + m) for s, m in zip(students, splits, strict=True)]
    difficulty = stage("difficulty", 61.0, scored_texts(), ())
    return replace(holding, stages=(teacher, difficulty, *after))


@pytest.fixture
def full(scored: RunReport) -> RunReport:
    """Everything at once; two slices of fewer than 30 rows leave it undecided."""
    return filled(scored)


@pytest.fixture
def refusing(holding: RunReport) -> RunReport:
    """One number with a limit and one without could not be given."""
    refused = Refused("relative_bias", "ood", "no gap")
    aside = replace(refused, why="near chance", part="names")
    refusals = (Refusal("shift", refused, Limit(at_most=1.1)), Refusal("shift", aside, None))
    return replace(holding, gate=replace(holding.gate, refusals=refusals))


HOSTILE = "</script><b>&\"'|`\x00\u202e--- {{ 7 * 7 }} \n### x" + "w" * 10_000


def hostile_exhibits() -> tuple[Exhibit, ...]:
    """Texts, labels and titles of the same kind, in every place that takes words."""
    answered = dict.fromkeys(("origin", "text", "label", "teacher", "ours"), HOSTILE)
    attacked = {**adversarial(HOSTILE)["rows"][0], "origin": HOSTILE, "label": HOSTILE}
    attacked |= {"from": HOSTILE, "to": HOSTILE, "diff": [["gone", HOSTILE], ["new", HOSTILE]]}
    squares = {"ours": [[1, 2], [3, 4]], "teacher": [[1, 2], [3, 4]]}
    contents: dict[str, dict[str, Any]] = {
        "table": {"columns": [{"name": HOSTILE, "unit": ""}] * 6, "rows": [[HOSTILE] * 6]},
        "texts": {"rows": [answered]},
        "adversarial": {"attack": HOSTILE, "rows": [attacked]},
        "confusion": {"labels": [HOSTILE, HOSTILE], **squares},
        HOSTILE: {HOSTILE: HOSTILE},
    }
    return tuple(Exhibit(kind, HOSTILE, HOSTILE, content) for kind, content in contents.items())


@pytest.fixture
def hostile(holding: RunReport) -> RunReport:
    """Every name and note is what an attacker would write into a data file."""
    loud = tuple(
        replace(v, measured=replace(v.measured, name=HOSTILE, note=HOSTILE, data=HOSTILE))
        for v in holding.gate.verdicts
    )
    return replace(
        holding,
        recipe_name=HOSTILE,
        candidate=replace(holding.candidate, name=HOSTILE),
        teacher=replace(holding.teacher, name=HOSTILE),
        environment={HOSTILE: HOSTILE},
        gate=GateReport(
            loud,
            hostile_exhibits(),
            (Refusal(HOSTILE, Refused(HOSTILE, HOSTILE, HOSTILE, HOSTILE), Limit(at_most=1.0)),),
        ),
        stages=tuple(replace(s, kind=HOSTILE, facts={HOSTILE: HOSTILE}) for s in holding.stages),
        data={HOSTILE: {HOSTILE: HOSTILE}},
    )


@pytest.fixture
def make_making() -> Callable[[RunReport], Making]:
    """A release of two files, its second."""

    def make(report: RunReport) -> Making:
        return Making(
            report=report,
            recipe={"name": "quickstart", "labels": ["negative", "positive"]},
            license="apache-2.0",
            sequence=2,
            teacher=Material("teacher", "resource:minilm-l6", {}, {"pin": "resource:8"}),
            data=(
                Material("data/train", "resource:rotten-tomatoes", {}, {"rows": 8530}),
                Material("data/test", "reviews.csv", {"sha256": "9" * 64}, {"rows": 2015}),
            ),
            files={"model.onnx": "1" * 64, "config.json": "2" * 64},
        )

    return make
