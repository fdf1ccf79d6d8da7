"""`edgecompress completion bash|zsh|fish`."""

import click
from click.shell_completion import get_completion_class

from edgecompress.cli.options import Options, common

PROGRAM = "edgecompress"
SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@common
def command(shell: str, options: Options) -> None:
    """Print what makes the Tab key of SHELL complete verbs, options, recipes, resources, stages.

    \b
    eval "$(edgecompress completion bash)"                                 # in ~/.bashrc
    eval "$(edgecompress completion zsh)"                                  # in ~/.zshrc
    edgecompress completion fish > ~/.config/fish/completions/edgecompress.fish

    bash from 4.4 on.
    """
    asked = get_completion_class(shell)
    assert asked is not None  # SHELLS are those that click knows
    root = click.get_current_context().find_root().command
    click.echo(asked(root, {}, PROGRAM, f"_{PROGRAM.upper()}_COMPLETE").source())
