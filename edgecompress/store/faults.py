"""A full disk or a missing permission, told in one line that says where and what to do."""

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgecompress.core.errors import EdgeCompressError, EnvironmentFault

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
ELSEWHERE = "--store or EDGECOMPRESS_STORE"

# safetensors and tokenizers write in Rust and raise their own classes; the number is in the text.
_RUST_ERRNO = re.compile(r"\(os error (\d+)\)")


@contextmanager
def storage_faults(place: Path, errnos: frozenset[int] = FULL | DENIED) -> Iterator[None]:
    """Turn errors of the disk that holds `place` into the line that helps.

    Raises:
        EnvironmentFault: in place of an error whose number is in `errnos`.
    """
    try:
        yield
    except EdgeCompressError:
        raise
    except Exception as error:
        number = _errno(error)
        if number not in errnos:
            raise
        told = getattr(error, "filename", None)  # more exact than `place`, where there is one
        raise EnvironmentFault(_advice(number, Path(told or place))) from error


def _errno(error: Exception) -> int | None:
    if isinstance(error, OSError):
        return error.errno
    told = _RUST_ERRNO.search(str(error))
    return int(told.group(1)) if told else None


def _advice(number: int, place: Path) -> str:
    if number in DENIED:
        return (
            f"{place}: no permission, or a read-only disk; mend that, or name another folder "
            f"with {ELSEWHERE}"
        )
    free_gb = shutil.disk_usage(_existing(place)).free / 1e9
    return (
        f"{place}: the disk is full or a file may not grow ({free_gb:.2f} GB free); free some "
        f"space, for example with `edgecompress cache prune`, or move the store with {ELSEWHERE}"
    )


def _existing(place: Path) -> Path:
    return next((folder for folder in (place, *place.parents) if folder.exists()), Path("/"))
