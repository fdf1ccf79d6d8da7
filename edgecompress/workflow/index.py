"""All runs below a folder, found by their report.json: of a store, of a CI job, of releases."""

import os
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from edgecompress.core.errors import InputError
from edgecompress.report.index import Index, Listed, Unread, index_dumps, index_page
from edgecompress.report.reading import loads
from edgecompress.runtime.bundle import META
from edgecompress.store.record import Journal
from edgecompress.store.sealing import write_durably
from edgecompress.workflow.records import EVENTS

DEEPEST: Final = 4  # folders; a bundle keeps its report one deeper than its name
FORMS: Final[dict[str, tuple[str, Callable[[Index], str]]]] = {
    "html": ("index.html", index_page),
    "json": ("index.json", index_dumps),
}


def has_runs(folder: Path) -> bool:
    """Whether there is a report in a folder below this one."""
    return any(True for _ in _reports(folder))


def index_of(folder: Path, out: Path) -> Index:
    """Every report below `folder`, the newest first; a broken one does not hide the others.

    Args:
        out: where the index goes, which its links start from.

    Raises:
        InputError: there is none.
    """
    runs, unread = [], []
    for file in _reports(folder):
        try:
            runs.append(_listed(file, folder, out))
        except InputError as error:
            unread.append(Unread(_name(file, folder), str(error)))
    if not runs and not unread:
        raise InputError(
            f"{folder}: no report.json in the folders below it; `run`, `gate` and `release` write "
            "one, into the store or where --report says"
        )
    newest = sorted(runs, key=lambda run: (-run.at.timestamp(), run.name))
    return Index("/".join(folder.resolve().parts[-2:]), tuple(newest), tuple(unread))


def write_index(index: Index, out: Path, forms: Collection[str]) -> list[Path]:
    """These forms of it.

    Raises:
        InputError: an index has none of them.
    """
    chosen = [FORMS[form] for form in forms if form in FORMS]
    if not chosen:
        raise InputError(f"--format: of many runs there are {', '.join(FORMS)}")
    out.mkdir(parents=True, exist_ok=True)
    for name, tell in chosen:
        write_durably(out / name, tell(index))
    return [out / name for name, _ in chosen]


def _reports(folder: Path) -> Iterator[Path]:
    for depth in range(1, DEEPEST + 1):
        yield from sorted(folder.glob("*/" * depth + "report.json"))


def _listed(file: Path, folder: Path, out: Path) -> Listed:
    page = file.with_suffix(".html")
    target = page if page.is_file() else file
    link = quote(os.path.relpath(target.resolve(), out.resolve()))
    return Listed(_name(file, folder), link, _judged_at(file), loads(file.read_bytes(), str(file)))


def _name(file: Path, folder: Path) -> str:
    place = file.parent.relative_to(folder)
    return (place.parent if place.name == META else place).as_posix()


def _judged_at(file: Path) -> datetime:
    """By the events that were kept with the report, else by the file."""
    place = file.parent
    for journal in (place / EVENTS, place.parent / f"{place.name}.jsonl"):
        if events := Journal(journal).events():
            return datetime.fromisoformat(events[-1]["at"]).astimezone(UTC)
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
