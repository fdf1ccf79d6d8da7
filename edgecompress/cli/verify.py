"""`edgecompress verify BUNDLE`."""

from pathlib import Path

import click

from edgecompress.cli import arguments, output
from edgecompress.cli.options import Options, common
from edgecompress.runtime.bundle import verify_bundle


@click.command()
@arguments.bundle
@common
def command(bundle: Path, options: Options) -> None:
    """Check that every file of BUNDLE is exactly what was released; needs no network.

    Exit code: 0 it is, 6 a file was changed, removed, added or renamed; the message names it.
    """
    manifest = verify_bundle(bundle)
    if options.json:
        output.document(
            {
                "bundle": str(bundle),
                "ok": True,
                "digest": manifest.digest,
                "files": len(manifest.files),
            }
        )
    else:
        click.echo(f"{bundle}: ok, {len(manifest.files)} files, digest {manifest.digest[:12]}")
