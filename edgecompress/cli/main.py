"""The command `edgecompress`: a table of verbs, and the one place where an exit code is chosen.

Each verb lives in a module of its own that is loaded when it is called, so `--help` stays quick and
a device without the build packages still has its verbs.
"""

import errno
import os
import signal
import sys
import traceback
from importlib import import_module
from types import FrameType
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from edgecompress import __version__
from edgecompress.cli.late import missing
from edgecompress.cli.options import Options, common
from edgecompress.core.errors import EdgeCompressError, ExitCode
from edgecompress.core.launch import launched

VERBS = {
    "init": "Write a recipe, a little data and a CI pipeline to start from.",
    "validate": "Check a recipe: every mistake at once, with its line.",
    "plan": "Show the steps, what is cached, and what the gate's rows can certify.",
    "run": "Make what is missing, then judge the result.",
    "gate": "Judge again without training; also a model made elsewhere.",
    "release": "Run, judge, and write a bundle if the gate holds.",
    "search": "Try many students in the place of one stage; show those that nobody beats.",
    "report": "Write the report of a run again: html, json, junit, md; or an index of many runs.",
    "verify": "Check that a bundle is exactly what was released.",
    "predict": "Answer texts with a bundle, as JSON lines.",
    "serve": "Answer texts over HTTP with a bundle, until a signal.",
    "bench": "Time a model from text to label; judge whether it is slower than another.",
    "compare": "Compare two bundles or runs row by row, with intervals.",
    "hub": "Write a bundle as a repository of the Hugging Face hub.",
    "resources": "Fetch, list and verify the pinned weights and texts.",
    "cache": "List, prune and verify the store.",
    "schema": "Print the JSON Schema of a recipe.",
    "explain": "Explain a word of a recipe or report, an exit code, or why a step will run again.",
    "completion": "Print what makes the Tab key of bash, zsh or fish complete.",
    "doctor": "Look at the machine, the packages, the store and the timing noise.",
}

EXIT_CODES = """\
Exit codes: 0 ok, the gate holds; 1 the gate does not hold; 2 usage, recipe or data is wrong; \
3 a bug in edgecompress; 4 the environment prevented it (disk, memory, non-finite loss, missing \
extra, offline); 5 the gate is undecided; 6 damaged, tampered with, hostile or not signed as \
demanded; 7 the store is busy; 130 Ctrl-C; 143 SIGTERM."""


class Verbs(click.Group):
    """Loads a verb's module when the verb is called; listing them loads none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a user meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command.

        Raises:
            MissingExtra: the packages it needs are not installed.
        """
        if cmd_name not in VERBS:
            return None
        try:
            module = import_module(f"edgecompress.cli.{cmd_name}")
        except ModuleNotFoundError as error:
            if ctx.resilient_parsing:  # the Tab key; what is missing is told when it is called
                return None
            raise missing(cmd_name, error) from None
        command: click.Command = module.command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """From the table, too: a Tab loads no verb."""
        fitting = (item for item in VERBS.items() if item[0].startswith(incomplete))
        verbs = [CompletionItem(verb, help=told) for verb, told in fitting]
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table, so that `--help` costs nothing."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edgecompress")
@common
def cli(options: Options) -> None:
    """Compress a text classifier, prove that it still behaves, ship it without torch.

    \b
    A first release:    edgecompress release recipes/quickstart.yaml --out release
    What it would do:   edgecompress plan recipes/quickstart.yaml --where
    Use the bundle:     edgecompress predict release "a film to remember"
    """


class Terminated(BaseException):
    """SIGTERM: unwind like Ctrl-C, so that locks and drafts are let go."""


def _terminate(signum: int, frame: FrameType | None) -> NoReturn:
    raise Terminated


def main(argv: list[str] | None = None) -> NoReturn:
    """Run the command line; every exit code but Click's own help comes from here."""
    signal.signal(signal.SIGTERM, _terminate)
    # Idle threads of torch spin for microseconds, then sleep. Where other work wants the cores too,
    # training is several times faster for it than with libgomp's long spins; where nothing else
    # runs it is a sixth faster than without any. Read once, when torch is loaded.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    # `--json=events` reads well, but an option with an optional value would swallow the verb.
    args = ["--events" if a == "--json=events" else a for a in (argv or sys.argv[1:])]
    code = _run(args)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone; leave nothing for the interpreter to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(int(code))


def _run(args: list[str]) -> ExitCode | int:
    try:
        result = cli.main(args, prog_name="edgecompress", standalone_mode=False)
    except click.exceptions.ClickException as error:
        error.show()
        return ExitCode.WRONG_INPUT
    except EdgeCompressError as error:
        return _told(str(error), error.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _told("interrupted; run the same command to go on", ExitCode.INTERRUPTED)
    except Terminated:
        return _told("terminated; run the same command to go on", ExitCode.TERMINATED)
    except (SystemExit, BrokenPipeError):
        return ExitCode.OK  # the reader of stdout has gone; Click itself would leave with 1
    except MemoryError:
        return _told("out of memory; a smaller batch_size needs less", ExitCode.ENVIRONMENT)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS):
            return _told(f"{error.filename or 'the disk'}: {error.strerror}", ExitCode.ENVIRONMENT)
        return _bug()
    except Exception:
        return _bug()
    return result if isinstance(result, int) else ExitCode.OK


def _told(message: str, code: ExitCode) -> ExitCode:
    number, count = launched()
    who = f"process {number} of {count}: " if count > 1 else ""
    click.echo(f"{who}error: {message}", err=True)
    return code


def _bug() -> ExitCode:
    traceback.print_exc()
    return _told("this is a bug in edgecompress; please report the lines above", ExitCode.BUG)
