"""What a worker process is told by its environment, so that TextAttack needs no network.

TextAttack fetches word lists on its first import and models on its first attack, and moves the
caches of other libraries to its own place. It is imported by worker processes only, and all of this
is settled before they start.
"""

import os
import sys
from pathlib import Path
from typing import Final

STAND_INS: Final = Path(__file__).parent / "stand_ins"
FETCHED: Final = "post_install_check_3"  # TextAttack fetches unless its cache has this file
ONE_THREAD: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def worker_environment(words: Path, cache: Path) -> dict[str, str]:
    """Environment variables for a process that imports TextAttack.

    Args:
        words: the resource `nltk-data`.
        cache: a folder for TextAttack's own; it counts as filled.
    """
    _fill(cache)
    paths = [str(STAND_INS), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        **worker_variables(words),
        "TA_CACHE_DIR": str(cache),
        "PYTHONPATH": os.pathsep.join(paths),
    }


def worker_variables(words: Path) -> dict[str, str]:
    """The part of it that is the same on every machine; `prepare` is for the rest."""
    return {
        **dict.fromkeys(ONE_THREAD, "1"),
        "NLTK_DATA": str(words),
        "HF_HUB_OFFLINE": "1",
        "PYTHONHASHSEED": "0",  # the order of a set of words
    }


def prepare(cache: Path) -> None:
    """Make up, in a process that was started with those variables alone, for what it lacks.

    Args:
        cache: as above.
    """
    _fill(cache)
    os.environ["TA_CACHE_DIR"] = str(cache)
    sys.path.insert(0, str(STAND_INS))


def _fill(cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    (cache / FETCHED).touch()
