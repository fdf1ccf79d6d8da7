"""errors.md tells of every error below the exit code that it becomes."""

import re
from pathlib import Path

import pytest

from edgecompress.core import errors
from edgecompress.core.errors import EdgeCompressError, ExitCode
from edgecompress.workflow.explain import paragraphs

NAMED = [getattr(errors, name) for name in errors.__all__]
CLASSES = [one for one in NAMED if isinstance(one, type) and issubclass(one, EdgeCompressError)]


def told(repository: Path) -> dict[str, int]:
    """Error -> the code of the heading that it stands below."""
    code, found = -1, {}
    for line in (repository / "docs/errors.md").read_text().splitlines():
        if heading := re.match(r"## (\d+)", line):
            code = int(heading[1])
        if error := re.match(r"### (\w+)$", line):
            found[error[1]] = code
    return found


def test_every_error_stands_below_its_code(repository: Path) -> None:
    assert told(repository) == {one.__name__: int(one.exit_code) for one in CLASSES}


def test_every_code_is_told_of(repository: Path) -> None:
    headings = re.findall(r"^## .*", (repository / "docs/errors.md").read_text(), re.MULTILINE)
    numbers = {int(number) for heading in headings for number in re.findall(r"\d+", heading)}
    assert numbers == {int(code) for code in ExitCode}


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_the_page_says_of_an_error_what_explain_says(repository: Path, error: type) -> None:
    page = (repository / "docs/errors.md").read_text()
    section = page.partition(f"### {error.__name__}\n")[2].partition("\n#")[0]
    shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", section).replace("*", "")
    assert paragraphs(error) in " ".join(shown.split())
