"""`edgecompress verify BUNDLE [--key FILE]`."""

from pathlib import Path

import click

from edgecompress.cli import arguments, output
from edgecompress.cli.options import Options, common
from edgecompress.runtime.admission import AT_LEAST, KEY, Admitted, Demands, admit


@click.command()
@arguments.bundle
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Public key (PEM) that must have signed the bundle; "
    f"${KEY} demands the same of every verb.",
)
@click.option(
    "--at-least",
    type=click.IntRange(min=1),
    metavar="N",
    help="The oldest release to accept, such as the number of the one that this replaces; "
    f"${AT_LEAST} demands the same of every verb.",
)
@common
def command(bundle: Path, key: Path | None, at_least: int | None, options: Options) -> None:
    """Check that every file of BUNDLE is exactly what was released; needs no network.

    Without a key that says that nothing was damaged, and nothing about who released it. Files that
    no bundle should hold are refused, whoever sealed them: operators, code, pickles.

    \b
    edgecompress verify release --key publisher.pem --at-least 4

    Exit code: 0 it is; 6 a file was changed, removed, added or renamed, the signature is missing or
    of another key, the release is too old, or a file holds what none should; the message names it.
    """
    demands = Demands.here(key, at_least)
    admitted = admit(bundle, demands)
    if options.json:
        output.document(_document(bundle, admitted, demands))
        return
    manifest = admitted.manifest
    click.echo(
        f"{bundle}: ok, {len(manifest.files)} files, release {manifest.sequence}, "
        f"digest {manifest.digest[:12]}, {_signed(admitted, demands)}"
    )


def _document(bundle: Path, admitted: Admitted, demands: Demands) -> dict[str, object]:
    manifest = admitted.manifest
    return {
        "bundle": str(bundle),
        "ok": True,
        "digest": manifest.digest,
        "files": len(manifest.files),
        "sequence": manifest.sequence,
        "signer": admitted.signer,
        "signature_checked": demands.key is not None,
    }


def _signed(admitted: Admitted, demands: Demands) -> str:
    if admitted.signer is None:
        return "not signed"
    by = f"key {admitted.signer[:16]}"
    return f"signed by {by}" if demands.key else f"says it is signed by {by}; --key checks that"
