"""The pipelines that `init` writes, run step by step as their CI systems would."""

import json
import re
import shutil
from importlib.metadata import metadata
from pathlib import Path

import pytest

from edgecompress.core.errors import ExitCode
from edgecompress.workflow.init import start_project
from tests.end_to_end.pipelines import GitHub, GitLab, Runner

LATENCY = "  - {check: latency, pairs: 100, speedup_at_least: 1.5}\n"  # not on a shared machine
JUDGE, SPEED = "Compress, judge, bundle", "Slower than the last release?"


@pytest.fixture
def github(tmp_path) -> GitHub:
    start_project(tmp_path / "github", "github")
    return GitHub(tmp_path / "github", tmp_path / "machine of github")


@pytest.fixture
def gitlab(tmp_path) -> GitLab:
    start_project(tmp_path / "gitlab", "gitlab")
    return GitLab(tmp_path / "gitlab", tmp_path / "machine of gitlab")


def change(runner: Runner, old: str, new: str) -> None:
    """A commit that touches the recipe."""
    recipe = runner.folder / "recipe.yaml"
    assert old in recipe.read_text()
    recipe.write_text(recipe.read_text().replace(old, new))


def leaves_with(runner: Runner, code: int) -> None:
    """An edgecompress that does nothing but leave, with a bundle as the real one would."""
    runner.program("edgecompress", f"mkdir -p candidate report; exit {code}")


def publish(runner: Runner, bundle: Path, tag: str) -> None:
    """Somebody's earlier release."""
    archive = shutil.make_archive(str(runner.home / "old"), "gztar", bundle)
    (runner.home / "releases" / tag).mkdir()
    shutil.move(archive, runner.home / "releases" / tag / "bundle.tar.gz")
    (runner.home / "releases.last").write_text(f"{tag}\n")


def test_each_push_is_validated(github, gitlab):
    assert [(s.name, s.code) for s in github.job("validate")] == [("Install", 0), ("Validate", 0)]
    assert gitlab.job("validate").code == 0


def test_a_push_with_a_mistake_fails_with_2_and_its_line(github, gitlab):
    for runner in (github, gitlab):
        change(runner, "max_drop", "max_dorp")
    last = github.job("validate")[-1]
    assert (last.name, last.code) == ("Validate", 2)
    assert 'did you mean "max_drop"?' in last.said
    assert gitlab.job("validate").code == 2


def test_a_push_whose_rows_could_never_tell_fails_with_5(github):
    change(github, "max_drop: 0.06", "max_drop: 0.001")
    assert github.job("validate")[-1].code == 5


def test_what_is_installed_is_this_version_with_extras_that_exist(github):
    github.job("validate")
    asked = (github.home / "pip.log").read_text()
    name, extra, version = re.search(r"(\w+)\[(\w+)\]==(\S+)", asked).groups()
    ours = metadata("edgecompress")
    assert (name, version) == (ours["Name"], ours["Version"])
    assert extra in ours.get_all("Provides-Extra")


def test_torch_comes_from_the_index_that_the_repository_names(github):
    github.extra = {"TORCH_INDEX": "https://wheels.example/cpu"}
    github.job("validate")
    first = (github.home / "pip.log").read_text().splitlines()[0]
    assert first == "install --index-url https://wheels.example/cpu torch"


@pytest.mark.parametrize(
    ("code", "said"),
    [(1, "Broken"), (5, "Undecided"), (6, "Integrity"), (4, "run this job"), (7, "run this job")],
)
def test_the_gate_fails_with_its_code_and_says_what_it_means(github, code, said):
    leaves_with(github, code)
    step = github.step("gate", JUDGE)
    assert step.code == code
    assert re.search(rf"^::error title=.*{said}", step.said, re.MULTILINE)


@pytest.mark.parametrize("code", [c for c in ExitCode if c not in (0, 1, 4, 5, 6, 7)])
def test_any_other_code_points_to_explain(github, code):
    leaves_with(github, code)
    step = github.step("gate", JUDGE)
    assert (step.code, f"edgecompress explain {int(code)}" in step.said) == (code, True)


@pytest.mark.parametrize(
    ("code", "fails", "said"),
    [
        (0, False, ""),
        (1, True, "::error title=Slower"),
        (4, False, "::warning title=Speed not judged"),
        (5, False, "::warning title=Speed undecided"),
        (6, True, "::error title=Speed not judged"),
    ],
)
def test_a_slower_bundle_fails_and_doubt_about_speed_only_warns(github, code, fails, said):
    leaves_with(github, code)
    for folder in ("baseline", "report"):
        (github.folder / folder).mkdir()
    step = github.step("gate", SPEED)
    assert (step.code, said in step.said) == (code if fails else 0, True)


