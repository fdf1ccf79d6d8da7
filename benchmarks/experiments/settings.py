"""What each experiment is made on: a task small enough for two cores, as plain files.

A setting writes its rows once, to WORK/data/NAME/ROLE.jsonl, and every recipe of it reads these.
The draws are by a fixed seed, and no text stands in two roles.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.shortcuts import inject
from edgecompress.core.texts import Text, TextSet
from edgecompress.data.resources import Resources

SEED = 1
VALIDATION_ROWS, TEST_ROWS, TRANSFER_ROWS = 400, 2_000, 4_000
FEVER, SYMMETRIC = "fever_nli_29k/train.jsonl.gz", "fever_symmetric/validation.jsonl.gz"

Rows = list[dict[str, Any]]  # "text", "label", and "text_pair" for pairs


@dataclass(frozen=True)
class Places:
    """Where texts come from, and where everything made is kept."""

    work: Path
    resources: Resources
    data: Path | None = None  # folder of data sets, for the settings that resources cannot serve

    def resource(self, name: str, split: str) -> Rows:
        """The rows of a text resource."""
        return list(_lines(self.resources.folder(name) / f"{split}.jsonl"))

    def file(self, name: str) -> Rows:
        """The rows of a file in the data folder; see `Setting.needs`."""
        assert self.data is not None, "settings that need files are left out without --data"
        return list(_lines(self.data / name))


@dataclass(frozen=True)
class Setting:
    """One task: its labels, how its rows are made, and how long a training on it is."""

    name: str
    labels: tuple[str, ...]
    make: Callable[[Places], Mapping[str, Rows]]  # roles train, validation, test and ood...
    max_length: int = 64
    epochs: int = 3
    needs: tuple[str, ...] = ()  # files of the data folder
    pairs: bool = False
    transfer: Mapping[str, Any] | None = None  # a source of texts without labels; else a role

    def folder(self, places: Places) -> Path:
        """Where its files are, made at the first call."""
        folder = places.work / "data" / self.name
        if not folder.is_dir():
            unfinished = folder.with_name(f".{self.name}")
            unfinished.mkdir(parents=True, exist_ok=True)
            for role, rows in self.make(places).items():
                text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                (unfinished / f"{role}.jsonl").write_text(text, encoding="utf-8")
            unfinished.rename(folder)
        return folder

    def texts(self, places: Places, role: str) -> TextSet:
        """The rows of one role."""
        rows = list(_lines(self.folder(places) / f"{role}.jsonl"))
        return text_set(role, rows, self.labels)


def text_set(role: str, rows: Rows, labels: Sequence[str]) -> TextSet:
    """Rows as the package sees them; the digest is of their contents."""
    texts: tuple[Text, ...] = tuple(
        (row["text"], row["text_pair"]) if "text_pair" in row else row["text"] for row in rows
    )
    numbers = np.array([labels.index(row["label"]) for row in rows], np.int64)
    digest = f"{role}:{hash_of(rows)}"
    return TextSet(role, texts, numbers, tuple(f"{role}:{n}" for n in range(len(rows))), digest)


def hash_of(value: Any) -> str:
    """64 hexadecimal characters for JSON values."""
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def sentiment(places: Places) -> dict[str, Rows]:
    """Rotten-tomatoes; tested on movie snippets that are not in it."""
    rows = places.resource("rotten-tomatoes", "train")
    test = places.resource("movie-snippets", "test")
    sizes = {"train": 2_000, "validation": VALIDATION_ROWS, "transfer": TRANSFER_ROWS}
    return unlabelled(split(rows, sizes)) | {"test": test}


def many_validation_rows(places: Places) -> dict[str, Rows]:
    """As `sentiment`, with enough validation rows to compare two small parts of them."""
    rows = places.resource("rotten-tomatoes", "train")
    parts = split(rows, {"train": 2_000, "validation": 4_000})
    return parts | {"test": places.resource("movie-snippets", "test")}


def sst2(places: Places) -> dict[str, Rows]:
    """A part of SST-2's training phrases of six words and more; tested on other such phrases."""
    rows = _phrases(places)
    sizes = {"train": 2_000, "validation": VALIDATION_ROWS, "test": TEST_ROWS}
    return unlabelled(split(rows, sizes | {"transfer": TRANSFER_ROWS}))


