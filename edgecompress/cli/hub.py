"""`edgecompress hub BUNDLE --to FOLDER`."""

from pathlib import Path
from typing import Any

import click

from edgecompress.cli import arguments, output
from edgecompress.cli.options import Options, common
from edgecompress.runtime.admission import Demands
from edgecompress.runtime.errors import InputError
from edgecompress.workflow.hub import Repository, hub, push, write_repository


@click.command()
@arguments.bundle
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Where the repository goes; an older one there is replaced, but for its .git.",
)
@click.option(
    "--push",
    "name",
    metavar="OWNER/NAME",
    help="Upload it to this repository of the hub, in one commit; it is made if need be.",
)
@click.option("--public", is_flag=True, help="A repository that --push makes is private otherwise.")
@common
def command(bundle: Path, folder: Path, name: str | None, public: bool, options: Options) -> None:
    """Write BUNDLE as a model repository of the Hugging Face hub; upload it only with --push.

    \b
    edgecompress hub release --to repository
    edgecompress hub release --to repository --push somebody/film-reviews

    The repository is the bundle itself, with .gitattributes beside it, so that its manifest and its
    signature hold for whoever downloads it. README.md is the model card: its metadata carries what
    the gate has measured, and is read here as the hub reads it. Nothing but --push needs a network;
    it uses the token of `hf auth login` or $HF_TOKEN.

    Exit code: 0 written; 2 no model card, or FOLDER holds something else; 4 the hub cannot be
    reached or refuses, or the extra `hub` is missing; 6 the bundle is not what was sealed.
    """
    if name and options.offline:
        raise InputError(f"--push {name}: needs the network, which --offline forbids")
    made = write_repository(bundle, folder, Demands.here())
    progress = options.progress()
    for remark in made.remarks:
        progress.warn(remark)
    address = push(made, name, hub().HfApi(), public=public) if name else None
    if options.json:
        output.document(_document(made, address))
        return
    output.table(
        ["library", "finds", "how"],
        [[reader.library, reader.file or "nothing", reader.how] for reader in made.readers],
    )
    size = output.human_bytes(sum(made.files.values()))
    click.echo(f"{folder}: {len(made.files)} files, {size}")
    if address:
        click.echo(address)


def _document(made: Repository, address: str | None) -> dict[str, Any]:
    return {
        "folder": str(made.folder),
        "files": made.files,
        "digest": made.admitted.manifest.digest,
        "readers": [vars(reader) for reader in made.readers],
        "pushed": address,
    }
