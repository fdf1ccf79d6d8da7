"""`gh release` on a folder: $RELEASES/TAG/FILE, the last tag in $RELEASES.last."""

import os
import shutil
import sys
from pathlib import Path

RELEASES = Path(os.environ["RELEASES"])
LAST = RELEASES.with_suffix(".last")

assert os.environ["GH_TOKEN"]
assert os.environ["GH_REPO"]
match sys.argv[1:]:
    case ["release", "list", *_]:
        print(LAST.read_text() if LAST.exists() else "", end="")
    case ["release", "download", tag, "--pattern", name, "--output", "-"]:
        sys.stdout.buffer.write((RELEASES / tag / name).read_bytes())
    case ["release", "create", tag, "--verify-tag", "--title", _, "--notes-file", notes, *files]:
        (RELEASES / tag).mkdir()
        for file in (notes, *files):
            shutil.copy(file, RELEASES / tag)
        LAST.write_text(f"{tag}\n")
    case other:
        sys.exit(f"gh does not know {other}")
