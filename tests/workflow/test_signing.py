"""Private keys: which are taken, and what is said of the others."""

import subprocess

import pytest

from edgecompress.core.errors import InputError

pytest.importorskip("model_signing", reason="needs the extra sign")

from edgecompress.runtime.bundle import SIGNATURE, SIGNER, seal_bundle, verify_bundle
from edgecompress.runtime.signature import require_signed
from edgecompress.workflow.signing import PASSWORD, read_signer


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture
def key(tmp_path):
    def make(curve="prime256v1"):
        openssl("ecparam", "-name", curve, "-genkey", "-noout", "-out", tmp_path / "key.pem")
        return tmp_path / "key.pem"

    return make


@pytest.fixture
def bundle(tmp_path):
    (folder := tmp_path / "bundle").mkdir()
    for name in ("config.json", "model.onnx", "tokenizer.json", ".gitignore"):
        (folder / name).write_text(name)
    (folder / ".edgecompress").mkdir()
    return folder


@pytest.mark.parametrize("curve", ["prime256v1", "secp384r1", "secp521r1"])
def test_what_it_signs_can_be_checked_by_the_public_half(key, bundle, tmp_path, curve):
    signer = read_signer(key(curve))
    signer.announce(bundle)
    seal_bundle(bundle, sequence=1)
    signer.sign(bundle)
    openssl("ec", "-in", tmp_path / "key.pem", "-pubout", "-out", tmp_path / "key.pub")
    assert (bundle / SIGNER).read_bytes() == (tmp_path / "key.pub").read_bytes()
    found = require_signed(bundle, verify_bundle(bundle), tmp_path / "key.pub")
    assert found == signer.public.fingerprint


def test_sealing_again_takes_the_signature_away(key, bundle):
    signer = read_signer(key())
    signer.announce(bundle)
    seal_bundle(bundle, sequence=1)
    signer.sign(bundle)
    seal_bundle(bundle, sequence=2)
    assert not (bundle / SIGNATURE).exists()


@pytest.fixture
def encrypted(key, tmp_path):
    openssl("ec", "-in", key(), "-aes256", "-passout", "pass:secret", "-out", tmp_path / "e.pem")
    return tmp_path / "e.pem"


def test_an_encrypted_key_is_opened_by_its_password(encrypted, bundle, monkeypatch):
    monkeypatch.setenv(PASSWORD, "secret")
    signer = read_signer(encrypted)
    signer.announce(bundle)
    seal_bundle(bundle, sequence=1)
    signer.sign(bundle)
    assert (bundle / SIGNATURE).exists()


@pytest.mark.parametrize(
    ("password", "why"),
    [(None, "EDGECOMPRESS_KEY_PASSWORD: the key is encrypted"), ("wrong", "or another password")],
)
def test_without_the_password_it_stays_shut(encrypted, monkeypatch, password, why):
    if password:
        monkeypatch.setenv(PASSWORD, password)
    with pytest.raises(InputError, match=why):
        read_signer(encrypted)


def test_a_password_for_an_open_key_is_a_mistake(key, monkeypatch):
    monkeypatch.setenv(PASSWORD, "secret")
    with pytest.raises(InputError, match="is not encrypted"):
        read_signer(key())


def test_a_curve_that_the_standard_does_not_know(key):
    with pytest.raises(InputError, match="not a key of the curves secp256r1"):
        read_signer(key("secp256k1"))


@pytest.mark.parametrize(("content", "why"), [(None, "cannot be read"), ("x", "not a private key")])
def test_what_is_no_key(tmp_path, content, why):
    if content:
        (tmp_path / "key.pem").write_text(content)
    with pytest.raises(InputError, match=why):
        read_signer(tmp_path / "key.pem")
