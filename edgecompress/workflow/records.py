"""What lies beside a report: the recipe with all its defaults, and what happened when."""

from pathlib import Path

from ruamel.yaml import YAML

from edgecompress.recipe.reading import resolved
from edgecompress.recipe.schema import Recipe
from edgecompress.store.keys import canonical_json
from edgecompress.store.record import Journal
from edgecompress.store.sealing import write_durably

RECIPE = "recipe.resolved.yaml"
EVENTS = "events.jsonl"


def write_record(recipe: Recipe, journal: Journal, folder: Path) -> None:
    """The recipe, and the events of the run so far, below `folder`, which is there already."""
    write_recipe(recipe, folder)
    lines = [canonical_json(event) + "\n" for event in journal.events()]
    write_durably(folder / EVENTS, "".join(lines))


def write_recipe(recipe: Recipe, folder: Path) -> None:
    """The recipe with every default written out."""
    with (folder / RECIPE).open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(resolved(recipe), file)
