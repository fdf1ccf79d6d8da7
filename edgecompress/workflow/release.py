"""Verb `release`: run, judge, and pack what holds into a bundle; nothing else becomes one."""

import json
import shutil
import uuid
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from edgecompress.core.artifact import Artifact
from edgecompress.core.errors import GateBroken, GateUndecided, InputError, IntegrityError
from edgecompress.core.gate import GateReport, Outcome
from edgecompress.core.report import RunReport
from edgecompress.core.texts import Text
from edgecompress.recipe.reading import resolved
from edgecompress.report.card import card
from edgecompress.runtime.bundle import META, is_bundle, seal_bundle, verify_bundle
from edgecompress.runtime.golden import write_golden
from edgecompress.runtime.model import EdgeModel
from edgecompress.workflow.portable import write_portable
from edgecompress.workflow.reports import write_reports
from edgecompress.workflow.run import Run

GOLDEN_TEXTS = 32
SHIPPED = ("model.onnx", "config.json", "tokenizer.json", "tokenizer_config.json")
SHIPPED_IF_THERE = ("special_tokens_map.json",)


def release_run(run: Run, report: RunReport, out: Path) -> Path:
    """Write the bundle of a run whose gate holds.

    A bundle of the same model and the same recipe that already lies at `out` is left as it is.

    Raises:
        GateBroken, GateUndecided: no bundle; the reports tell why.
        InputError: `out` holds something that is not a bundle.
    """
    require_holds(report.gate)
    require_free(out)
    model = run.made[-1]
    sequence, old = _released(out) or (0, None)
    if old and _same(old, report):
        run.ws.progress.say(f"{out}: already holds this release")
        return out
    staging = out.parent / f".{out.name}-{uuid.uuid4().hex[:8]}"
    try:
        _fill(staging, run, report, model)
        seal_bundle(staging, sequence=sequence + 1)
        EdgeModel.load(staging)  # what cannot be loaded back is not released
        _swap(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    run.tell("released", path=str(out))
    return out


def require_holds(gate: GateReport) -> None:
    """Raise with every limit that does not hold, unless all do."""
    failing = [
        v for v in gate.verdicts if v.outcome in (Outcome.BROKEN, Outcome.UNDECIDED) and v.limit
    ]
    lines = [
        f"{v.measured}, limit {v.limit}: {v.outcome.upper()}"
        + (f"; about {rows:,} rows would decide it" if (rows := v.rows_needed()) else "")
        for v in failing
    ]
    text = "\n  ".join(lines)
    if gate.outcome is Outcome.BROKEN:
        raise GateBroken(f"the gate does not hold:\n  {text}")
    if gate.outcome is not Outcome.HOLDS:
        raise GateUndecided(
            f"the gate is undecided; more rows are needed, not more luck:\n  {text}"
        )


def require_free(out: Path) -> None:
    """Refuse, before any compute, to overwrite what we did not make."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(f"{out}: is not a folder; choose another --out")
    if out.is_dir() and any(out.iterdir()) and not (out / META).is_dir():
        raise InputError(f"{out}: holds files that are not a bundle; choose another --out")


def _released(out: Path) -> tuple[int, dict[str, Any]] | None:
    """Release sequence and report of the bundle at `out`; None where there is no sound one."""
    if not is_bundle(out):
        return None
    try:
        manifest = verify_bundle(out)
    except IntegrityError:
        return None
    return manifest.sequence, json.loads((out / META / "report.json").read_text())


def _same(old: dict[str, Any], report: RunReport) -> bool:
    return bool(
        old["candidate"]["digest"] == report.candidate.digest
        and old["recipe"]["digest"] == report.recipe_digest
    )


def _fill(staging: Path, run: Run, report: RunReport, model: Artifact) -> None:
    meta = staging / META
    meta.mkdir(parents=True)
    for name in (*SHIPPED, *(n for n in SHIPPED_IF_THERE if (model.path / n).exists())):
        shutil.copyfile(model.path / name, staging / name)  # copied: a link is refused later
    write_reports(report, meta)
    recipe = run.file.recipe
    with (meta / "recipe.resolved.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(resolved(recipe), file)
    write_golden(staging, _golden_texts(run))
    if recipe.release.portable:
        run.ws.progress.say(write_portable(staging))
    if recipe.release.card:
        text = card(
            report,
            license=recipe.release.license,
            language=recipe.release.language,
            labels=recipe.labels,
        )
        (staging / "README.md").write_text(text, encoding="utf-8")


def _golden_texts(run: Run) -> list[Text]:
    """Texts whose answers any port of the model can be checked against."""
    roles = dict(run.file.recipe.data.by_role())
    role = next(r for r in ("validation", "test", *roles) if r in roles)
    return list(run.data.load(role).texts[:GOLDEN_TEXTS])


def _swap(staging: Path, out: Path) -> None:
    """Replace `out` by two renames; a kill between them leaves the old bundle beside."""
    out.parent.mkdir(parents=True, exist_ok=True)
    old = out.parent / f".{out.name}-old-{uuid.uuid4().hex[:8]}"
    if out.exists():
        out.rename(old)
    staging.rename(out)
    shutil.rmtree(old, ignore_errors=True)
