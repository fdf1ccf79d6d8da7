"""Keys, and a bundle that one of them has signed."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgecompress.runtime.bundle import seal_bundle
from tests.security.small_bundle import write_model


@dataclass(frozen=True)
class Keys:
    """A pair, in files."""

    private: Path
    public: Path


def make_keys(folder: Path, name: str) -> Keys:
    """As the documentation says: by openssl."""
    keys = Keys(folder / f"{name}.pem", folder / f"{name}.pub")
    curve = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", keys.private]
    subprocess.run(curve, check=True, capture_output=True)
    half = ["openssl", "ec", "-in", keys.private, "-pubout", "-out", keys.public]
    subprocess.run(half, check=True, capture_output=True)
    return keys


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"), "publisher")


@pytest.fixture(scope="session")
def other_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"), "stranger")


def write_signed(folder: Path, keys: Keys, sequence: int = 1) -> Path:
    """A signed bundle; the test is skipped where the extra `sign` is not installed."""
    pytest.importorskip("model_signing", reason="needs the extra sign")
    from edgecompress.workflow.signing import read_signer

    signer = read_signer(keys.private)
    signer.announce(write_model(folder))
    seal_bundle(folder, sequence=sequence)
    signer.sign(folder)
    return folder


@pytest.fixture(scope="session")
def signed_once(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Path:
    return write_signed(tmp_path_factory.mktemp("signed") / "bundle", keys, sequence=3)


@pytest.fixture
def signed(signed_once: Path, tmp_path: Path) -> Path:
    """A copy to do harm to."""
    return Path(shutil.copytree(signed_once, tmp_path / "signed"))
