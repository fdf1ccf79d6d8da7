"""Reports are found where they lie, dated by their runs, and linked from where the index goes."""

import os
from datetime import UTC, datetime

import pytest

from edgecompress.core.errors import InputError
from edgecompress.workflow.index import has_runs, index_of, write_index
from edgecompress.workflow.reports import write_forms
from tests.report.conftest import broken, holding

__all__ = ["broken", "holding"]

EVENT = '{{"at":"2026-11-{day}T10:00:00.000+00:00","event":"gate-judged"}}\n'


@pytest.fixture
def reports(holding, broken, tmp_path):
    """A run of a store, one of a CI job, and a bundle."""
    folder = tmp_path / "reports"
    write_forms(holding, folder / "in-store", ["json", "html"])
    (folder / "in-store.jsonl").write_text(EVENT.format(day=12))
    write_forms(broken, folder / "job 7/report", ["json"])
    (folder / "job 7/report/events.jsonl").write_text(EVENT.format(day=14))
    write_forms(holding, folder / "bundle/.edgecompress", ["json", "html"])
    os.utime(folder / "bundle/.edgecompress/report.json", (1_762_000_000,) * 2)  # 2025-11-01
    return folder


def test_they_stand_newest_first_by_events_or_else_by_file(reports):
    index = index_of(reports, reports)
    assert [(run.name, run.at.date().isoformat()) for run in index.runs] == [
        ("job 7/report", "2026-11-14"),
        ("in-store", "2026-11-12"),
        ("bundle", datetime.fromtimestamp(1_762_000_000, UTC).date().isoformat()),
    ]


def test_links_lead_to_the_page_or_else_to_the_numbers(reports, tmp_path):
    links = {run.name: run.link for run in index_of(reports, tmp_path / "site").runs}
    assert links == {
        "in-store": "../reports/in-store/report.html",
        "job 7/report": "../reports/job%207/report/report.json",
        "bundle": "../reports/bundle/.edgecompress/report.html",
    }


def test_a_broken_report_does_not_hide_the_others(reports):
    (reports / "in-store/report.json").write_text("{}")
    index = index_of(reports, reports)
    assert len(index.runs) == 2
    assert [one.name for one in index.unread] == ["in-store"]
    assert "is not a report" in index.unread[0].why


def test_the_folders_own_index_is_no_report(reports):
    write_index(index_of(reports, reports), reports, ["html", "json"])
    assert len(index_of(reports, reports).runs) == 3


def test_a_folder_without_reports_is_refused(tmp_path):
    assert not has_runs(tmp_path)
    with pytest.raises(InputError, match=r"no report.json in the folders below it; `run`"):
        index_of(tmp_path, tmp_path)


def test_forms_that_an_index_has_not_are_left_out_but_not_all(reports):
    index = index_of(reports, reports)
    written = write_index(index, reports, ["json", "html", "junit", "md"])
    assert [path.name for path in written] == ["index.json", "index.html"]
    with pytest.raises(InputError, match="--format: of many runs there are html, json"):
        write_index(index, reports, ["junit"])
