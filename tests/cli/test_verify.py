"""What `verify` says of a bundle that may pass; what it refuses stands in tests/security."""

import json

import pytest

from edgecompress.cli.main import _run
from edgecompress.runtime.bundle import verify_bundle
from tests.security.conftest import make_keys, write_signed
from tests.security.small_bundle import write_bundle


@pytest.fixture
def keys(tmp_path):
    return make_keys(tmp_path, "publisher")


def said(capsys, *arguments):
    assert _run(["verify", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_an_unsigned_bundle_is_called_so(tmp_path, capsys):
    bundle = write_bundle(tmp_path / "bundle", sequence=5)
    digest = verify_bundle(bundle).digest
    assert said(capsys, bundle) == (
        f"{bundle}: ok, 14 files, release 5, digest {digest[:12]}, not signed\n"
    )


def test_a_signature_that_nobody_checked_is_not_vouched_for(tmp_path, keys, capsys):
    bundle = write_signed(tmp_path / "bundle", keys)
    assert "says it is signed by key" in said(capsys, bundle)
    assert ", signed by key" in said(capsys, bundle, "--key", keys.public)


def test_programs_get_the_same_as_a_document(tmp_path, keys, capsys):
    bundle = write_signed(tmp_path / "bundle", keys, sequence=2)
    told = json.loads(said(capsys, bundle, "--json", "--key", keys.public))
    assert told == {
        "bundle": str(bundle),
        "ok": True,
        "digest": verify_bundle(bundle).digest,
        "files": 15,
        "sequence": 2,
        "signer": told["signer"],
        "signature_checked": True,
    }
    assert json.loads(said(capsys, bundle, "--json"))["signature_checked"] is False


def test_the_number_of_a_bundle_is_what_the_next_one_is_held_to(tmp_path, capsys):
    old = write_bundle(tmp_path / "old", sequence=4)
    new = write_bundle(tmp_path / "new", sequence=5)
    number = json.loads(said(capsys, old, "--json"))["sequence"]
    assert "release 5" in said(capsys, new, "--at-least", number)
    assert _run(["verify", str(old), "--at-least", "5"]) == 6
