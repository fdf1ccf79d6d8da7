"""Collects what a run was made from, for the documents that a bundle carries about itself."""

from pathlib import Path
from typing import Any

from edgecompress.core.report import RunReport
from edgecompress.data.sources import source_of
from edgecompress.recipe.reading import resolved
from edgecompress.recipe.schema import DataRef
from edgecompress.report.bom import bill_of_materials
from edgecompress.report.making import Making, Material
from edgecompress.report.provenance import FOLDER_DIGEST, provenance
from edgecompress.runtime.bundle import META
from edgecompress.store.keys import folder_files
from edgecompress.workflow.run import Run

PROVENANCE = f"{META}/provenance.json"
BILL = f"{META}/bom.cdx.json"


def write_making(folder: Path, run: Run, report: RunReport, sequence: int) -> None:
    """Write provenance.json and bom.cdx.json about all that lies in `folder` to be run."""
    recipe = run.file.recipe
    files = {
        path: record.sha256
        for path, record in folder_files(folder).items()
        if not path.startswith(f"{META}/")
    }
    making = Making(
        report=report,
        recipe=resolved(recipe),
        license=recipe.release.license,
        sequence=sequence,
        teacher=_teacher(run),
        data=tuple(_rows(run, role, ref) for role, ref in recipe.data.by_role()),
        files=files,
    )
    (folder / PROVENANCE).write_text(provenance(making), encoding="utf-8")
    (folder / BILL).write_text(bill_of_materials(making), encoding="utf-8")


def hub_origins(run: Run) -> dict[str, Any]:
    """The teacher and the data that come from a hub, under the names of a model card's metadata."""
    found: dict[str, Any] = {}
    if run.origin.revision is not None:
        found["base_model"] = run.origin.name
    sources = [ref.source or "" for _, ref in run.file.recipe.data.by_role()]
    datasets = sorted({s.removeprefix("hub:") for s in sources if s.startswith("hub:")})
    return found | ({"datasets": datasets} if datasets else {})


def _teacher(run: Run) -> Material:
    """Of a folder its digest is known; of what is fetched, the pin."""
    origin = run.origin
    if origin.folder is not None:
        return Material("teacher", origin.name, {FOLDER_DIGEST: origin.digest}, {})
    return Material("teacher", origin.name, {}, {"pin": origin.digest})


def _rows(run: Run, role: str, ref: DataRef) -> Material:
    notes: dict[str, Any] = {"rows": len(run.data.load(role).texts)}
    if ref.source is None:
        return Material(f"data/{role}", f"role:{ref.from_}", {}, notes)
    identity = source_of(ref, run.file.folder, run.ws.resources).identity()
    digest = {"sha256": sha256} if (sha256 := identity.pop("sha256", None)) else {}
    return Material(f"data/{role}", ref.source, digest, {**notes, **identity})
