"""`edgecompress explain [WHAT]`."""

from dataclasses import asdict
from textwrap import fill

import click

from edgecompress.cli import output
from edgecompress.cli.completing import words
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
    """
    found = topics() if what is None else explain(what)
    if options.json:
        output.document([asdict(topic) for topic in found])
    elif what is None:
        click.echo("\n\n".join(_listing(found)))
    else:
        click.echo("\n\n".join(map(_told, found)))


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
