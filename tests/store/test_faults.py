"""Faults of the disk become one line; every other error stays what it was."""

import errno
from pathlib import Path

import pytest

from edgecompress.core.errors import EnvironmentFault, StageError
from edgecompress.store.faults import storage_faults

HERE = Path("/tmp")


def _raise(error):
    with storage_faults(HERE):
        raise error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_tells_the_free_space_and_what_to_do(number):
    with pytest.raises(EnvironmentFault, match=r"\d GB free.*cache prune.*--store"):
        _raise(OSError(number, "full"))


def test_a_full_disk_that_a_rust_library_met_is_recognised():
    # the text of safetensors 0.8 on a full tmpfs
    text = "Error while serializing: I/O error: No space left on device (os error 28)"
    with pytest.raises(EnvironmentFault, match="the disk is full"):
        _raise(RuntimeError(text))


def test_of_a_copy_the_place_that_is_full_is_named():
    with pytest.raises(EnvironmentFault, match="^/tmp/target: the disk is full"):
        _raise(OSError(errno.ENOSPC, "full", "/tmp/source", None, "/tmp/target"))


def test_the_way_out_is_the_one_that_moves_this_place():
    with (
        pytest.raises(EnvironmentFault, match="another disk with --out$"),
        storage_faults(HERE, elsewhere="--out"),
    ):
        raise OSError(errno.ENOSPC, "full")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_missing_permission_names_the_very_path(number):
    with pytest.raises(EnvironmentFault, match=r"^/tmp/deep/file: no permission.*--store"):
        _raise(OSError(number, "denied", "/tmp/deep/file"))


def test_an_error_that_is_not_the_disk_stays_what_it_was():
    with pytest.raises(KeyError, match="layers"):
        _raise(KeyError("layers"))


def test_an_error_that_we_raised_ourselves_stays_what_it_was():
    with pytest.raises(StageError, match="os error 28"):
        _raise(StageError("(os error 28)"))
