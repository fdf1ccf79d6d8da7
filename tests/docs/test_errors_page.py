"""errors.md tells of every error below the exit code that it becomes."""

import re
from pathlib import Path

from edgecompress.core import errors
from edgecompress.core.errors import EdgeCompressError, ExitCode


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
    classes = [getattr(errors, name) for name in errors.__all__ if name != "ExitCode"]
    assert all(issubclass(one, EdgeCompressError) for one in classes)
    assert told(repository) == {one.__name__: int(one.exit_code) for one in classes}


def test_every_code_is_told_of(repository: Path) -> None:
    headings = re.findall(r"^## .*", (repository / "docs/errors.md").read_text(), re.MULTILINE)
    numbers = {int(number) for heading in headings for number in re.findall(r"\d+", heading)}
    assert numbers == {int(code) for code in ExitCode}
