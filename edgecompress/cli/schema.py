"""`edgecompress schema`."""

import click

from edgecompress.cli import output
from edgecompress.cli.options import Options, common
from edgecompress.recipe.reading import json_schema


@click.command()
@common
def command(options: Options) -> None:
    """Print the JSON Schema (draft-07) of a recipe, for editors and other tools.

    \b
    edgecompress schema > recipe.schema.json
    # yaml-language-server: $schema=recipe.schema.json     (first line of a recipe)
    """
    output.document(json_schema())
