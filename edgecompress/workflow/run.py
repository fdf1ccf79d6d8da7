"""Verb `run`: make what is missing, step by step, then put the result before the gate."""

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgecompress import __version__
from edgecompress.core.artifact import Artifact
from edgecompress.core.case import Answers, Case, Contestant
from edgecompress.core.errors import EnvironmentFault, InputError
from edgecompress.core.ranks import ALONE, lead_says
from edgecompress.core.report import ModelFacts, RunReport, StageRecord
from edgecompress.data.named import NamedSources
from edgecompress.data.roles import Data
from edgecompress.recipe.crosschecks import judging_roles, roles_of_gate, training_roles
from edgecompress.recipe.reading import RecipeFile
from edgecompress.stages import STAGES, StageContext
from edgecompress.store.record import Journal
from edgecompress.workflow.bring import bring
from edgecompress.workflow.contestants import contestant, torch_contestant
from edgecompress.workflow.judging import judge_candidate, judged_on
from edgecompress.workflow.keeping import Keeper
from edgecompress.workflow.metrics import Yardstick, stage_metrics
from edgecompress.workflow.origin import Origin, teacher_origin
from edgecompress.workflow.plan import Start, Step, make_steps, takes_pairs
from edgecompress.workflow.sanity import (
    require_knowing_teacher,
    require_known_by_gate,
    require_sliceable,
)
from edgecompress.workflow.validate import require_sound
from edgecompress.workflow.workspace import Workspace


@dataclass
class Run:
    """One run under way: what it works with, and what it has made so far."""

    file: RecipeFile
    ws: Workspace
    data: Data
    origin: Origin
    steps: tuple[Step, ...]
    journal: Journal
    made: list[Artifact] = field(default_factory=list)  # the chain, the teacher first
    aside: dict[str, Artifact] = field(default_factory=dict)  # side artifacts, by kind of stage
    retrained: Artifact | None = None  # the teacher from another seed, where the gate asks for it
    records: list[StageRecord] = field(default_factory=list)
    leaks: Mapping[str, Any] = field(default_factory=dict)  # of training rows into the gate's
    known: Answers = field(default_factory=dict, repr=False)  # the teacher answers once

    @property
    def teacher(self) -> Artifact:
        """The first step's artifact."""
        return self.made[0]

    @property
    def student(self) -> Artifact | None:
        """The last torch model, which the exported graph must equal."""
        return next((a for a in reversed(self.made) if a.kind == "torch-model"), None)

    @property
    def at(self) -> Start:
        """What the next step starts from."""
        if not self.made:
            return Start(self.origin.digest)
        aside = {kind: artifact.digest for kind, artifact in self.aside.items()}
        return Start(self.made[-1].digest, self.teacher.digest, aside)

    def keep(self, step: Step, artifact: Artifact) -> None:
        """The next steps go on from it."""
        if step.again:
            self.retrained = artifact
        elif step.aside:
            self.aside[step.kind] = artifact
        else:
            self.made.append(artifact)

    def tell(self, event: str, **facts: Any) -> None:
        """To the journal, and to whoever listens for events."""
        self.ws.listen(self.journal.write(event, **facts))

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Tell why, where the block is not left by its end."""
        try:
            yield
        except BaseException as error:
            with suppress(OSError, EnvironmentFault):  # the disk may be what has failed
                self.tell("run-stopped", error=type(error).__name__, why=str(error))
            raise


def start(file: RecipeFile, ws: Workspace) -> Run:
    """Check everything that can be checked before compute, leaks between roles included."""
    data = Data(file.recipe, file.folder, ws.resources, ws.progress)
    for doubt in require_sound(file, data):
        if doubt.doubtful:
            ws.progress.warn(f"probably undecided: {doubt}")
    origin = teacher_origin(file, ws.resources)
    run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{file.recipe.name}-{uuid.uuid4().hex[:6]}"
    run = Run(file, ws, data, origin, make_steps(file, data), ws.store.journal(run_id))
    run.tell(
        "run-started",
        run=run_id,
        recipe=file.recipe.name,
        digest=file.digest,
        version=__version__,
    )
    with run.watched():
        run.leaks = data.leaks(training_roles(file.recipe), judging_roles(file.recipe))
        require_sliceable(file.recipe, data)
    return run


def make_all(run: Run, until: str | None = None) -> None:
    """Make or find every artifact, in order, up to and with the step called `until`.

    Raises:
        InputError: no step has that name.
    """
    names = [name for step in run.steps for name in (step.label, step.kind)]
    if until is not None and until not in names:
        raise InputError(f"--until {until}: no such step; this recipe has {', '.join(names)}")
    for step in run.steps:
        artifact, cached = make(run, step)
        run.records.append(_record(run, step, artifact, cached=cached))
        if step.label == "teacher":
            _require_knowing_teacher(run)
        if until in (step.label, step.kind):
            return


def make(run: Run, step: Step) -> tuple[Artifact, bool]:
    """One step's artifact, which the next steps go on from, and whether the store had it."""
    artifact, cached = _make_or_find(run, step)
    run.keep(step, artifact)
    _order(run, "keep", step, artifact.key)
    return artifact, cached


def _order(run: Run, what: str, step: Step, key: str) -> None:
    """Say to the other processes, where there are any, what to do next; see `following`."""
    lead_says(run.ws.ranks, {"do": what, "step": step.label, "key": key})