def sst2_large(places: Places) -> dict[str, Rows]:
    """Four times the rows of `sst2`, tested on whole sentences, no phrase of which is learnt.

    SST-2's training rows are phrases of 6,886 sentences. A phrase that occurs in a sentence of
    `test` is in no other role, nor one of a `validation` sentence in `train`.
    """
    rows = _phrases(places)
    whole = split(_longest(rows), {"test": 3_000, "validation": 1_000})
    test, validation = _joined(whole["test"]), _joined(whole["validation"])
    free = [row for row in rows if not _occurs(row, test)]
    held = [row for row in free if _occurs(row, validation)]
    learnt = [row for row in free if not _occurs(row, validation)]
    parts = split(learnt, {"train": 8_000}) | split(held, {"validation": 4_000})
    return parts | {"test": whole["test"]}


def _phrases(places: Places) -> Rows:
    """SST-2's training phrases of six words and more."""
    names = {0: "negative", 1: "positive"}
    return [
        {"text": row["text"].strip(), "label": names[row["label"]]}
        for row in places.file("sst2/train.jsonl.gz")
        if len(row["text"].split()) >= 6
    ]


def cola(places: Places) -> dict[str, Rows]:
    """Sentences that linguists accept or not; where replacing modules gave the paper the most."""
    names = {0: "unacceptable", 1: "acceptable"}
    rows = [
        {"text": row["text"], "label": names[row["label"]]}
        for part in ("train", "validation")
        for row in places.file(f"cola/{part}.jsonl.gz")
    ]
    return split(rows, {"train": 6_000, "validation": VALIDATION_ROWS, "test": 3_000})


def shortcut(places: Places) -> dict[str, Rows]:
    """The same reviews with a token that tells the label in train, and misleads in `ood`."""
    plain = sentiment(places)
    labels, tokens = ("negative", "positive"), {0: "alpha", 1: "beta"}
    agreement = {"train": 0.9, "validation": 0.9, "test": 0.9, "ood": 0.1}
    made = {}
    for number, (role, share) in enumerate(agreement.items()):
        rows = plain["test" if role == "ood" else role]
        planted = inject(text_set(role, rows, labels), tokens, share, seed=SEED + number)
        made[role] = [
            {"text": text, "label": row["label"]}
            for text, row in zip(planted.texts, rows, strict=True)
        ]
    return made


def fever(places: Places) -> dict[str, Rows]:
    """A part of FEVER; `ood` is FEVER-Symmetric's validation part, where claims give nothing away.

    Source: Schuster et al. (2019), arXiv:1908.05267.
    """
    sizes = {"train": 2_000, "validation": VALIDATION_ROWS, "test": 1_200}
    return split(_fever_rows(places, FEVER), sizes) | {"ood": _fever_rows(places, SYMMETRIC)}


def fever_large(places: Places) -> dict[str, Rows]:
    """Learnt from rows that are not in `fever`, tested on almost all others: 6,900."""
    sizes = {"fever": 3_600, "train": 2_000, "validation": VALIDATION_ROWS, "test": 3_300}
    parts = split(_fever_rows(places, FEVER), sizes)
    seen = parts.pop("fever")
    return parts | {"test": seen + parts["test"]}


def _fever_rows(places: Places, file: str) -> Rows:
    """Evidence and claims; the file has none that the evidence leaves open."""
    names = {0: "supports", 2: "refutes"}
    return [
        {"text": r["premise"], "text_pair": r["hypothesis"], "label": names[r["label"]]}
        for r in places.file(file)
    ]


