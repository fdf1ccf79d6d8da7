"""Two resources that are made, not fetched: a tiny random BERT, and synthetic reviews for it.

They let the whole road from recipe to bundle run in seconds and without a network. Both are the
same to the byte wherever they are made: chance comes from `random.Random.random` alone, the one
stream that Python promises never to change.
"""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

T = TypeVar("T")
SEED: Final = 20

NEGATIVE: Final = "negative"
POSITIVE: Final = "positive"
OPPOSITE: Final = {NEGATIVE: POSITIVE, POSITIVE: NEGATIVE}
SPLITS: Final = {"train": 1200, "validation": 300, "test": 600}

ADJECTIVES: Final = {
    POSITIVE: [
        *("brilliant", "charming", "clever", "delightful", "fresh", "funny"),
        *("gripping", "honest", "lovely", "memorable", "moving", "rich"),
        *("superb", "tender", "thrilling", "warm", "wise", "witty"),
    ],
    NEGATIVE: [
        *("awful", "bland", "boring", "clumsy", "confusing", "dull"),
        *("empty", "flat", "forgettable", "hollow", "lazy", "messy"),
        *("pointless", "shallow", "stale", "stupid", "tedious", "tired"),
    ],
}
VERBS: Final = {
    POSITIVE: ["adored", "enjoyed", "loved", "praised", "savoured"],
    NEGATIVE: ["despised", "disliked", "hated", "mocked", "regretted"],
}
SUBJECTS: Final = [
    *("the acting", "the camera work", "the cast", "the dialogue", "the director's eye"),
    *("the ending", "the film", "the first hour", "the humour", "the lead actor", "the music"),
    *("the pace", "the plot", "the script", "the second half", "the story", "the villain"),
    *("this comedy", "this drama", "this sequel"),
]
DEGREES: Final = ["", "", "really ", "rather ", "so ", "truly ", "very "]
WATCHERS: Final = ["i", "my friends", "the critics", "we"]
DENIALS: Final = ["is hardly", "is never", "is not", "was not"]
ASIDES: Final = [
    *("", "", "", " from start to finish", " in its own way", " on a rainy evening"),
    *(" on the big screen", " after all these years", " for the whole family"),
]
PUNCTUATION: Final = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
UNKNOWN: Final = "[UNK]"
SPECIAL: Final = ("[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]")

LAYERS: Final = 4
WIDTH: Final = 64
HEADS: Final = 4
INTERMEDIATE: Final = 128
POSITIONS: Final = 128
WEIGHT_STD: Final = 0.03  # a fine-tune of 3 epochs at 1e-3 reaches 0.93 on validation


def tiny_reviews(split: str) -> list[tuple[str, str]]:
    """(text, "negative" or "positive") for each of the 1200, 300 or 600 rows of a split.

    Texts are distinct over all splits, 4 to 25 words long, and each split is balanced.
    About one clause in fourteen is negated, and one review in eight contrasts two clauses, of
    which the last one decides: counting friendly words does not suffice.

    Raises:
        KeyError: `split` is not train, validation or test.
    """
    wanted = SPLITS[split]
    before = list(SPLITS)[: list(SPLITS).index(split)]
    skipped = sum(SPLITS[name] for name in before)
    rows = _distinct_reviews(_chance())
    for _ in range(skipped):
        next(rows)
    return [next(rows) for _ in range(wanted)]


def make_tiny_bert(folder: Path) -> None:
    """Write an untrained BERT encoder of four layers of 64 into `folder`, in Hugging Face layout.

    Its vocabulary holds every word of tiny-reviews, and single characters for all others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _vocabulary()
    _write_json(folder / "config.json", _config(len(vocabulary)))
    weights = dict(_weights(len(vocabulary)))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    _write_tokenizer(folder, vocabulary)


def _chance() -> random.Random:
    return random.Random(SEED)  # noqa: S311 - it makes texts and weights, not secrets


def _pick(chance: random.Random, options: Sequence[T]) -> T:
    return options[int(chance.random() * len(options))]


def _distinct_reviews(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Negative and positive in turn, for ever, no text twice."""
    seen: set[str] = set()
    label = NEGATIVE
    while True:
        text = _review(chance, label)
        if text not in seen:
            seen.add(text)
            yield text, label
            label = OPPOSITE[label]


