"""What a search has come to, told in files: search.json and search-report.html."""

import json
from dataclasses import replace
from pathlib import Path

from edgecompress.report.search import SearchReport, search_document
from edgecompress.report.search_page import search_page
from edgecompress.runtime.machine import environment
from edgecompress.store.sealing import write_durably
from edgecompress.workflow.finalists import judged
from edgecompress.workflow.plain import plain_student
from edgecompress.workflow.search import Found
from edgecompress.workflow.workspace import Workspace


def told(found: Found, ws: Workspace) -> SearchReport:
    """A search with all that the store has to set beside it."""
    return SearchReport(
        recipe=found.file,
        course=found.course,
        teacher=found.teacher,
        shape=found.space.shape,
        workers=found.workers,
        beside=found.beside,
        plain=plain_student(found, ws),
        finalists=judged(found),
        environment=environment(),
    )


def write_search(report: SearchReport, folder: Path | None) -> Path:
    """Both files below `folder`, else beside the search's journal; gives the page.

    Evolution and random search share a journal, and so a page: it tells of evolution wherever that
    has been run, with random search beside it.
    """
    journal = report.course.evaluations.journal
    folder = folder or journal.path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    if report.course.evolution.random and report.beside is not None:
        report = replace(report, course=report.beside, beside=report.course)
    text = json.dumps(search_document(report), indent=1, allow_nan=False)
    write_durably(folder / "search.json", text + "\n")
    write_durably(folder / "search-report.html", search_page(report))
    return folder / "search-report.html"
