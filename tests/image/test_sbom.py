"""The list of an image: what dpkg and pip know, Python, the model; valid by the standard."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cyclonedx", reason="needs cyclonedx-python-lib")

DPKG = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u13
Description: GNU C Library
 Continued: here, which is no field

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0
"""
MANIFEST = {
    "digest": "d" * 64,
    "files": [
        {"path": ".edgecompress/bom.cdx.json", "sha256": "b" * 64, "size": 2},
        {"path": "model.onnx", "sha256": "a" * 64, "size": 1},
    ],
    "format_version": 1,
    "sequence": 7,
}


def write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The parts of a file system that are read."""
    write(tmp_path / "var/lib/dpkg/status", DPKG)
    packages = tmp_path / "opt/edgecompress/lib/python3.11/site-packages"
    for name, licence in (
        ("numpy", "License-Expression: BSD-3-Clause"),
        ("old", "License: a\n  b"),
    ):
        head = f"Metadata-Version: 2.4\nName: {name}\nVersion: 2.1\n{licence}\n"
        write(packages / f"{name}-2.1.dist-info/METADATA", head)
    write(tmp_path / "bundle/.edgecompress/manifest.json", json.dumps(MANIFEST))
    return tmp_path


@pytest.fixture
def text(root: Path, repository: Path) -> str:
    script = runpy.run_path(str(repository / "image/sbom.py"))
    made: str = script["listed"](root)
    return made


@pytest.fixture
def parts(text: str) -> dict[str, dict[str, Any]]:
    return {part["name"]: part for part in json.loads(text)["components"]}


def test_it_is_valid_by_the_standard(text: str) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"purl"', '"pearl"')) is not None


def test_each_part_has_the_address_that_scanners_know_it_by(parts) -> None:
    assert parts["libc6"]["purl"] == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64"
    assert parts["numpy"]["purl"] == "pkg:pypi/numpy@2.1"
    assert parts["python"]["purl"].startswith("pkg:generic/python@3.")


def test_what_was_removed_is_not_listed(parts) -> None:
    assert set(parts) == {"libc6", "numpy", "old", "python", "bundle"}


def test_a_licence_is_told_where_it_has_a_name(parts) -> None:
    assert parts["numpy"]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert "licenses" not in parts["old"]


def test_the_model_is_known_by_its_digest_and_leads_to_its_own_list(parts) -> None:
    model = parts["bundle"]
    assert (model["type"], model["version"]) == ("machine-learning-model", "7")
    assert model["properties"] == [{"name": "edgecompress:digest", "value": "d" * 64}]
    assert model["externalReferences"][0]["type"] == "bom"


def test_the_image_depends_on_every_part(text: str) -> None:
    told = json.loads(text)
    (image,) = (d for d in told["dependencies"] if d["ref"] == "image")
    assert sorted(image["dependsOn"]) == sorted(part["bom-ref"] for part in told["components"])
