"""What an image holds, as CycloneDX 1.6: Debian's packages, Python's packages, Python, the model.

`python sbom.py ROOT FILE`, where ROOT has what the target `runtime` has of dpkg's, of Python's
packages and of the bundle. Each list is read where the installer keeps it; no file is guessed at.
Runs in the image's own build, on its interpreter.
"""

import json
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

PACKAGES = "opt/edgecompress/lib/python3*/site-packages"
BUNDLE = "bundle"
BUNDLE_BOM = ".edgecompress/bom.cdx.json"


def listed(root: Path) -> str:
    """The document of the image whose file system is below `root`."""
    model = _model(root / BUNDLE)
    parts = [*_debian(root), *_python(root), model]
    image = Component(
        name="edgecompress serve",
        type=ComponentType.CONTAINER,
        version=model.version,
        bom_ref="image",
    )
    bom = Bom(components=parts)
    bom.metadata.component = image
    bom.register_dependency(image, parts)
    made = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    return made.output_as_string(indent=1) + "\n"


def _debian(root: Path) -> Iterator[Component]:
    """dpkg's own list; what was removed and left its settings behind is not in the image."""
    for entry in (root / "var/lib/dpkg/status").read_text(encoding="utf-8").split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in entry.splitlines() if ": " in line and line[0] != " "
        )
        if fields.get("Status", "").endswith(" installed"):
            yield _part(
                PackageURL(
                    "deb",
                    "debian",
                    fields["Package"],
                    fields["Version"],
                    {"arch": fields["Architecture"]},
                )
            )


def _python(root: Path) -> Iterator[Component]:
    """The interpreter, and each distribution below it with the licence that it states."""
    yield _part(PackageURL("generic", None, "python", platform.python_version()))
    places = [str(place) for place in root.glob(PACKAGES)]
    for found in sorted(distributions(path=places), key=lambda found: found.name.lower()):
        yield _part(PackageURL("pypi", None, found.name, found.version), _licence(found))


def _licence(found: Distribution) -> str | None:
    """One line, or nothing: older packages put the whole text where the name belongs."""
    told = found.metadata.get("License-Expression") or found.metadata.get("License") or ""
    return told if told and "\n" not in told and len(told) < 100 else None


def _part(url: PackageURL, licence: str | None = None) -> Component:
    return Component(
        name=url.name,
        type=ComponentType.LIBRARY,
        version=url.version,
        purl=url,
        bom_ref=url.to_string(),
        licenses=[LicenseFactory().make_from_string(licence)] if licence else (),
    )


def _model(bundle: Path) -> Component:
    """The bundle, known by its digest; what it is made of stands in its own bill of materials."""
    manifest = json.loads((bundle / ".edgecompress/manifest.json").read_text(encoding="utf-8"))
    files = {file["path"]: file["sha256"] for file in manifest["files"]}
    made = Component(
        name="bundle",
        type=ComponentType.MACHINE_LEARNING_MODEL,
        version=str(manifest["sequence"]),
        bom_ref="bundle",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=files["model.onnx"])],
        properties=[Property(name="edgecompress:digest", value=manifest["digest"])],
    )
    if BUNDLE_BOM in files:
        made.external_references.add(
            ExternalReference(
                type=ExternalReferenceType.BOM,
                url=XsUri(f"file:///{BUNDLE}/{BUNDLE_BOM}"),
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=files[BUNDLE_BOM])],
            )
        )
    return made


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(listed(Path(sys.argv[1])), encoding="utf-8")
