"""What the pages show is what happens: every block is run, or says why not."""

import re
import warnings
from pathlib import Path

import pytest

from tests.docs.reader import Reader, fences

ROOT = Path(__file__).parent.parent.parent
WRITTEN = sorted(
    path
    for path in (ROOT / "docs").rglob("*.md")
    if path.parent.name not in ("changes", "decisions", "reference")
)
PAGES = [ROOT / "README.md", *(page for page in WRITTEN if page.name != "tutorial.md")]
KNOWN = {"sh", "python", "yaml", "text", "json"}
EXTRAS = {  # page -> what its blocks import
    "mlflow.md": "mlflow",
    "hub.md": "huggingface_hub",
    "serving.md": "uvicorn",
    "integrity.md": "model_signing",
}


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def test_the_tutorial_ends_with_a_bundle_that_answers(after_tutorial: Path) -> None:
    assert (after_tutorial / "release/.edgecompress/manifest.json").is_file()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_does_what_it_says(page: Path, reader: Reader) -> None:
    if needed := EXTRAS.get(page.name):
        pytest.importorskip(needed, reason="an extra that is not installed")
        warnings.simplefilter("ignore")  # of other people's libraries, until this test ends
    reader.read(page)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "docs/tutorial.md"], ids=name_of)
def test_every_block_is_in_a_language_that_is_run_or_compared(page: Path) -> None:
    assert [f"{line}: {lang}" for line, lang in fences(page) if lang not in KNOWN] == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "docs/tutorial.md"], ids=name_of)
def test_a_block_that_is_not_run_says_why(page: Path) -> None:
    silent = re.findall(r'<!--+ *skip: (?:next|start)(?! +"[^"]{8,}")', page.read_text())
    assert silent == []
