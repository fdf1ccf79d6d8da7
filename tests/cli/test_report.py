"""`edgecompress report`, and what a judged report says to a CI system."""

import json

import pytest
from click.testing import CliRunner

from edgecompress.cli import judged
from edgecompress.cli.report import command
from edgecompress.core.errors import InputError
from edgecompress.report.json import dumps
from tests.fakes import Listener
from tests.report.conftest import broken, holding

__all__ = ["broken", "holding"]


@pytest.fixture
def run(holding, tmp_path):
    """A run of the store, by its name, and what `report` answers."""
    folder = tmp_path / "store/runs/20261120-quickstart-1a2b3c"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(dumps(holding))

    def report(*arguments):
        asked = [folder.name, "--store", str(tmp_path / "store"), *arguments]
        return CliRunner().invoke(command, asked, catch_exceptions=False)

    return report


def test_it_names_the_files_it_has_written(run, tmp_path):
    done = run("--format", "html, junit", "--out", str(tmp_path / "out"))
    assert done.stdout.splitlines() == [
        str(tmp_path / "out/report.html"),
        str(tmp_path / "out/junit.xml"),
    ]


def test_with_json_the_list_is_a_document(run, tmp_path):
    done = run("--format", "md", "--json")
    (written,) = json.loads(done.stdout)["written"]
    assert written.endswith("20261120-quickstart-1a2b3c/summary.md")


def test_an_unknown_form_is_refused_with_the_list(run):
    with pytest.raises(InputError, match="--format pdf: no such form; there are json, html"):
        run("--format", "html,pdf")


class _Place:
    """What `judged.write` needs of a run."""

    def __init__(self, folder):
        self.journal = self.file = self.document = self.ws = self
        self.path = folder / "run.jsonl"
        self.progress = Listener()


@pytest.mark.parametrize(("on_github", "lines"), [("true", 1), ("", 0)])
def test_only_githubs_runners_get_annotations(
    broken, tmp_path, monkeypatch, capsys, on_github, lines
):
    monkeypatch.setenv("GITHUB_ACTIONS", on_github)
    assert judged.write(_Place(tmp_path), broken, None) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("::error file=") == lines


def test_without_a_run_it_is_the_index_of_the_store(run, tmp_path):
    asked = ["--store", str(tmp_path / "store"), "--format", "html"]
    done = CliRunner().invoke(command, asked, catch_exceptions=False)
    assert done.stdout == f"{tmp_path}/store/runs/index.html\n"


def test_a_folder_of_runs_gets_an_index(run, tmp_path):
    done = CliRunner().invoke(command, [str(tmp_path / "store/runs")], catch_exceptions=False)
    assert [line.rpartition("/")[2] for line in done.stdout.split()] == ["index.json", "index.html"]


def test_a_run_that_holds_others_is_told_of_alone(run, holding, tmp_path):
    own = tmp_path / "store/runs/report.json"
    own.write_text(dumps(holding))
    asked = [str(own.parent), "--format", "md"]
    done = CliRunner().invoke(command, asked, catch_exceptions=False)
    assert done.stdout == f"{own.parent}/summary.md\n"


def test_many_runs_are_not_sent_to_a_tracker(run, tmp_path):
    with pytest.raises(InputError, match="--mlflow: sends one run, and .* holds many"):
        CliRunner().invoke(
            command, [str(tmp_path / "store/runs"), "--mlflow"], catch_exceptions=False
        )


def test_a_recipe_behind_mlflow_is_no_address():
    done = CliRunner().invoke(command, ["--mlflow", "recipe.yaml"])
    assert done.exit_code == 2
    assert "'recipe.yaml' is no address" in done.stderr
