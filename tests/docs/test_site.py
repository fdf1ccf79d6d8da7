"""The pages as a site: built without a warning, whole, and reading nothing from elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SOMEWHERE_ELSE = re.compile(r'(?:src|<link[^>]* href)="(https?:)?//[^"]*"')

BLOCK = re.compile(r"<pre>.*?</pre>", re.DOTALL)
MARKS = re.compile(r"```|^(?:[-*]|\d+\.) ", re.MULTILINE)


@pytest.fixture(scope="session")
def site(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        capture_output=True,
        text=True,
        cwd=repository,
        check=False,
    )
    assert done.returncode == 0, done.stderr  # with --quiet, --strict would count no warning
    return folder


def test_every_page_is_built(repository: Path, site: Path) -> None:
    pages = [p.relative_to(repository / "docs") for p in (repository / "docs").rglob("*.md")]
    shown = [page for page in pages if page.parts[0] != "changes"]
    assert [str(page) for page in shown if not (site / page.with_suffix(".html")).is_file()] == []


def test_blocks_and_lists_are_drawn_as_such(site: Path) -> None:
    """Python-Markdown knows no indented fence, and no list right behind the line before it."""
    texts = {page: BLOCK.sub("", page.read_text()) for page in site.rglob("*.html")}
    assert [page.name for page, text in texts.items() if MARKS.search(text)] == []


def test_it_is_read_without_a_network(site: Path) -> None:
    pages = [page for page in site.rglob("*.html") if page.name not in ("404.html", "search.html")]
    assert [page.name for page in pages if SOMEWHERE_ELSE.search(page.read_text())] == []


def test_scripts_and_style_sheets_are_no_part_of_the_pages(site: Path) -> None:
    assert not list(site.rglob("generate*"))
