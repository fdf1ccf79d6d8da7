"""Where a model's first weights come from: a resource, a folder, or a pinned hub repository."""

import re
from dataclasses import dataclass
from pathlib import Path

from edgecompress.core.errors import RecipeError
from edgecompress.data.resources import Resources
from edgecompress.recipe.reading import RecipeFile
from edgecompress.store.keys import folder_digest, folder_files

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True)
class Origin:
    """A model that nobody has fetched yet."""

    name: str  # as the recipe writes it
    digest: str  # of its contents, or of the pin that fixes them
    folder: Path | None  # where it already lies, for folders
    revision: str | None = None


def origin_of(name: str, revision: str | None, base: Path, resources: Resources) -> Origin:
    """Say what `name` means, without fetching anything.

    Raises:
        RecipeError: no such resource or folder, or a hub id without a commit to pin.
    """
    if name.startswith("resource:"):
        return Origin(name, f"resource:{resources.pin(name.removeprefix('resource:'))}", None)
    folder = (base / Path(name).expanduser()).resolve()
    if (folder / "config.json").is_file():
        return Origin(name, folder_digest(folder_files(folder)), folder)
    if folder.is_dir():
        raise RecipeError(f"{name}: the folder has no config.json, so it holds no model")
    if name.startswith((".", "/", "~")) or not _HUB_ID.fullmatch(name):
        raise RecipeError(f"{name}: no such folder (relative paths start at the recipe's folder)")
    if revision is None or not _COMMIT.fullmatch(revision):
        raise RecipeError(
            f"{name}: no such folder; for a hub model set `revision` to the commit to pin "
            f"(7 to 64 hexadecimal digits), got {revision or 'nothing'}"
        )
    return Origin(name, f"hub:{name}@{revision}", None, revision)


def teacher_origin(file: RecipeFile, resources: Resources) -> Origin:
    """Where the first weights of a recipe's teacher come from; raises as `origin_of`."""
    teacher = file.recipe.teacher
    return origin_of(teacher.model, teacher.revision, file.folder, resources)
