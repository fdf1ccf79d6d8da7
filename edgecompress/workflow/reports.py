"""Writing a report in every form that somebody reads: people, CI systems, other programs."""

import os
from collections.abc import Callable, Collection
from pathlib import Path

from edgecompress.core.errors import InputError
from edgecompress.core.report import RunReport
from edgecompress.report.html import page
from edgecompress.report.json import dumps
from edgecompress.report.junit import junit
from edgecompress.report.markdown import summary
from edgecompress.report.reading import loads
from edgecompress.runtime.bundle import META, is_bundle
from edgecompress.store.sealing import write_durably

FORMS: dict[str, tuple[str, Callable[[RunReport], str]]] = {
    "json": ("report.json", dumps),
    "html": ("report.html", page),
    "junit": ("junit.xml", junit),
    "md": ("summary.md", summary),
}


def write_reports(report: RunReport, folder: Path) -> Path:
    """report.json, report.html, junit.xml and summary.md below `folder`, whatever the verdict.

    Where a CI system names a file for the job's summary ($GITHUB_STEP_SUMMARY), it goes there too.
    """
    write_forms(report, folder, FORMS)
    if job_summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(job_summary).open("a", encoding="utf-8") as file:
            file.write((folder / FORMS["md"][0]).read_text(encoding="utf-8") + "\n")
    return folder


def write_forms(report: RunReport, folder: Path, forms: Collection[str]) -> list[Path]:
    """These forms of a report; the same report gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, tell in (FORMS[form] for form in forms):
        write_durably(folder / name, tell(report))
        written.append(folder / name)
    return written


def kept_report(run: str, runs: Path) -> Path:
    """The report.json of a run.

    Args:
        run: a folder with a report.json, a bundle, or the name of a run.
        runs: where the store keeps runs by name.

    Raises:
        InputError: there is none.
    """
    for place in _places(run, runs):
        if (place / "report.json").is_file():
            return place / "report.json"
    raise InputError(
        f"{run}: no report.json there, in its {META}, or in {runs}; "
        "name a folder that --report or `run` has written, or a bundle"
    )


def holds_report(run: str, runs: Path) -> bool:
    """Whether `kept_report` would find one."""
    return any((place / "report.json").is_file() for place in _places(run, runs))


def _places(run: str, runs: Path) -> tuple[Path, ...]:
    return (Path(run), Path(run) / META, runs / run)


def render_again(kept: Path, out: Path | None, forms: Collection[str]) -> list[Path]:
    """Tell a kept report again, beside the old one unless `out` says otherwise.

    Raises:
        InputError: it cannot be read, or it is part of a bundle, which stays as it was sealed.
    """
    folder = out or kept.parent
    if folder.resolve().name == META and is_bundle(folder.resolve().parent):
        raise InputError(f"{folder}: is part of a sealed bundle; name another folder with --out")
    return write_forms(loads(kept.read_bytes(), str(kept)), folder, forms)
