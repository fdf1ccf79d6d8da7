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
def storage_faults(
    place: Path, errnos: frozenset[int] = FULL | DENIED, *, elsewhere: str = ELSEWHERE
) -> Iterator[None]:
    """Turn errors of the disk that holds `place` into the line that helps.

    Args:
        elsewhere: the option or variable that moves what lies at `place`.

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
        raise EnvironmentFault(_advice(number, _told(error) or place, elsewhere)) from error


def _told(error: Exception) -> Path | None:
    """The path in the error, more exact than ours where there is one; of a copy, its target."""
    told = getattr(error, "filename2", None) or getattr(error, "filename", None)
    return Path(told) if told else None


def _errno(error: Exception) -> int | None:
    if isinstance(error, OSError):
        return error.errno
    told = _RUST_ERRNO.search(str(error))
    return int(told.group(1)) if told else None


def _advice(number: int, place: Path, elsewhere: str) -> str:
    if number in DENIED:
        return (
            f"{place}: no permission, or a read-only disk; mend that, or name another folder "
            f"with {elsewhere}"
        )
    free_gb = shutil.disk_usage(_existing(place)).free / 1e9
    return (
        f"{place}: the disk is full or a file may not grow ({free_gb:.2f} GB free); free some "
        f"space, for example with `edgecompress cache prune`, or name another disk with {elsewhere}"
    )


def _existing(place: Path) -> Path:
    return next((folder for folder in (place, *place.parents) if folder.exists()), Path("/"))