def _review(chance: random.Random, label: str) -> str:
    main, shape = _clause(chance, label), chance.random()
    if shape < 0.35:
        return f"{main}{_pick(chance, ASIDES)}."
    if shape < 0.88:
        return f"{main} and {_clause(chance, label)}{_pick(chance, ASIDES)}."
    against = _clause(chance, OPPOSITE[label])
    contrasts = (f"{against}, but {main}", f"although {against}, {main}")
    return f"{_pick(chance, contrasts)}."


def _clause(chance: random.Random, polarity: str) -> str:
    """Three to nine words that speak well or ill of one thing."""
    subject, shape = _pick(chance, SUBJECTS), chance.random()
    if shape < 0.25:
        return f"{_pick(chance, WATCHERS)} {_pick(chance, VERBS[polarity])} {subject}"
    if shape < 0.32:
        adjective = _pick(chance, ADJECTIVES[OPPOSITE[polarity]])
        return f"{subject} {_pick(chance, DENIALS)} {_pick(chance, DEGREES)}{adjective}"
    adjective = _pick(chance, ADJECTIVES[polarity])
    return f"{subject} {_pick(chance, ('is', 'was'))} {_pick(chance, DEGREES)}{adjective}"


def _vocabulary() -> list[str]:
    phrases = [*SUBJECTS, *DEGREES, *WATCHERS, *DENIALS, *ASIDES, "is and but although even if"]
    phrases += [" ".join(words) for group in (ADJECTIVES, VERBS) for words in group.values()]
    words = {word for phrase in phrases for word in phrase.replace("'", " ").split()}
    pieces = [f"##{letter}" for letter in LETTERS]
    return [*SPECIAL, *PUNCTUATION, *LETTERS, *pieces, *sorted(words - set(LETTERS))]


def _config(vocabulary_size: int) -> dict[str, object]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": vocabulary_size,
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": INTERMEDIATE,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2,
        "initializer_range": WEIGHT_STD,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    }


def _weights(vocabulary_size: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Name and values of every tensor of a BertModel, in a fixed order."""
    chance = _chance()
    for table, rows in (("word", vocabulary_size), ("position", POSITIONS), ("token_type", 2)):
        yield f"embeddings.{table}_embeddings.weight", _noise(chance, rows, WIDTH)
    yield from _layer_norm("embeddings.LayerNorm")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            yield from _linear(chance, f"{at}.attention.{name}", WIDTH, WIDTH)
        yield from _layer_norm(f"{at}.attention.output.LayerNorm")
        yield from _linear(chance, f"{at}.intermediate.dense", INTERMEDIATE, WIDTH)
        yield from _linear(chance, f"{at}.output.dense", WIDTH, INTERMEDIATE)
        yield from _layer_norm(f"{at}.output.LayerNorm")
    yield from _linear(chance, "pooler.dense", WIDTH, WIDTH)


def _noise(chance: random.Random, rows: int, columns: int) -> NDArray[np.float32]:
    """Uniform, not normal: exact arithmetic on any machine, where log and cos may differ."""
    draws = np.array([chance.random() for _ in range(rows * columns)])
    values = (draws - 0.5) * (WEIGHT_STD * 12**0.5)
    return values.astype(np.float32).reshape(rows, columns)


def _linear(
    chance: random.Random, name: str, out: int, width: int
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    yield f"{name}.weight", _noise(chance, out, width)
    yield f"{name}.bias", np.zeros(out, np.float32)


def _layer_norm(name: str) -> Iterator[tuple[str, NDArray[np.float32]]]:
    yield f"{name}.weight", np.ones(WIDTH, np.float32)
    yield f"{name}.bias", np.zeros(WIDTH, np.float32)


def _write_tokenizer(folder: Path, vocabulary: Sequence[str]) -> None:
    ids = {token: i for i, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(WordPiece(ids, unk_token=UNKNOWN))
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.decoder = WordPieceDecoder()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, ids[token]) for token in ("[CLS]", "[SEP]")],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    roles = {f"{token[1:-1].lower()}_token": token for token in SPECIAL}
    _write_json(folder / "special_tokens_map.json", roles)
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, **roles}
    _write_json(folder / "tokenizer_config.json", {**settings, "model_max_length": POSITIONS})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
