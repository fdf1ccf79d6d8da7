"""`curl` to a package registry that is a folder: $RELEASES/VERSION/FILE."""

import os
import shutil
import sys
from pathlib import Path

*options, address = sys.argv[1:]
assert address.startswith("api/projects/1/packages/generic/bundle/"), address
assert "JOB-TOKEN:token" in options
place = Path(os.environ["RELEASES"]) / Path(*address.split("/")[-2:])
if "--upload-file" in options:
    place.parent.mkdir(exist_ok=True)
    shutil.copyfile(options[options.index("--upload-file") + 1], place)
else:
    out = Path(options[options.index("--output") + 1])
    out.write_bytes(place.read_bytes() if place.is_file() else b'{"message":"404"}')
    print(200 if place.is_file() else 404, end="")
