"""Signatures as they lie in their file; here they are made by the package cryptography alone."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecompress.runtime import signature
from edgecompress.runtime.bundle import MANIFEST, SIGNATURE, SIGNER, seal_bundle, verify_bundle
from edgecompress.runtime.errors import EnvironmentFault, InputError, IntegrityError
from edgecompress.runtime.signature import PREDICATE, STATEMENT, Signature, require_signed

pytest.importorskip("cryptography", reason="needs the extra verify")

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

CURVES = {"p256": (ec.SECP256R1(), hashes.SHA256()), "p521": (ec.SECP521R1(), hashes.SHA512())}
Change = Callable[[dict[str, Any]], object]


def pem(key: Any) -> bytes:
    return bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def sign(bundle: Path, curve: str = "p256", change: Change = lambda statement: None) -> Path:
    """Seal and sign a bundle with a new key; returns the file of its public half."""
    kind, digest = CURVES[curve]
    private = ec.generate_private_key(kind)
    public = pem(private.public_key())
    (bundle / SIGNER).parent.mkdir(exist_ok=True)
    (bundle / SIGNER).write_bytes(public)
    seal_bundle(bundle, sequence=1)
    statement = {
        "_type": STATEMENT,
        "predicateType": PREDICATE,
        "predicate": {
            "resources": [
                {
                    "name": path.relative_to(bundle).as_posix(),
                    "algorithm": "sha256",
                    "digest": hashlib.sha256(path.read_bytes()).hexdigest(),
                }
                for path in bundle.rglob("*")
                if path.is_file()
            ]
        },
    }
    change(statement)
    made = Signature(json.dumps(statement).encode(), b"", hashlib.sha256(public).hexdigest())
    value = private.sign(made.message, ec.ECDSA(digest))
    (bundle / SIGNATURE).write_text(Signature(made.payload, value, made.hint).to_json())
    key = bundle.parent / f"{bundle.name}.pub"
    key.write_bytes(public)
    return key


@pytest.fixture
def bundle(make_model: Any, tmp_path: Path) -> Path:
    folder: Path = make_model()  # tmp_path itself
    moved = folder.rename(tmp_path.with_name(f"{tmp_path.name}-bundle"))
    tmp_path.mkdir()
    return moved


def check(bundle: Path, key: Path | None) -> str | None:
    return require_signed(bundle, verify_bundle(bundle), key)


@pytest.mark.parametrize("curve", CURVES)
def test_a_signed_bundle_passes_by_its_key(bundle: Path, curve: str) -> None:
    key = sign(bundle, curve)
    assert check(bundle, key) == hashlib.sha256(key.read_bytes()).hexdigest()


def test_who_signed_is_told_without_a_key_too(bundle: Path) -> None:
    key = sign(bundle)
    assert check(bundle, None) == check(bundle, key)


def test_an_unsigned_bundle_passes_only_where_nobody_asks(bundle: Path, tmp_path: Path) -> None:
    seal_bundle(bundle, sequence=1)
    assert check(bundle, None) is None
    other = tmp_path / "key.pub"
    other.write_bytes(pem(ec.generate_private_key(ec.SECP256R1()).public_key()))
    with pytest.raises(
        IntegrityError, match="not signed, and only bundles signed by .*key.pub may"
    ):
        check(bundle, other)


def test_a_signature_that_nobody_announced_is_an_added_file(bundle: Path) -> None:
    seal_bundle(bundle, sequence=1)
    (bundle / SIGNATURE).write_text("{}")
    with pytest.raises(IntegrityError, match=r"signature\.json: added"):
        check(bundle, None)


def without_manifest(statement: dict[str, Any]) -> None:
    rows = statement["predicate"]["resources"]
    rows[:] = [row for row in rows if row["name"] != MANIFEST]


def with_more(statement: dict[str, Any]) -> None:
    row = {"name": "more.md", "algorithm": "sha256", "digest": "0" * 64}
    statement["predicate"]["resources"].append(row)


def with_another(statement: dict[str, Any]) -> None:
    (row,) = (r for r in statement["predicate"]["resources"] if r["name"] == "model.onnx")
    row["digest"] = "0" * 64


def twice(statement: dict[str, Any]) -> None:
    statement["predicate"]["resources"] *= 2


def otherwise(statement: dict[str, Any]) -> None:
    statement["predicate"]["resources"][0]["algorithm"] = "blake2"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without_manifest, "manifest.json is not signed"),
        (with_more, "more.md is signed"),
        (with_another, "it is about another model.onnx"),
        (twice, "a file twice"),
        (otherwise, "hashed otherwise"),
        (lambda s: s.update(_type="x"), "another kind of statement"),
        (lambda s: s.update(predicateType="x"), "another kind of statement"),
        (lambda s: s.pop("predicate"), "not a statement about files"),
        (lambda s: s.update(predicate={"resources": [3]}), "not a statement about files"),
    ],
)
def test_a_good_signature_over_the_wrong_thing_is_refused(
    bundle: Path, change: Change, why: str
) -> None:
    key = sign(bundle, change=change)
    for asked in (key, None):
        with pytest.raises(IntegrityError, match=f"signature.json: .*{why}"):
            check(bundle, asked)


@pytest.mark.parametrize(
    "content",
    [
        *("", "{}", "[]", "[" * 100_000, '{"dsseEnvelope": {"signatures": []}}'),
        '{"dsseEnvelope": {"payload": "?", "signatures": [{"sig": "?"}]}}',
    ],
)
def test_a_signature_that_is_none_is_named(bundle: Path, content: str) -> None:
    sign(bundle)
    (bundle / SIGNATURE).write_text(content)
    with pytest.raises(IntegrityError, match=r"signature\.json: changed"):
        check(bundle, None)


@pytest.mark.parametrize("more", ["\n", " ", "{}"])
def test_one_more_space_is_a_change(bundle: Path, more: str) -> None:
    sign(bundle)
    with (bundle / SIGNATURE).open("a") as file:
        file.write(more)
    with pytest.raises(IntegrityError, match=r"signature\.json: changed"):
        check(bundle, None)


def test_a_changed_signature_is_found_by_who_has_the_key(bundle: Path) -> None:
    key = sign(bundle)
    told = Signature.from_json((bundle / SIGNATURE).read_text())
    changed = Signature(told.payload, told.value[:-1] + bytes([told.value[-1] ^ 1]), told.hint)
    (bundle / SIGNATURE).write_text(changed.to_json())
    with pytest.raises(IntegrityError, match="changed: not what the key"):
        check(bundle, key)


def test_another_hint_does_not_help(bundle: Path) -> None:
    sign(bundle)
    told = Signature.from_json((bundle / SIGNATURE).read_text())
    (bundle / SIGNATURE).write_text(Signature(told.payload, told.value, "0" * 64).to_json())
    with pytest.raises(IntegrityError, match=r"by another key than \.edgecompress/signer\.pem"):
        check(bundle, None)


def test_the_message_is_that_of_the_specification() -> None:
    # DSSE v1.0, protocol.md: its example of the encoding, with our type of payload
    told = Signature(b"hello world", b"", "").message
    assert told == b"DSSEv1 28 application/vnd.in-toto+json 11 hello world"


def private_key(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.write_text("hello"), "not a public key in PEM"),
        (private_key, "a private key; give its public half"),
        (
            lambda path: path.write_bytes(
                pem(ec.generate_private_key(ec.SECP256K1()).public_key())
            ),
            "not a key of the curves",
        ),
        (
            lambda path: path.write_bytes(pem(rsa.generate_private_key(65537, 2048).public_key())),
            "not a key of the curves",
        ),
    ],
    ids=["missing", "text", "private", "another curve", "rsa"],
)
def test_a_key_that_is_none_is_the_callers_mistake(
    bundle: Path, tmp_path: Path, write: Callable[[Path], object], why: str
) -> None:
    sign(bundle)
    write(tmp_path / "key")
    with pytest.raises(InputError, match=why):
        check(bundle, tmp_path / "key")


def test_a_missing_package_is_named_and_nothing_passes(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = sign(bundle)
    monkeypatch.setattr(signature, "ELLIPTIC_CURVES", "cryptography_that_is_not_there")
    with pytest.raises(EnvironmentFault, match=r'pip install "edgecompress\[verify\]"'):
        check(bundle, key)
