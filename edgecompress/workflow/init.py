"""Verb `init`: a recipe, rows to try it with, and a pipeline that calls the other verbs."""

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from edgecompress import __version__
from edgecompress.core.errors import InputError
from edgecompress.data.tiny import tiny_reviews

TIMINGS = {"benchmarks/test_bundle.py": "test_bundle.py.j2"}
PIPELINES: dict[str, dict[str, str]] = {  # CI system -> file -> its template
    "github": {".github/workflows/edgecompress.yml": "github.yml.j2", **TIMINGS},
    "gitlab": {".gitlab-ci.yml": "gitlab.yml.j2", **TIMINGS},
    "none": {},
}
ROWS = {"data/train.csv": "train", "data/test.csv": "test"}
NAMELESS = "model"


def start_project(folder: Path, ci: str) -> list[Path]:
    """Write all files of a new project, or none.

    Args:
        ci: one of PIPELINES.

    Raises:
        InputError: something lies where one of the files, or their folder, would go.
    """
    files = project_files(ci, recipe_name(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"{folder}: a file is where a folder should be; name another") from None
    if taken := sorted({str(found) for name in files for found in _in_the_way(folder, Path(name))}):
        raise InputError(
            f"{folder}: has {', '.join(taken)} already, and init overwrites nothing, so it wrote "
            "nothing; move what is there, or name another folder"
        )
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("x", encoding="utf-8") as file:
            file.write(text)
    return [folder / name for name in files]


def project_files(ci: str, name: str) -> Mapping[str, str]:
    """Path in the project -> what stands there."""
    templates = {"recipe.yaml": "recipe.yaml.j2", **PIPELINES[ci]}
    # Braces belong to the pipelines. Shells and people read these files, so nothing is escaped.
    environment = Environment(  # noqa: S701
        loader=PackageLoader("edgecompress.workflow"),
        variable_start_string="<<",
        variable_end_string=">>",
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    told = {"name": name, "version": __version__}
    texts = {path: environment.get_template(t).render(told) for path, t in templates.items()}
    return texts | {path: _table(split) for path, split in ROWS.items()}


def recipe_name(folder: Path) -> str:
    """What a recipe in this folder may be called: lower case, digits, dots and dashes."""
    words = re.sub(r"[^a-z0-9._-]+", "-", folder.resolve().name.lower())
    return words.strip("._-")[:64] or NAMELESS


def _table(split: str) -> str:
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(["text", "label"])
    writer.writerows(tiny_reviews(split))
    return sheet.getvalue()


def _in_the_way(folder: Path, name: Path) -> Iterator[Path]:
    """The file itself, or what should be a folder above it and is none."""
    if os.path.lexists(folder / name):
        yield name
    for above in name.parents:
        if os.path.lexists(folder / above) and not (folder / above).is_dir():
            yield above
