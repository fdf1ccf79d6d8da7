"""`edgecompress serve BUNDLE`."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from edgecompress.cli import arguments
from edgecompress.cli.options import Options, common
from edgecompress.core.errors import MissingExtra
from edgecompress.runtime.errors import InputError
from edgecompress.runtime.machine import usable_cores
from edgecompress.runtime.model import SESSIONS
from edgecompress.serving.settings import Limits, Settings

EXTRA = ("starlette", "uvicorn", "prometheus_client", "anyio", "h11")
A_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SECONDS = click.FloatRange(min=0, max=3600)


@click.command()
@arguments.bundle
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="0.0.0.0 for all of this machine's."
)
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0 takes a free one; the log tells which.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="Processes, each with the model.  [default: one for each core and its --threads]",
)
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, 256))
@click.option(
    "--backend", default="onnxruntime", show_default=True, type=click.Choice(list(SESSIONS))
)
@click.option("--name", help="Of the model under /v2/models.  [default: the folder's name]")
@click.option(
    "--timeout",
    "answer_s",
    default=Limits.answer_s,
    show_default=True,
    type=click.FloatRange(min=0.01, max=3600),
    metavar="SECONDS",
    help="An answer that would come later is refused with 504.",
)
@click.option(
    "--queue",
    "waiting_texts",
    default=Limits.waiting_texts,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    metavar="TEXTS",
    help="Texts that may wait in a worker; beyond them requests are refused with 503.",
)
@click.option(
    "--at-once",
    "texts",
    default=Limits.texts,
    show_default=True,
    type=click.IntRange(1, 1000),
    metavar="TEXTS",
    help="Texts of one request; more are refused with 422.",
)
@click.option(
    "--drain",
    "drain_s",
    default=0.0,
    show_default=True,
    type=SECONDS,
    metavar="SECONDS",
    help="After SIGTERM go on accepting so long, with /readyz saying no.",
)
@common
def command(bundle: Path, options: Options, workers: int | None, **asked: Any) -> int:
    """Answer texts over HTTP with BUNDLE, until SIGTERM or Ctrl-C; needs no torch.

    \b
    edgecompress serve release
    curl -H 'Content-Type: application/json' \\
         -d '{"texts": ["a film to remember"]}' http://127.0.0.1:8000/v1/predict

    Open http://127.0.0.1:8000/ to try it. /openapi.json describes every address: /v1/predict,
    /healthz, /readyz, /metrics, and the Open Inference Protocol under /v2. The log goes to stdout,
    a JSON object a line, without any text; --quiet leaves out the lines of requests.

    A worker answers one request after the other. What it cannot answer in time it refuses at once,
    so that clients can go elsewhere: 503 with Retry-After, or 504. On SIGTERM whatever was accepted
    is answered first.

    There is neither encryption nor a password; where others can reach it, put a proxy before it.

    Exit code: 143 or 130 after the signal, 2 no such folder, 4 the address is taken or a package
    is missing, 6 the bundle is damaged or answers otherwise than it did when it was released.
    """
    if asked["texts"] > asked["waiting_texts"]:
        raise InputError("--at-once: no more texts than fit into the --queue")
    settings = Settings(
        bundle=bundle,
        name=_name(asked.pop("name"), bundle),
        workers=workers or max(1, usable_cores() // asked["threads"]),
        quiet=options.quiet,
        limits=Limits(**{key: asked.pop(key) for key in ("answer_s", "waiting_texts", "texts")}),
        **asked,
    )
    return int(_serving().serve(settings))


def _serving() -> Any:
    """What serves; loaded here, so that `--help` needs none of its packages."""
    try:
        return import_module("edgecompress.serving.serve")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in EXTRA:
            raise
        raise MissingExtra.of("serve", error.name, "serve") from None


def _name(given: str | None, bundle: Path) -> str:
    """What the model is called in addresses."""
    name = bundle.resolve().name if given is None else given
    if A_NAME.fullmatch(name):
        return name
    if given is None:
        return "model"
    raise InputError(f"--name: letters, digits, dots, dashes and underscores, got {given!r}")
