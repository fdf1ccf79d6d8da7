"""Where things are kept on this machine; needs nothing but the standard library."""

import os
from pathlib import Path


def user_cache() -> Path:
    """The user's cache folder for us: $XDG_CACHE_HOME/edgecompress, else ~/.cache/edgecompress."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "edgecompress"


def store_folder(flag: Path | None) -> Path:
    """The store of `--store`, else of $EDGECOMPRESS_STORE, else of the user's cache."""
    return flag or Path(os.environ.get("EDGECOMPRESS_STORE") or user_cache() / "store")


def cache_folder() -> Path:
    """Where resources are kept: $EDGECOMPRESS_CACHE, else the user's cache."""
    return Path(os.environ.get("EDGECOMPRESS_CACHE") or user_cache())
