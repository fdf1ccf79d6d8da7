"""Word lists of a dozen words in the formats of NLTK's data, for tests without the real ones."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgecompress.data.resources import Resources

STOP_WORDS = ("a", "is", "it", "of", "the", "this", "was")
# synonyms, then the number of the set of their opposites
ADJECTIVES: Sequence[tuple[tuple[str, ...], int | None]] = (
    (("good", "great", "fine"), 1),
    (("bad", "awful", "poor"), 0),
    (("long", "lengthy"), None),
)
NOUNS: Sequence[tuple[tuple[str, ...], int | None]] = ((("film", "movie"), None), (("plot",), None))
TAGS = {"good": "JJ", "great": "JJ", "fine": "JJ"}  # all else is a noun
LEXICOGRAPHERS = {0: "adj.all", 1: "noun.Tops"}  # numbered without gaps
HEADER = "  1 not WordNet, but in its format\n"

Sets = Sequence[tuple[tuple[str, ...], int | None]]


def write_word_lists(folder: Path) -> Path:
    """A folder for NLTK_DATA: stop words, WordNet, a tagger, a map of tags."""
    words = folder / "corpora/wordnet"
    words.mkdir(parents=True)
    (folder / "corpora/stopwords").mkdir()
    (folder / "corpora/stopwords/english").write_text("\n".join(STOP_WORDS) + "\n")
    for kind in ("adj", "adv", "noun", "verb"):
        (words / f"{kind}.exc").touch()
    (words / "cntlist.rev").touch()
    (words / "index.sense").touch()
    lines = [f"{number:02}\t{name}\t1\n" for number, name in LEXICOGRAPHERS.items()]
    (words / "lexnames").write_text("".join(lines))
    _write_sets(words, "adj", ("a", 0), ADJECTIVES)
    _write_sets(words, "noun", ("n", 1), NOUNS)
    _write_sets(words, "adv", ("r", 0), ())
    _write_sets(words, "verb", ("v", 0), ())
    _write_tagger(folder / "taggers")
    return folder


def _write_sets(folder: Path, kind: str, letter: tuple[str, int], sets: Sets) -> None:
    """data.KIND names each set by the byte at which its line begins; index.KIND finds them."""
    offsets: list[int] = []
    for _ in range(2):  # first with wrong numbers of the right width, then with the true ones
        guess = offsets or [0] * len(sets)
        lines, offsets, at = [], [], len(HEADER)
        for (words, opposite), offset in zip(sets, guess, strict=True):
            lines.append(
                _set_line(offset, letter, words, None if opposite is None else guess[opposite])
            )
            offsets.append(at)
            at += len(lines[-1])
    (folder / f"data.{kind}").write_text(HEADER + "".join(lines))
    index = {
        word: offset for (words, _), offset in zip(sets, offsets, strict=True) for word in words
    }
    rows = [f"{word} {letter[0]} 1 1 ! 1 0 {index[word]:08}  \n" for word in sorted(index)]
    (folder / f"index.{kind}").write_text(HEADER + "".join(rows))


def _set_line(
    offset: int, letter: tuple[str, int], words: Sequence[str], opposite: int | None
) -> str:
    listed = " ".join(f"{word} 0" for word in words)
    kind, lexicographer = letter
    pointers = "000" if opposite is None else f"001 ! {opposite:08} {kind} 0101"
    return (
        f"{offset:08} {lexicographer:02} {kind} {len(words):02x} {listed} {pointers} | made up  \n"
    )


def _write_tagger(folder: Path) -> None:
    name = "averaged_perceptron_tagger_eng"
    (folder / name).mkdir(parents=True)
    parts: Mapping[str, object] = {
        "weights": {"bias": {"NN": 1.0}},
        "tagdict": TAGS,
        "classes": sorted({"NN", *TAGS.values()}),
    }
    for part, values in parts.items():
        (folder / name / f"{name}.{part}.json").write_text(json.dumps(values))
    (folder / "universal_tagset").mkdir()
    (folder / "universal_tagset/en-ptb.map").write_text("JJ\tADJ\nNN\tNOUN\n")


class SmallWords(Resources):
    """All resources, and these lists in the place of the real ones, which must be fetched."""

    def folder(self, name: str) -> Path:
        if name != "nltk-data":
            return super().folder(name)
        words = self.cache / "words"
        return words if words.exists() else write_word_lists(words)
