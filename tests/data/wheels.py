"""Wheels made on the spot, for pip to find without a network."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from edgecompress.data.packs import Wheel


def make_wheel(folder: Path, package: str, members: Mapping[str, str | bytes]) -> Wheel:
    """Write PACKAGE-1.0-py3-none-any.whl with these members, and say what it is."""
    about = f"{package}-1.0.dist-info"
    path = folder / f"{package}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    data = path.read_bytes()
    return Wheel(package, "1.0", path.name, len(data), hashlib.sha256(data).hexdigest())
