"""What the Tab key offers: recipe files, resources, steps of a recipe, words that `explain` knows.

Each function is asked while a line is being typed, so it is quick, prints nothing, and offers
nothing rather than failing.
"""

from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from edgecompress.core.errors import EdgeCompressError

Items = list[CompletionItem]
RECIPES = (".yaml", ".yml")


def recipe_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Recipes here, in the folder that is being typed, or one folder below it."""
    folder = Path(incomplete) if incomplete.endswith("/") else Path(incomplete).parent
    places = [folder, *(p for p in _sorted(folder) if p.is_dir() and str(p).startswith(incomplete))]
    files = [str(p) for place in places for p in _sorted(place) if p.suffix in RECIPES]
    fitting = _plain(files, incomplete)
    return fitting or [CompletionItem(incomplete, type="file")]


def _sorted(folder: Path) -> list[Path]:
    """What is in it, hidden files left out."""
    try:
        return sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except OSError:
        return []


def resources(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Names of pinned weights and texts."""
    return _plain(import_module("edgecompress.data.packs").PACKS, incomplete)


def steps(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """What `--until` takes: of the recipe on the line, else every stage there is."""
    reading = import_module("edgecompress.recipe.reading")
    kinds = list(import_module("edgecompress.recipe.stages").STAGES)
    given = ctx.params.get("recipe") or next(iter(ctx.args), None)  # unparsed: `--until` is cut off
    if given is not None:
        with suppress(EdgeCompressError):
            kinds = [stage.kind for stage in reading.read_recipe(Path(given)).recipe.stages]
    return _plain(["teacher", *dict.fromkeys(kinds)], incomplete)


def words(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """What can be explained, of a key its last part too; recipes where no word begins so."""
    known = import_module("edgecompress.workflow.explain").names()
    return _plain(known, incomplete) or recipe_files(ctx, param, incomplete)


def _plain(names: Iterable[str], incomplete: str) -> Items:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
