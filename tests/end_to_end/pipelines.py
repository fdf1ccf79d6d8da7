"""A CI system in a folder: runs the steps of a job in order, with what would be around them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

EXPRESSION = re.compile(r"\$\{\{ *(\S+) *\}\}")
PROGRAMS = {
    "python": 'exec "{python}" "$@"',
    "pytest": 'exec "{python}" -m pytest "$@"',
    "edgecompress": 'exec "{python}" -m edgecompress "$@"',
    "pip": 'echo "$@" >> "{home}/pip.log"',  # what is asked for is here already
    "gh": 'exec "{python}" "{fakes}/gh.py" "$@"',
    "curl": 'exec "{python}" "{fakes}/curl.py" "$@"',
}
OUTER = ("GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS", "TORCH_INDEX", "CI_COMMIT_TAG")


@dataclass(frozen=True)
class Step:
    """What one step did."""

    name: str
    code: int
    said: str


@dataclass
class Runner:
    """One checkout on one machine; releases, store and artifacts outlive a job."""

    folder: Path  # the checkout
    home: Path  # of the machine: programs, store, releases, artifacts
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kept in ("bin", "releases", "artifacts"):
            (self.home / kept).mkdir(parents=True, exist_ok=True)
        for name, script in PROGRAMS.items():
            self.program(name, script)

    def program(self, name: str, script: str) -> None:
        """Put a program in front of all others of its name."""
        place = self.home / "bin" / name
        known = {"python": sys.executable, "home": self.home, "fakes": Path(__file__).parent / "ci"}
        for word, value in known.items():
            script = script.replace(f"{{{word}}}", str(value))
        place.write_text(f"#!/bin/sh\n{script}\n")
        place.chmod(0o755)

    def shell(self, name: str, script: str, environment: Mapping[str, str]) -> Step:
        """Run a script as both systems do: bash, ended by its first failure."""
        kept = {key: value for key, value in os.environ.items() if key not in OUTER}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env={
                **kept,
                "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}",
                "RELEASES": str(self.home / "releases"),
                **environment,
                **self.extra,
                "EDGECOMPRESS_STORE": str(self.home / "store"),
                "EDGECOMPRESS_CACHE": str(self.home / "cache"),
            },
            check=False,
        )
        return Step(name, done.returncode, done.stdout)


class GitHub(Runner):
    """Runs jobs of .github/workflows/edgecompress.yml."""

    @property
    def workflow(self) -> dict[str, Any]:
        return read_yaml(self.folder / ".github/workflows/edgecompress.yml")

    def job(self, name: str, tag: str = "") -> list[Step]:
        """Run all steps; the first that fails leaves those that are for `always()`."""
        return list(self._steps(self.workflow["jobs"][name]["steps"], tag))

    def step(self, job: str, name: str) -> Step:
        """One step alone."""
        steps = self.workflow["jobs"][job]["steps"]
        (found,) = self._steps([step for step in steps if step.get("name") == name], "")
        return found

    def _steps(self, steps: list[dict[str, Any]], tag: str) -> Iterator[Step]:
        failed = False
        for step in steps:
            if failed and step.get("if") != "always()":
                continue
            if "uses" in step:
                self._action(step["uses"], step.get("with", {}))
                continue
            around = self.workflow["env"] | step.get("env", {})
            done = self.shell(
                step["name"],
                step["run"],
                {key: self._filled_in(value) for key, value in around.items()}
                | {
                    "GITHUB_ACTIONS": "true",
                    "GITHUB_REF_NAME": tag or "main",
                    "GITHUB_RUN_NUMBER": str(1 + len(list((self.home / "releases").iterdir()))),
                    "GITHUB_STEP_SUMMARY": str(self.home / "summary.md"),
                },
            )
            failed = failed or done.code != 0
            yield done

    def _filled_in(self, value: str) -> str:
        known = {
            "github.workspace": str(self.folder),
            "github.token": "token",
            "github.repository": "somebody/model",
            "vars.TORCH_INDEX": "",
        }
        return EXPRESSION.sub(lambda found: known[found[1]], value)

    def _action(self, uses: str, options: Mapping[str, str]) -> None:
        kept = self.home / "artifacts" / options.get("name", "")
        if uses.startswith("actions/upload-artifact@"):
            source = self.folder / options["path"]
            copy(source, kept / source.name if source.is_file() else kept)
        elif uses.startswith("actions/download-artifact@"):
            copy(kept, self.folder / options.get("path", "."))


class GitLab(Runner):
    """Runs jobs of .gitlab-ci.yml."""

    @property
    def pipeline(self) -> dict[str, Any]:
        return read_yaml(self.folder / ".gitlab-ci.yml")

    def job(self, name: str, tag: str = "") -> Step:
        """One shell for all lines of a job; its artifacts go over to the next one."""
        job = self.pipeline[name]
        ours = {
            "CI_API_V4_URL": "api",
            "CI_COMMIT_TAG": tag,
            "CI_JOB_TOKEN": "token",
            "CI_PIPELINE_IID": str(1 + len(list((self.home / "releases").iterdir()))),
            "CI_PROJECT_DIR": str(self.folder),
            "CI_PROJECT_ID": "1",
        }
        around = {**ours}
        for key, value in self.pipeline["variables"].items():
            around[key] = re.sub(r"\$(\w+)", lambda found: ours[found[1]], value)
        lines = [*job.get("before_script", []), *job["script"]]
        return self.shell(name, "\n".join(lines), around)


def read_yaml(path: Path) -> dict[str, Any]:
    """By the rules of both systems: YAML with anchors, plain values."""
    found: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return found


def copy(source: Path, target: Path) -> None:
    """A file, or what is in a folder; nothing at all where there is nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        shutil.copyfile(source, target)
    elif source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