def _make_or_find(run: Run, step: Step) -> tuple[Artifact, bool]:
    ws = run.ws
    question = step.question(Start(run.origin.digest) if step.again else run.at)
    key = question.key
    with ws.store.lock(key):
        if found := ws.store.find(key):
            ws.progress.say(f"{step.label} {step.kind}: cached")
            run.tell("stage-found", stage=step.label, kind=step.kind, key=key)
            return found, True
        ws.progress.say(f"{step.label} {step.kind}: started")
        run.tell("stage-started", stage=step.label, kind=step.kind, key=key)
        if step.trains:
            _order(run, "train", step, key)
        with ws.store.draft(key) as draft:
            source, facts = run_stage(run, step, draft, key)
            question.write(draft)
            artifact = ws.store.seal(draft, key, step.settings.gives, (source.digest,), facts)
    seconds = facts["seconds"]
    ws.progress.say(f"{step.label} {step.kind}: done in {seconds:.1f} s")
    run.tell("stage-finished", stage=step.label, kind=step.kind, key=key, seconds=seconds)
    return artifact, False


def run_stage(run: Run, step: Step, draft: Path, key: str) -> tuple[Artifact, dict[str, Any]]:
    """Write what a step makes below `draft`; gives what it started from, and the facts of it.

    Where it trains, every process of the run must call this, and all leave it together.
    """
    source = run.made[-1] if run.made and not step.again else bring(run.origin, run.ws)
    began = time.monotonic()
    ctx = _context(run, step, draft, key)
    facts = STAGES[step.kind](source, step.settings, ctx)
    ctx.ranks.wait()  # nobody needs `scratch` any more, so that it may vanish
    return source, {**facts, "seconds": round(time.monotonic() - began, 2)}


def _require_knowing_teacher(run: Run) -> None:
    """As soon as it can be known: on validation rows, where the recipe has them."""
    known = {m.name: m for m in run.records[0].metrics}
    if "accuracy" in known:
        texts, labels = run.data.load("validation"), run.file.recipe.labels
        require_knowing_teacher(known["accuracy"], texts, labels, run.ws.progress)


def _context(run: Run, step: Step, draft: Path, key: str) -> StageContext:
    ranks = run.ws.ranks if step.trains else ALONE
    return StageContext(
        out=draft,
        scratch=run.ws.store.scratch(key),
        labels=run.file.recipe.labels,
        data={role: run.data.load(role) for role in step.roles},
        seed=step.recipe.seed,
        threads=max(1, run.ws.threads // ranks.here),
        progress=run.ws.progress,
        teacher=run.teacher if step.settings.needs_teacher else None,
        origins={key: bring(origin, run.ws).path for key, origin in step.origins.items()},
        aside={kind: run.aside[kind] for kind in step.settings.uses()},
        pair_inputs=takes_pairs(run.file.recipe),
        ranks=ranks,
        keep=Keeper(run.ws.store),
    )


def _record(run: Run, step: Step, artifact: Artifact, *, cached: bool) -> StageRecord:
    roles = dict(run.file.recipe.data.by_role())
    yard = Yardstick(
        run.teacher,
        run.data.load("validation") if "validation" in roles else None,
        run.file.recipe.labels,
        run.file.recipe.seed,
        run.known,
        run.aside.get("difficulty"),
    )
    facts = dict(artifact.facts)
    return StageRecord(
        kind=step.label if step.again else step.kind,
        key=artifact.key,
        digest=artifact.digest,
        seconds=float(facts.pop("seconds", 0.0)),
        cached=cached,
        facts=facts,
        metrics=() if step.aside else stage_metrics(artifact, yard, run.ws),
    )


def judged(run: Run, candidate: Contestant, parent: Artifact | None, *, again: bool) -> RunReport:
    """Put `candidate` before the recipe's gate, against the run's teacher."""
    recipe = run.file.recipe
    teacher = torch_contestant(run.teacher, "teacher")
    case = Case(
        candidate,
        teacher,
        {role: run.data.load(role) for role in roles_of_gate(recipe)},
        recipe.labels,
        recipe.seed,
        parent=torch_contestant(parent, "torch parent") if parent else None,
        retrained=torch_contestant(run.retrained, "second teacher") if run.retrained else None,
        keep=Keeper(run.ws.store),
        sources=NamedSources(run.file.folder, run.ws.resources),
        workers=run.ws.threads,
        ray_address=run.ws.ray_address,
        progress=run.ws.progress,
        known=run.known,
    )
    if not any(role == "validation" for role, _ in recipe.data.by_role()):
        require_known_by_gate(case, recipe, run.ws.progress)
    gate = judge_candidate(case, recipe, run.ws, again=again, tell=run.tell)
    run.tell("gate-judged", outcome=gate.outcome.value)
    notes = {role: run.data.notes(role) for role, _ in recipe.data.by_role()}
    return RunReport(
        recipe_name=recipe.name,
        recipe_digest=run.file.digest,
        candidate=_facts(candidate, "model.onnx"),
        teacher=_facts(teacher, "model.safetensors", name=recipe.teacher.model),
        environment=judged_on(),
        gate=gate,
        stages=tuple(run.records),
        data={**notes, "overlap": run.leaks},
    )


def _facts(who: Contestant, file: str, name: str | None = None) -> ModelFacts:
    return ModelFacts(name or who.name, who.digest, who.params, who.weights_bytes, file)


def run_recipe(
    file: RecipeFile, ws: Workspace, until: str | None = None, known: Answers | None = None
) -> tuple[Run, RunReport | None]:
    """Make what is missing and judge it; no report when `until` ends before a shippable model.

    Whatever is `known` of these very rows is not asked again; new answers join it.
    """
    run = start(file, ws)
    run.known = {} if known is None else known
    with run.watched():
        lead_says(ws.ranks, file.digest)
        make_all(run, until)
        lead_says(ws.ranks, None)  # the others may go
        if until is not None and len(run.records) < len(run.steps):
            run.tell("run-ended", until=until)
            return run, None
        made = contestant(run.made[-1], file.recipe.name)
        return run, judged(run, made, run.student, again=False)
