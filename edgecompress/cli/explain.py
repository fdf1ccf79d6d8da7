"""`edgecompress explain [WHAT]`."""

from dataclasses import asdict
from pathlib import Path
from textwrap import fill

import click

from edgecompress.cli import output
from edgecompress.cli.completing import RECIPES, words
from edgecompress.cli.late import workflow
from edgecompress.cli.options import Options, common
from edgecompress.workflow.explain import Topic, explain, topics

WIDTH = 96


@click.command()
@click.argument("what", required=False, shell_complete=words)
@common
def command(what: str | None, options: Options) -> None:
    """Explain WHAT: a stage, a check, a measurement, an exit code, an error, or a recipe's key.

    \b
    edgecompress explain 5
    edgecompress explain label_loyalty
    edgecompress explain distill.layers

    Without WHAT: everything that can be asked. Pages to read on lie in docs/.

    WHAT can also be a recipe's file: then, of each step that is not in the store, what has changed
    since the most similar one that is: settings, rows, the model before it, versions of libraries.

    \b
    edgecompress explain recipe.yaml
    """
    if what is not None and Path(what).suffix in RECIPES:
        _steps(Path(what), options)
        return
    found = topics() if what is None else explain(what)
    if options.json:
        output.document([asdict(topic) for topic in found])
    elif what is None:
        click.echo("\n\n".join(_listing(found)))
    else:
        click.echo("\n\n".join(map(_told, found)))


def _steps(recipe: Path, options: Options) -> None:
    """Loaded here: words are explained on a device with the base install, too."""
    places = workflow("workspace").Workspace
    ws = places.open(options.store, options.progress(), offline=options.offline)
    found = workflow("again").why(recipe, ws)
    if options.json:
        output.document([asdict(step) for step in found])
    else:
        click.echo("\n".join(map(str, found)))


def _told(topic: Topic) -> str:
    indent = "  "
    head = fill(f"{topic.name} ({topic.kind})", WIDTH)
    lines = (topic.text, f"Read on: docs/{topic.page}")
    return "\n".join(
        [head, *(fill(t, WIDTH, initial_indent=indent, subsequent_indent=indent) for t in lines)]
    )


def _listing(found: list[Topic]) -> list[str]:
    """By kind; of a key the last part is enough."""
    kinds: dict[str, set[str]] = {}
    for topic in found:
        name = " ".join((topic.name.rsplit(".", 1)[-1], *topic.also))
        kinds.setdefault(f"{topic.kind}s", set()).add(name)
    return [
        fill(", ".join(sorted(names)), WIDTH, initial_indent=f"{kind}: ", subsequent_indent="  ")
        for kind, names in kinds.items()
    ]
