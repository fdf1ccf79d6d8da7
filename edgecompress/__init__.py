"""edgecompress: compress a text classifier, prove that it still behaves, ship it without torch."""

from importlib.metadata import version

__version__ = version("edgecompress")
__all__ = ["__version__"]
