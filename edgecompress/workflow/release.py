"""Verb `release`: run, judge, and pack what holds into a bundle; nothing else becomes one."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from edgecompress.core.errors import (
    GateBroken,
    GateUndecided,
    InputError,
    IntegrityError,
    MissingExtra,
)
from edgecompress.core.gate import GateReport, Outcome
from edgecompress.core.report import RunReport
from edgecompress.core.texts import Text
from edgecompress.report.card import card
from edgecompress.runtime.bundle import (
    META,
    SIGNER,
    Manifest,
    is_bundle,
    seal_bundle,
    verify_bundle,
)
from edgecompress.runtime.golden import write_golden
from edgecompress.runtime.model import EdgeModel
from edgecompress.store.faults import FULL, storage_faults
from edgecompress.store.keys import step_key
from edgecompress.store.store import Store
from edgecompress.workflow.making import hub_origins, write_making
from edgecompress.workflow.portable import write_portable
from edgecompress.workflow.records import write_recipe
from edgecompress.workflow.reports import write_reports
from edgecompress.workflow.run import Run

GOLDEN_TEXTS = 32
SHIPPED = ("model.onnx", "config.json", "tokenizer.json", "tokenizer_config.json")
SHIPPED_IF_THERE = ("special_tokens_map.json",)


@dataclass(frozen=True)
class Terms:
    """How a bundle leaves."""

    sequence: int | None = None  # of releases; None counts on from the bundle that is there
    signer: Any = None  # of workflow/signing.py; None leaves the bundle unsigned


def terms(sequence: int | None, sign_key: Path | None) -> Terms:
    """Read the signing key before any compute, where one is given.

    Raises:
        MissingExtra: signing needs packages that are not installed.
        InputError: it is no private key.
    """
    if sign_key is None:
        return Terms(sequence)
    try:
        signing = import_module("edgecompress.workflow.signing")
    except ModuleNotFoundError as error:
        raise MissingExtra.of("--sign-key", error.name, "sign") from None
    return Terms(sequence, signing.read_signer(sign_key))


def release_run(run: Run, report: RunReport, out: Path, how: Terms) -> Path:
    """Write the bundle of a run whose gate holds.

    A bundle of the same model and the same recipe, by the same signer, that already lies at `out`
    is left as it is, unless another sequence is asked for.

    Raises:
        GateBroken, GateUndecided: no bundle; the reports tell why.
        InputError: `out` holds something that is not a bundle, or a release that is not older.
        StoreBusy: another run is about to release to `out`.
        EnvironmentFault: the disk of `out` is full.
    """
    require_holds(report.gate)
    with _only_writer_of(out, run.ws.store) as aside, storage_faults(out, FULL, elsewhere="--out"):
        require_free(out)
        sequence = next_sequence(out, report, how)
        if sequence is None:
            run.ws.progress.say(f"{out}: already holds this release")
            return out
        _fill(aside.new, run, report)
        write_making(aside.new, run, report, sequence)
        _seal(aside.new, sequence, how.signer)
        EdgeModel.load(aside.new)  # what cannot be loaded back is not released
        aside.swap(out)
    run.tell("released", path=str(out))
    return out


@dataclass(frozen=True)
class _Aside:
    """Two places beside a bundle that no other store's runs use, so what lies there is ours."""

    new: Path
    old: Path

    def clear(self, out: Path) -> None:
        """Delete what a killed release left; the bundle that it had put aside comes back."""
        shutil.rmtree(self.new, ignore_errors=True)
        if self.old.exists() and not out.exists():
            self.old.rename(out)
        shutil.rmtree(self.old, ignore_errors=True)

    def swap(self, out: Path) -> None:
        """Replace `out` by two renames; who is killed between them, `clear` helps."""
        if out.exists():
            out.rename(self.old)
        self.new.rename(out)


@contextmanager
def _only_writer_of(out: Path, store: Store) -> Iterator[_Aside]:
    """Of all the runs on this store only one at a time writes the bundle at `out`."""
    key = step_key({"store": str(store.root.resolve()), "release": str(out.resolve())})
    aside = _Aside(*(out.parent / f".{out.name}-{part}-{key[:8]}" for part in ("new", "old")))
    with store.lock(key):
        aside.clear(out)
        try:
            yield aside
        finally:
            aside.clear(out)


def _seal(staging: Path, sequence: int, signer: Any) -> None:
    if signer is not None:
        signer.announce(staging)
    seal_bundle(staging, sequence=sequence)
    if signer is not None:
        signer.sign(staging)


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


def next_sequence(out: Path, report: RunReport, how: Terms) -> int | None:
    """The number of the release that goes to `out`; None where it lies there already.

    Raises:
        InputError: the number that was asked for is not larger than that of the release there.
    """
    old = _released(out)
    if old is None:
        return how.sequence or 1
    there, told = old
    signer = how.signer.public.fingerprint if how.signer else None
    same = _same(told, report) and _signer_at(out) == signer
    if same and how.sequence in (None, there.sequence):
        return None
    if how.sequence is None:
        return there.sequence + 1
    if how.sequence <= there.sequence:
        raise InputError(
            f"--sequence {how.sequence}: {out} holds release {there.sequence}; a later one "
            f"needs a larger number, at least {there.sequence + 1}"
        )
    return how.sequence


def _released(out: Path) -> tuple[Manifest, dict[str, Any]] | None:
    """Manifest and report of the bundle at `out`; None where there is no sound one."""
    if not is_bundle(out):
        return None
    try:
        manifest = verify_bundle(out)
    except IntegrityError:
        return None
    return manifest, json.loads((out / META / "report.json").read_text())


def _signer_at(out: Path) -> str | None:
    """Fingerprint of the key that the bundle at `out` says it is signed by."""
    key = out / SIGNER
    return hashlib.sha256(key.read_bytes()).hexdigest() if key.is_file() else None


def _same(old: dict[str, Any], report: RunReport) -> bool:
    return bool(
        old["candidate"]["digest"] == report.candidate.digest
        and old["recipe"]["digest"] == report.recipe_digest
    )


def _fill(staging: Path, run: Run, report: RunReport) -> None:
    meta, model = staging / META, run.made[-1]
    meta.mkdir(parents=True)
    for name in (*SHIPPED, *(n for n in SHIPPED_IF_THERE if (model.path / n).exists())):
        shutil.copyfile(model.path / name, staging / name)  # copied: a link is refused later
    write_reports(report, meta)
    recipe = run.file.recipe
    write_recipe(recipe, meta)
    write_golden(staging, _golden_texts(run))
    if recipe.release.portable:
        run.ws.progress.say(write_portable(staging))
    if recipe.release.card:
        text = card(
            report,
            license=recipe.release.license,
            language=recipe.release.language,
            labels=recipe.labels,
            origins=hub_origins(run),
        )
        (staging / "README.md").write_text(text, encoding="utf-8")


def _golden_texts(run: Run) -> list[Text]:
    """Texts whose answers any port of the model can be checked against."""
    roles = dict(run.file.recipe.data.by_role())
    role = next(r for r in ("validation", "test", *roles) if r in roles)
    return list(run.data.load(role).texts[:GOLDEN_TEXTS])
