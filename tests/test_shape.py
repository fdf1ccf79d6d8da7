"""The shape of the project: budgets, and names that must agree. Floors are import-linter's."""

import ast
import re
from pathlib import Path

import pytest

from edgecompress.checks import CHECKS as CHECK_FUNCTIONS
from edgecompress.recipe.checks import CHECKS
from edgecompress.recipe.stages import STAGES
from edgecompress.stages import STAGES as STAGE_FUNCTIONS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "edgecompress"
FILES = sorted(PACKAGE.rglob("*.py"))

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_ARGUMENTS = 5

# function -> why it may be longer or take more than others
EXCEPTIONS: dict[str, str] = {
    "edgecompress/cli/predict.py:command": "click passes each option as an argument",
    "edgecompress/cli/compare.py:command": "click passes each option as an argument",
    "edgecompress/cli/run.py:command": "click passes each option as an argument",
    "edgecompress/cli/gate.py:command": "click passes each option as an argument",
    "edgecompress/cli/release.py:command": "click passes each option as an argument",
    "edgecompress/cli/bench.py:command": "click passes each option as an argument",
    "edgecompress/cli/search.py:command": "click passes each option as an argument",
}


def functions(file: Path) -> list[tuple[str, ast.FunctionDef]]:
    tree = ast.parse(file.read_text())
    name = file.relative_to(ROOT).as_posix()
    return [
        (f"{name}:{node.name}", node)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def argument_count(node: ast.FunctionDef) -> int:
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(ROOT).as_posix())
def test_a_file_is_read_in_one_sitting(file):
    assert len(file.read_text().splitlines()) <= MAX_FILE_LINES


def test_functions_are_short_and_take_few_arguments():
    found = [
        name
        for file in FILES
        for name, node in functions(file)
        if name not in EXCEPTIONS
        and (
            (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES
            or argument_count(node) > MAX_ARGUMENTS
        )
    ]
    assert found == []


def test_every_exception_to_the_budgets_is_still_needed():
    known = {name for file in FILES for name, _ in functions(file)}
    assert set(EXCEPTIONS) <= known


def test_every_module_opens_with_a_thought():
    silent = [str(f) for f in FILES if not ast.get_docstring(ast.parse(f.read_text()))]
    assert silent == []


@pytest.mark.parametrize("kind", STAGES)
def test_a_stage_has_one_name_everywhere(kind):
    settings, module = STAGES[kind], kind.replace("-", "_")
    assert settings.__name__ == module.title().replace("_", "")
    assert settings.model_fields["kind"].annotation.__args__ == (kind,)
    assert STAGE_FUNCTIONS[kind].__module__ == f"edgecompress.stages.{module}"
    assert (ROOT / f"tests/stages/test_{module}.py").is_file()
    assert f"## {kind}" in (ROOT / "docs/reference/stages.md").read_text()


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_has_one_name_everywhere(name):
    settings = CHECKS[name]
    assert settings.__name__ == name.title().replace("_", "")
    assert settings.model_fields["check"].annotation.__args__ == (name,)
    assert CHECK_FUNCTIONS[name].__module__ == f"edgecompress.checks.{name}"
    assert (ROOT / f"tests/checks/test_{name}.py").is_file()
    assert f"## {name}" in (ROOT / "docs/reference/checks.md").read_text()


def test_every_limit_of_a_check_is_a_setting_of_it():
    for settings in CHECKS.values():
        assert set(settings.limited) <= set(settings.model_fields)


def test_the_project_speaks_of_itself_alone():
    """No absolute path of somebody's machine and no host of a package registry in any file."""
    strange = re.compile(
        r"/home/\w+/|/Users/\w+/|\bpypi\.org|files\.pythonhosted|download\.pytorch"
    )
    suffixes = {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".j2", ""}
    skipped = {".venv", ".git", "release", "LICENSE"}
    found = [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*")
        if path.is_file()
        and path.suffix in suffixes
        and not skipped & set(path.relative_to(ROOT).parts)
        and path != Path(__file__)
        and strange.search(path.read_text(errors="ignore"))
    ]
    assert found == []
