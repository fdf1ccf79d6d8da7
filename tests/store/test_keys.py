"""Keys: equal questions are equal, others are not; digests follow contents."""

import hashlib
import math
import os

import pytest

from edgecompress.core.errors import IntegrityError
from edgecompress.store.keys import (
    FileRecord,
    canonical_json,
    folder_digest,
    folder_files,
    library_versions,
    step_key,
)

ASKED = {"kind": "distill", "version": 1, "settings": {"layers": 3}, "inputs": ["ab"], "seed": 7}


def test_canonical_json_is_sorted_without_spaces_and_ascii():
    assert canonical_json({"b": (1, 2.5), "a": "é"}) == '{"a":"\\u00e9","b":[1,2.5]}'


def test_canonical_json_takes_a_lone_surrogate():
    assert canonical_json("\ud800") == '"\\ud800"'


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_a_number_has_no_key(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        step_key({"seed": value})


def test_the_order_of_settings_does_not_change_the_key():
    assert step_key(ASKED) == step_key(dict(reversed(ASKED.items())))


@pytest.mark.parametrize(
    "change", [{"seed": 8}, {"version": 2}, {"settings": {"layers": 4}}, {"inputs": ["cd"]}]
)
def test_any_change_of_what_is_asked_changes_the_key(change):
    assert step_key(ASKED | change) != step_key(ASKED)


def test_a_key_stays_what_it_was_in_earlier_releases():
    # sha256 of '{"seed":7}', from coreutils: printf '{"seed":7}' | sha256sum
    assert step_key({"seed": 7}) == hashlib.sha256(b'{"seed":7}').hexdigest()


def test_a_library_that_is_not_there_counts_as_absent():
    assert library_versions(["no-such-library"]) == {"no-such-library": "absent"}


def test_versions_are_those_of_the_installed_libraries():
    assert library_versions(["filelock"])["filelock"][0].isdigit()


def test_every_file_is_found_with_size_and_hash(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.txt").write_bytes(b"abc")
    # sha256("abc"): FIPS 180-2, appendix B.1
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert folder_files(tmp_path) == {"deep/er/a.txt": FileRecord(3, sha256)}


def test_a_link_is_refused(tmp_path):
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(IntegrityError, match="link: only plain files and folders"):
        folder_files(tmp_path)


def test_a_link_to_a_folder_is_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(IntegrityError, match="link: only plain files and folders"):
        folder_files(tmp_path)


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(IntegrityError, match="pipe: only plain files and folders"):
        folder_files(tmp_path)


def test_the_digest_does_not_depend_on_the_order_of_files():
    one, two = FileRecord(1, "11"), FileRecord(2, "22")
    assert folder_digest({"a": one, "b": two}) == folder_digest({"b": two, "a": one})


def test_swapping_the_contents_of_two_files_changes_the_digest():
    one, two = FileRecord(1, "11"), FileRecord(1, "22")
    assert folder_digest({"a": one, "b": two}) != folder_digest({"a": two, "b": one})
