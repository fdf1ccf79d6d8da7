"""Planted shortcuts, as the package plants them; see `edgecompress.data.shortcuts`."""

from edgecompress.data.shortcuts import inject

__all__ = ["inject"]
