"""Reports lie where they are looked for, and can be told again without the run."""

import pytest

from edgecompress.core.errors import InputError
from edgecompress.workflow.reports import (
    FORMS,
    kept_report,
    render_again,
    write_forms,
    write_reports,
)
from tests.report.conftest import full, holding, scored

__all__ = ["full", "holding", "scored"]

NAMES = ["junit.xml", "report.html", "report.json", "summary.md"]


def _bytes(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_form_is_written_and_nothing_else(full, tmp_path):
    write_reports(full, tmp_path / "run")
    assert sorted(_bytes(tmp_path / "run")) == NAMES


def test_the_summary_of_a_job_is_added_to_what_is_there(holding, tmp_path, monkeypatch):
    (tmp_path / "job.md").write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "job.md"))
    write_reports(holding, tmp_path / "run")
    assert (tmp_path / "job.md").read_text().startswith("before\n### ✅ quickstart: HOLDS")


def test_told_again_it_is_the_same_bytes(full, tmp_path):
    write_forms(full, tmp_path / "run", FORMS)
    before = _bytes(tmp_path / "run")
    render_again(tmp_path / "run/report.json", None, FORMS)
    assert _bytes(tmp_path / "run") == before


def test_only_the_forms_that_are_asked_for_are_written(holding, tmp_path):
    write_forms(holding, tmp_path / "run", ["json"])
    written = render_again(tmp_path / "run/report.json", tmp_path / "again", ["html", "md"])
    assert [path.name for path in written] == ["report.html", "summary.md"]
    assert sorted(_bytes(tmp_path / "again")) == ["report.html", "summary.md"]


@pytest.mark.parametrize("place", ["folder", "folder/.edgecompress", "runs/folder"])
def test_a_run_is_found_by_folder_as_a_bundle_and_by_name(holding, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    write_forms(holding, tmp_path / place, ["json"])
    found = kept_report("folder", tmp_path / "runs")
    assert found.resolve() == tmp_path / place / "report.json"


def test_a_run_that_is_not_there_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(InputError, match=r"^nothing: no report.json there.*or in .*runs; name a"):
        kept_report("nothing", tmp_path / "runs")


@pytest.mark.parametrize("out", [None, "bundle/.edgecompress"])
def test_a_bundle_stays_as_it_was_sealed(holding, tmp_path, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    meta = tmp_path / "bundle/.edgecompress"
    write_forms(holding, meta, ["json"])
    with pytest.raises(InputError, match="part of a sealed bundle; name another folder with --out"):
        render_again(meta / "report.json", out and meta, FORMS)
    assert sorted(_bytes(meta)) == ["report.json"]
