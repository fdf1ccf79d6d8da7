"""A headless Chromium for the whole folder, and report pages on the disk."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgecompress.core.report import RunReport
from edgecompress.report.html import page
from edgecompress.report.search import SearchReport
from edgecompress.report.search_page import search_page
from tests.browser.chromium import Chromium, Look, Tab, chromium, open_page
from tests.report.conftest import full, holding, hostile, scored
from tests.report.searches import full_search

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
def subnetworks(tmp_path, holding) -> SearchReport:
    """A search with everything beside it."""
    return full_search(tmp_path, holding)


@pytest.fixture
def cells(tmp_path, holding) -> SearchReport:
    """The same in the other space."""
    return full_search(tmp_path, holding, "cells")


@pytest.fixture
def opened(browser, request, tmp_path) -> Open:
    """Opens the page of the report fixture of that name, as a file."""

    def open_it(name: str, look: Look) -> Tab:
        file, report = Path(tmp_path / "report.html"), request.getfixturevalue(name)
        text = page(report) if isinstance(report, RunReport) else search_page(report)
        file.write_text(text, encoding="utf-8")
        return open_page(browser, file.as_uri(), look)

    return open_it