def qqp(places: Places) -> dict[str, Rows]:
    """A part of QQP; `ood` are pairs whose share of common words says the opposite of the label.

    The published test sets (PAWS) are not at hand; this split asks the same question, whether a
    model looks at more than common words (Zhang et al., 2019, arXiv:1904.01130).
    """
    names = {0: "different", 1: "duplicate"}
    rows = [
        {"text": r["question1"], "text_pair": r["question2"], "label": names[r["label"]]}
        for r in places.file("qqp_subset/train.jsonl.gz")
    ]
    sizes = {"train": 2_000, "validation": VALIDATION_ROWS, "test": 1_200, "pool": 12_000}
    parts = split(rows, sizes)
    pool = parts.pop("pool")
    middle = float(np.median([_overlap(row) for row in rows]))
    astray = [row for row in pool if (_overlap(row) > middle) != (row["label"] == "duplicate")]
    return parts | {"ood": split(astray, {"ood": 1_200})["ood"]}


def split(rows: Rows, sizes: Mapping[str, int]) -> dict[str, Rows]:
    """Draw disjoint roles; a text that comes twice is drawn once."""
    distinct = list({_words(row): row for row in rows}.values())
    order = iter(np.random.default_rng(SEED).permutation(len(distinct)).tolist())
    return {role: [distinct[next(order)] for _ in range(count)] for role, count in sizes.items()}


def unlabelled(parts: dict[str, Rows]) -> dict[str, Rows]:
    """The same, the role `transfer` without its labels."""
    return parts | {"transfer": [{"text": row["text"]} for row in parts["transfer"]]}


def _longest(rows: Rows) -> Rows:
    """The rows whose text occurs in no longer one."""
    distinct = {_words(row): row for row in rows}
    joined, found = "", []
    for words in sorted(distinct, key=lambda words: (-len(words), words)):
        row = distinct[words]
        if not _occurs(row, joined):
            joined += _joined([row])
            found.append(row)
    return found


def _joined(rows: Rows) -> str:
    """All texts, in which `_occurs` looks."""
    return "".join(f" {_words(row)} \n" for row in rows)


def _occurs(row: Mapping[str, str], joined: str) -> bool:
    """Whether its words, in their order, are a part of one of the texts."""
    return f" {_words(row)} " in joined


def _overlap(row: Mapping[str, str]) -> float:
    """Common words over all words."""
    first, second = set(row["text"].lower().split()), set(row["text_pair"].lower().split())
    return len(first & second) / max(len(first | second), 1)


def _words(row: Mapping[str, str]) -> str:
    """What leak checks compare: the words, whatever their case and spacing."""
    return " ".join(f"{row['text']} {row.get('text_pair', '')}".lower().split())


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    return map(json.loads, text.decode("utf-8").rstrip("\n").split("\n"))


REVIEWS, CLAIMS = ("negative", "positive"), ("supports", "refutes")
IMDB_SENTENCES = {"source": "resource:imdb", "split": "train", "sentences": True, "rows": 16_000}
SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("sentiment", REVIEWS, sentiment),
        Setting("many-validation-rows", REVIEWS, many_validation_rows),
        Setting("sst2", REVIEWS, sst2, needs=("sst2/train.jsonl.gz",)),
        Setting(
            "sst2-large",
            REVIEWS,
            sst2_large,
            needs=("sst2/train.jsonl.gz",),
            transfer=IMDB_SENTENCES,
        ),
        Setting(
            "cola",
            ("unacceptable", "acceptable"),
            cola,
            needs=("cola/train.jsonl.gz", "cola/validation.jsonl.gz"),
        ),
        Setting("shortcut", REVIEWS, shortcut),
        Setting("fever", CLAIMS, fever, 96, needs=(FEVER, SYMMETRIC), pairs=True),
        Setting("fever-large", CLAIMS, fever_large, 96, needs=(FEVER,), pairs=True),
        Setting(
            "qqp", ("different", "duplicate"), qqp, needs=("qqp_subset/train.jsonl.gz",), pairs=True
        ),
    )
}
