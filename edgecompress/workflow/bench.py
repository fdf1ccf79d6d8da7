"""Verb `bench`: what a model costs in service, and whether it is slower than the one before it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median

from edgecompress.core.case import decisions
from edgecompress.core.errors import DataError, InputError
from edgecompress.core.gate import GateReport, Limit, Verdict
from edgecompress.core.intervals import wilson
from edgecompress.core.measurement import Measurement
from edgecompress.core.progress import Progress
from edgecompress.core.texts import Text
from edgecompress.core.turns import draw_texts, require_quiet
from edgecompress.data.readers import read_file
from edgecompress.report.bench import Benched, BenchReport
from edgecompress.runtime.bundle import is_bundle
from edgecompress.runtime.golden import golden_text, read_golden
from edgecompress.runtime.machine import environment
from edgecompress.runtime.model import Backend, EdgeModel
from edgecompress.workflow.duel import Duel
from edgecompress.workflow.service import Service, measure_service

CHECK = "bench"


@dataclass(frozen=True)
class Opponent:
    """The model that the other one is judged against, and what replacing it may cost."""

    path: Path
    slower_at_most: float = 0.05  # share of the opponent's time
    flips_at_most: float | None = None  # share of texts that get another label
    backend: Backend = "onnxruntime"


@dataclass(frozen=True)
class Bench:
    """One call of the verb."""

    model: Path
    texts: Sequence[Text]
    rows: int = 600  # timed answers, drawn from the texts
    service: Service = field(default_factory=Service)
    against: Opponent | None = None


def bench(asked: Bench, progress: Progress) -> BenchReport:
    """Measure the model; judge it where it has an opponent.

    Raises:
        InputError: the two answer different questions.
        MeasureError: the machine is too noisy to judge by.
    """
    service = asked.service
    drawn = draw_texts(asked.texts, asked.rows, service.seed)
    model = service.load(asked.model)
    tokens = [len(encoded.ids) for encoded in model.encoder.encode(asked.texts)]
    verdicts = [*(_judged(asked, asked.against, drawn, progress) if asked.against else ())]
    measured = measure_service(asked.model, drawn, service, progress)
    verdicts += [Verdict.of(CHECK, one, None) for one in measured]
    return BenchReport(
        model=_benched(asked.model, service),
        against=_benched(*_side(asked.against, service)) if asked.against else None,
        threads=service.threads,
        texts={"rows": len(tokens), "tokens_p50": median(tokens), "tokens_max": max(tokens)},
        environment=environment(),
        gate=GateReport(tuple(verdicts)),
    )


def _side(opponent: Opponent, service: Service) -> tuple[Path, Service]:
    return opponent.path, replace(service, backend=opponent.backend)


def _benched(path: Path, service: Service) -> Benched:
    model = service.load(path)
    return Benched(str(path), model.digest, model.file.stat().st_size, service.backend)


def _judged(
    asked: Bench, opponent: Opponent, drawn: Sequence[Text], progress: Progress
) -> list[Verdict]:
    """Time against each other, and labels."""
    service, (path, theirs) = asked.service, _side(opponent, asked.service)
    new, old = partial(service.load, asked.model), partial(theirs.load, path)
    _require_same_question(asked.model, new(), path, old())
    duel = Duel(drawn, service, progress)
    allowed = 1 + opponent.slower_at_most
    require_quiet(CHECK, lambda attempt: duel.against_itself(old, attempt), allowed)
    taken = duel.times(new, old, "new against old", service.seed)
    flips = opponent.flips_at_most
    return [
        Verdict.of(CHECK, duel.slowdown(*taken), Limit(at_most=opponent.slower_at_most)),
        Verdict.of(
            CHECK,
            _flips(new(), old(), asked.texts),
            None if flips is None else Limit(at_most=flips),
        ),
        *(Verdict.of(CHECK, one, None) for one in duel.percentiles(*taken)),
    ]


def _require_same_question(path: Path, new: EdgeModel, other: Path, old: EdgeModel) -> None:
    if new.labels != old.labels:
        raise InputError(
            f"{path} answers {', '.join(new.labels)}, {other} answers {', '.join(old.labels)}; "
            "only models with the same labels, in the same order, can stand against each other"
        )


def _flips(new: EdgeModel, old: EdgeModel, texts: Sequence[Text]) -> Measurement:
    """A faster model that answers otherwise is no winner."""
    other = decisions(new.logits(texts)) != decisions(old.logits(texts))
    bounds = wilson(int(other.sum()), len(other))
    share = float(other.mean())
    return Measurement(
        "label_flips", share, *bounds, "fraction", len(other), "wilson, 95 %", "texts"
    )


def texts_of(model: Path, file: Path | None) -> list[Text]:
    """The column `text` of a file, with `text_pair` where it has one, else a bundle's golden texts.

    Raises:
        DataError: the file is broken, or has no such texts.
        InputError: there is no file, and the model is not a bundle.
    """
    if file is not None:
        table = read_file(file, file.name)
        columns = [table.column("text")]
        columns += [table.columns["text_pair"]] if "text_pair" in table.columns else []
        if not table.lines or not all(isinstance(v, str) for column in columns for v in column):
            raise DataError(f"{file.name}: every row needs a `text` (and `text_pair`) in words")
        return [row if row[1:] else row[0] for row in zip(*columns, strict=True)]
    if not is_bundle(model):
        raise InputError(
            f"{model}: is not a bundle, which would carry texts; give some with --texts"
        )
    return [golden_text(answer) for answer in read_golden(model)]
