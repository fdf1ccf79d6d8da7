"""A headless Chromium for the whole folder, and report pages on the disk."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgecompress.report.html import page
from tests.browser.chromium import Chromium, Look, Tab, chromium, open_page
from tests.report.conftest import full, holding, hostile, scored

__all__ = ["full", "holding", "hostile", "scored"]  # the reports that are looked at

Open = Callable[[str, Look], Tab]


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Iterator[Chromium]:
    binary = shutil.which("chromium") or shutil.which("chromium-browser")
    if binary is None:
        pytest.skip("no chromium on this machine")
    with chromium(binary, tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def opened(browser, request, tmp_path) -> Open:
    """Opens the page of the report fixture of that name, as a file."""

    def open_it(name: str, look: Look) -> Tab:
        file = Path(tmp_path / "report.html")
        file.write_text(page(request.getfixturevalue(name)), encoding="utf-8")
        return open_page(browser, file.as_uri(), look)

    return open_it
