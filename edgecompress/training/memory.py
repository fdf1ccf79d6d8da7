"""Memory that a training gives back and takes anew in every step stays with the process."""

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # as glibc's malloc.h numbers them
KEPT_BYTES = 1 << 30


def keep_memory() -> None:
    """Tell glibc to keep blocks of up to a GiB that are freed; elsewhere nothing is done.

    The gradient of a table of word pieces has tens of MB. glibc hands blocks above 32 MB back to
    the system, which clears every page of the next one: a fifth of a step of a small student.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(TRIM_THRESHOLD, 2 * KEPT_BYTES - 1)
