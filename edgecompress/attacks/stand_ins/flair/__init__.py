"""In place of flair, which does not load beside today's transformers.

TextAttack imports it at its start but calls it only to find names, in CheckList. Here names are
looked up in TextAttack's own lists; no tagger of flair's is fetched or run.
"""

from . import data  # relative: a worker knows this package as `flair`

device: object = None  # TextAttack sets it

__all__ = ["data", "device"]
