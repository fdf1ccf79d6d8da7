"""What `init` writes, and what it leaves alone. tests/end_to_end/test_pipelines.py runs it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from edgecompress.core.errors import InputError
from edgecompress.recipe.reading import read_recipe
from edgecompress.workflow.init import PIPELINES, recipe_name, start_project

GITHUB, GITLAB = ".github/workflows/edgecompress.yml", ".gitlab-ci.yml"
PINNED = re.compile(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def tool(name: str) -> str:
    """A linter of the extra `dev`."""
    scripts = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    if not (found := shutil.which(name, path=scripts)):
        pytest.skip(f"needs {name}, of the extra `dev`")
    return found


def silent(*command: object) -> None:
    """A linter that finds nothing."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def scripts(ci: str, folder: Path) -> list[str]:
    """Every script of a pipeline, as its system hands it to bash."""
    start_project(folder, ci)
    document = YAML(typ="safe").load((folder / next(iter(PIPELINES[ci]))).read_text())
    if ci == "github":
        steps = [step for job in document["jobs"].values() for step in job["steps"]]
        return [step["run"] for step in steps if "run" in step]
    jobs = [job for job in document.values() if isinstance(job, dict) and "script" in job]
    return ["\n".join([*job.get("before_script", []), *job["script"]]) for job in jobs]


@pytest.mark.parametrize("ci", PIPELINES)
def test_all_that_is_written_is_told_and_the_recipe_is_sound(ci, tmp_path):
    written = start_project(tmp_path / "reviews", ci)
    assert sorted(written) == sorted(p for p in tmp_path.rglob("*") if p.is_file())
    assert read_recipe(tmp_path / "reviews/recipe.yaml").recipe.name == "reviews"


def test_each_system_gets_its_own_pipeline_and_none_gets_no_timings(tmp_path):
    for ci in PIPELINES:
        start_project(tmp_path / ci, ci)
    assert [(tmp_path / ci / GITHUB).is_file() for ci in PIPELINES] == [True, False, False]
    assert [(tmp_path / ci / GITLAB).is_file() for ci in PIPELINES] == [False, True, False]
    assert not (tmp_path / "none/benchmarks").exists()


def test_what_is_there_is_named_and_nothing_at_all_is_written(tmp_path):
    (tmp_path / "recipe.yaml").write_text("mine")
    (tmp_path / GITHUB).parent.mkdir(parents=True)
    (tmp_path / GITHUB).symlink_to("nowhere")
    with pytest.raises(InputError, match=rf"has {GITHUB}, recipe\.yaml already"):
        start_project(tmp_path, "github")
    assert (tmp_path / "recipe.yaml").read_text() == "mine"
    assert not (tmp_path / "data").exists()


def test_a_file_where_a_folder_should_be_is_in_the_way_too(tmp_path):
    (tmp_path / "data").write_text("mine")
    with pytest.raises(InputError, match="data already"):
        start_project(tmp_path, "none")
    with pytest.raises(InputError, match="a file is where a folder should be"):
        start_project(tmp_path / "data/reviews", "none")


@pytest.mark.parametrize(
    ("folder", "name"),
    [("My Reviews!", "my-reviews"), ("v1.2_x", "v1.2_x"), ("...", "model"), ("ÄÖ", "model")],
)
def test_the_model_is_called_after_its_folder(folder, name, tmp_path):
    assert recipe_name(tmp_path / folder) == name


def test_every_action_is_pinned_by_commit_with_its_version_beside_it(tmp_path):
    start_project(tmp_path, "github")
    uses = re.findall(r"uses: (.*)", (tmp_path / GITHUB).read_text())
    assert uses
    assert [use for use in uses if not PINNED.fullmatch(use)] == []


def test_no_expression_stands_in_a_script(tmp_path):
    """It would be pasted in before bash reads it: a branch name could be a command."""
    assert [script for script in scripts("github", tmp_path) if "${{" in script] == []


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_scripts_pass_shellcheck(ci, tmp_path):
    shellcheck = tool("shellcheck")
    for number, script in enumerate(scripts(ci, tmp_path / ci)):
        file = tmp_path / f"{number}.sh"
        file.write_text(f"set -eo pipefail\n{script}\n")
        silent(shellcheck, "--shell", "bash", file)


@pytest.mark.parametrize(
    ("ci", "file", "schema"),
    [
        ("github", GITHUB, ["vendor.github-workflows"]),
        ("gitlab", GITLAB, ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_pipelines_are_what_their_systems_schemas_allow(ci, file, schema, tmp_path):
    pytest.importorskip("check_jsonschema", reason="needs the extra `dev`")
    start_project(tmp_path, ci)
    silent(sys.executable, "-m", "check_jsonschema", tmp_path / file, "--builtin-schema", *schema)


def test_zizmor_finds_nothing_to_abuse(tmp_path):
    zizmor = tool("zizmor")
    start_project(tmp_path, "github")
    silent(zizmor, "--offline", "--persona=pedantic", tmp_path / GITHUB)
