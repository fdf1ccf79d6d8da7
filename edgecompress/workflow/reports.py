"""Writing a report in every form that somebody reads: people, CI systems, other programs."""

import os
from pathlib import Path

from edgecompress.core.report import RunReport
from edgecompress.report.html import page
from edgecompress.report.json import dumps
from edgecompress.report.junit import junit
from edgecompress.report.markdown import summary


def write_reports(report: RunReport, folder: Path) -> Path:
    """report.json, report.html, junit.xml and summary.md below `folder`, whatever the verdict.

    Where a CI system names a file for the job's summary ($GITHUB_STEP_SUMMARY), it goes there too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = summary(report)
    files = {
        "report.json": dumps(report),
        "report.html": page(report),
        "junit.xml": junit(report),
        "summary.md": text,
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    if job_summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(job_summary).open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    return folder
