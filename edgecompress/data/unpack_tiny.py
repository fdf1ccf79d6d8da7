"""The made resources, written as if they had been fetched."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from edgecompress.data.tiny import SPLITS, make_tiny_bert, tiny_reviews
from edgecompress.data.unpack_texts import Unpack, write_split


def _tiny_bert(wheels: Sequence[Path], out: Path) -> None:
    make_tiny_bert(out)


def _tiny_reviews(wheels: Sequence[Path], out: Path) -> None:
    for split in SPLITS:
        write_split(out, split, tiny_reviews(split))


UNPACK: Final[Mapping[str, Unpack]] = {"tiny-bert": _tiny_bert, "tiny-reviews": _tiny_reviews}