def test_gitlab_is_told_which_codes_are_doubt_and_which_the_runners_fault(gitlab):
    pipeline = gitlab.pipeline
    assert pipeline["speed"]["allow_failure"] == {"exit_codes": [4, 5]}
    assert pipeline["gate"]["retry"] == {"max": 1, "exit_codes": [4, 7]}
    for code in (1, 4, 5, 6, 7):
        leaves_with(gitlab, code)
        assert gitlab.job("gate").code == code


def test_a_tag_publishes_a_bundle_that_has_answered_without_the_build_packages(github, released):
    archive = shutil.make_archive(str(github.home / "made"), "gztar", released.bundle)
    for name, file in (("bundle", "bundle.tar.gz"), ("report", "summary.md")):
        (github.home / "artifacts" / name).mkdir()
        shutil.copy(archive, github.home / "artifacts" / name / file)
    for name in ("report.html", "report.json"):
        kept = released.bundle / ".edgecompress" / name
        shutil.copy(kept, github.home / "artifacts/report")
    steps = github.job("release", tag="v1")
    assert [(s.name, s.code) for s in steps] == [("Try it as a device would", 0), ("Publish", 0)]
    assert "golden texts" in steps[0].said
    assert (github.home / "pip.log").read_text().startswith("install edgecompress==")
    assert (github.home / "releases/v1/bundle.tar.gz").read_bytes() == Path(archive).read_bytes()


def test_the_last_release_is_verified_before_anything_is_measured_by_it(github, bundle):
    publish(github, bundle, "v1")
    assert github.step("gate", "Fetch the last release").code == 0
    shutil.rmtree(github.folder / "baseline")
    (bundle / "config.json").write_text("{}")
    publish(github, bundle, "v2")
    done = github.step("gate", "Fetch the last release")
    assert (done.code, "config.json: changed" in done.said) == (6, True)


def test_gitlab_publishes_too_and_finds_nothing_before_that(gitlab, released):
    shutil.make_archive(str(gitlab.folder / "bundle"), "gztar", released.bundle)
    assert "no release yet" in gitlab.job("speed").said
    done = gitlab.job("release", tag="v1")
    assert done.code == 0, done.said
    for version in ("v1", "latest"):
        assert (gitlab.home / "releases" / version / "bundle.tar.gz").is_file()


@pytest.mark.slow
def test_a_merge_a_tag_and_the_merges_after_it(github):
    change(github, LATENCY, "")
    merged = github.job("gate")
    assert [s.code for s in merged] == [0] * 5, merged[-1].said
    assert "nothing to compare with" in merged[3].said
    assert (github.home / "artifacts/report/junit.xml").is_file()
    timings = json.loads((github.home / "artifacts/report/benchmark.json").read_text())
    assert len(timings["benchmarks"]) == 4
    assert "HOLDS" in (github.home / "summary.md").read_text()

    assert [s.code for s in github.job("release", tag="v1")] == [0, 0]
    clean(github)
    again = github.job("gate")
    assert [s.code for s in again] == [0] * 5, again[-1].said
    if "too noisy" not in again[3].said:
        assert "slowdown" in (github.home / "summary.md").read_text()
        assert (github.home / "artifacts/report/bench.xml").is_file()

    clean(github)
    change(github, "ratio_at_most: 0.6", "ratio_at_most: 0.05")
    broken = github.job("gate")[-1]
    assert (broken.name, broken.code) == (JUDGE, 1)
    assert re.search(r"^::error file=recipe\.yaml,title=BROKEN size", broken.said, re.MULTILINE)
    change(github, "ratio_at_most: 0.05", "ratio_at_most: 0.6")
    change(github, "label_at_least: 0.85", "label_at_least: 0.97")
    assert github.job("gate")[-1].code in (1, 5)
    assert not (github.folder / "candidate").exists()


@pytest.mark.slow
def test_the_same_on_gitlab(gitlab):
    change(gitlab, LATENCY, "")
    for step in ("validate", "gate", "speed"):
        done = gitlab.job(step, tag="v1")
        assert done.code == 0, done.said
    assert gitlab.job("release", tag="v1").code == 0
    shutil.rmtree(gitlab.folder / "candidate", ignore_errors=True)
    assert gitlab.job("speed").code in (0, 4, 5)
    assert (gitlab.folder / "report/junit.xml").is_file()


def clean(runner: Runner) -> None:
    """The next job gets a new checkout."""
    for made in ("candidate", "baseline", "report", "bundle", "bundle.tar.gz"):
        place = runner.folder / made
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
