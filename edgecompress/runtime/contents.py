"""What may lie in a bundle: known kinds of files, none that runs, none larger than it needs to be.

Hashes prove that a bundle is the one that was sealed, not that sealing was honest. So a bundle is
looked through before any library opens one of its files, and before other tools that read this
folder are led to do what we would not: Hugging Face's loader runs code that config.json names, and
older ones unpickle whatever is called pytorch_model.bin. Nothing is guessed from what a file looks
like: what is not on the list is refused.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from edgecompress.runtime.bundle import Manifest
from edgecompress.runtime.errors import IntegrityError
from edgecompress.runtime.graph_file import require_plain_graph
from edgecompress.runtime.tokenizer_file import problem_of

LARGEST_BYTES: Final[Mapping[str, int]] = {  # by the end of the name
    ".onnx": 2_000_000_000,  # what protobuf can hold
    ".safetensors": 2_000_000_000,
    "tokenizer.json": 64_000_000,  # the largest vocabularies in use take 35 MB
    ".html": 64_000_000,
    ".json": 16_000_000,
    ".jsonl": 16_000_000,
    ".md": 16_000_000,
    ".txt": 16_000_000,
    ".xml": 16_000_000,
    ".yaml": 16_000_000,
    ".pem": 64_000,
}
MOST_FILES: Final = 1_000

# Fields of a model's settings that make Hugging Face's libraries load code, or pass on what would.
RUNS_CODE: Final = frozenset(
    {"auto_map", "custom_pipelines", "trust_remote_code", "_attn_implementation_internal"}
)
SETTINGS: Final = ("config.json", "tokenizer_config.json", "special_tokens_map.json")
MOST_TENSORS: Final = 5_000
LARGEST_HEADER_BYTES: Final = 10_000_000  # of a safetensors file


def require_plain_contents(folder: Path, manifest: Manifest) -> None:
    """Look through every file of a bundle whose hashes are right.

    Raises:
        IntegrityError: a file is of a kind that a bundle does not hold, too large, or holds what a
            text classifier does not need; the message names it.
    """
    if len(manifest.files) > MOST_FILES:
        raise IntegrityError(f"{folder}: more than {MOST_FILES:,} files")
    for path, record in sorted(manifest.files.items()):
        name = path.rpartition("/")[2]
        ending = next((e for e in LARGEST_BYTES if name.endswith(e)), None)
        if ending is None:
            raise IntegrityError(
                f"{folder}: {path}: a bundle holds no such files; only {', '.join(LARGEST_BYTES)}"
            )
        if record.size > LARGEST_BYTES[ending]:
            raise IntegrityError(f"{folder}: {path}: larger than {LARGEST_BYTES[ending]:,} bytes")
        look = LOOKED_INTO.get(name) or LOOKED_INTO.get(ending)
        if look:
            look(folder / path)


def _require_plain_tokenizer(path: Path) -> None:
    if found := problem_of(_json(path)):
        raise IntegrityError(f"{path}: {found}")


def _require_plain_settings(path: Path) -> None:
    for name in _names(_json(path)):
        if name in RUNS_CODE or name.endswith("_kwargs"):
            raise IntegrityError(
                f"{path}: has the field {name!r}, by which other tools would run code from here"
            )


def _names(value: Any) -> Iterator[str]:
    """Every name of a field, however deep."""
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            yield from inner
            waiting += inner.values()
        elif isinstance(inner, list):
            waiting += inner


def _require_plain_tensors(path: Path) -> None:
    """A safetensors file: the length of its header, the header in JSON, then bare numbers."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(LARGEST_HEADER_BYTES, path.stat().st_size - 8):
            raise IntegrityError(f"{path}: not a safetensors file")
        header = _parsed(path, file.read(length))
    if not isinstance(header, dict) or len(header) > MOST_TENSORS:
        raise IntegrityError(f"{path}: not a safetensors file of at most {MOST_TENSORS:,} tensors")


def _json(path: Path) -> Any:
    return _parsed(path, path.read_bytes())


def _parsed(path: Path, content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"{path}: not JSON: {error}") from error


LOOKED_INTO: Final[Mapping[str, Callable[[Path], None]]] = {  # by whole name, or else by ending
    **dict.fromkeys(SETTINGS, _require_plain_settings),
    "tokenizer.json": _require_plain_tokenizer,
    ".onnx": require_plain_graph,
    ".safetensors": _require_plain_tensors,
}
