"""Files beside the graph that want to be run, to grow, or to reach outside."""

import io
import json
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.security.small_bundle import forge

Write = Callable[[Path, Path], None]  # bundle, a folder outside with `secret`


class Executes:
    """Unpickled, it makes a file."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.place),)


def pickled(name: str) -> Write:
    def write(bundle: Path, outside: Path) -> None:
        (bundle / name).write_bytes(pickle.dumps(Executes(outside / "executed")))

    return write


def zipped_pickle(name: str) -> Write:
    """As torch saves since 1.6."""

    def write(bundle: Path, outside: Path) -> None:
        with zipfile.ZipFile(bundle / name, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(Executes(outside / "executed")))

    return write


def content(name: str, told: bytes) -> Write:
    return lambda bundle, _: (bundle / name).write_bytes(told)


def setting(name: str, key: str, value: Any) -> Write:
    """One more field in one of the files of settings."""

    def write(bundle: Path, outside: Path) -> None:
        settings = json.loads((bundle / name).read_text())
        (bundle / name).write_text(json.dumps({**settings, key: value}))

    return write


def tokenizer(change: Callable[[dict[str, Any]], object]) -> Write:
    def write(bundle: Path, outside: Path) -> None:
        told = json.loads((bundle / "tokenizer.json").read_text())
        change(told)
        (bundle / "tokenizer.json").write_text(json.dumps(told))

    return write


def replacing(*steps: tuple[str, str]) -> Write:
    parts = [{"type": "Replace", "pattern": {"Regex": a}, "content": b} for a, b in steps]
    return tokenizer(lambda t: t.update(normalizer={"type": "Sequence", "normalizers": parts}))


def many_pieces(told: dict[str, Any]) -> None:
    told["post_processor"]["single"] *= 100_000


def many_ids(told: dict[str, Any]) -> None:
    token = told["post_processor"]["special_tokens"]["[CLS]"]
    token["ids"], token["tokens"] = [2] * 1_000_000, ["[CLS]"] * 1_000_000


def without_unknown(told: dict[str, Any]) -> None:
    told["model"]["vocab"] = {"film": 0}
    told["added_tokens"] = []


def archive(name: str, member: str) -> Write:
    """An archive that would write outside; nothing here may open it."""

    def write(bundle: Path, outside: Path) -> None:
        if name.endswith(".zip"):
            with zipfile.ZipFile(bundle / name, "w") as made:
                made.writestr(member.format(outside=outside), "x")
            return
        with tarfile.open(bundle / name, "w:gz") as made_tar:
            info = tarfile.TarInfo(member.format(outside=outside))
            info.size = 1
            made_tar.addfile(info, io.BytesIO(b"x"))

    return write


def sparse(name: str, size: int) -> Write:
    """Much space on paper, none on the disk."""

    def write(bundle: Path, outside: Path) -> None:
        with (bundle / name).open("ab") as file:
            file.truncate(size)

    return write


NESTED = b"[" * 200_000
HEADER_OF_100_MB = (100_000_000).to_bytes(8, "little") + b"{" + b" " * 1_000

FILES: dict[str, Write] = {
    "a pickle of weights": pickled("pytorch_model.bin"),
    "a pickle called safetensors": pickled("model.safetensors"),
    "a pickle called a tokenizer": pickled("tokenizer.json"),
    "a pickle called a configuration": pickled("config.json"),
    "a pickle called a graph": pickled("model.onnx"),
    "a pickle beside the report": pickled(".edgecompress/report.pkl"),
    "a zipped pickle": zipped_pickle("model.pt"),
    "a zipped pickle called safetensors": zipped_pickle("model.safetensors"),
    "a module of Python": content("modeling_custom.py", b"import os\n"),
    "a shared library": content("custom_ops.so", b"\x7fELF" + bytes(60)),
    "safetensors with a header of 100 MB": content("model.safetensors", HEADER_OF_100_MB),
    "safetensors cut off": content("model.safetensors", b"\xff" * 5),
    "code named by config.json": setting(
        "config.json", "auto_map", {"AutoModel": "modeling_custom.Model"}
    ),
    "an attention that is fetched": setting(
        "config.json", "_attn_implementation_internal", "somebody/kernel"
    ),
    "trust_remote_code in config.json": setting("config.json", "trust_remote_code", True),
    "arguments passed on": setting("config.json", "model_kwargs", {"trust_remote_code": True}),
    "code named deep inside": setting("config.json", "sub", [{"x": {"auto_map": "a--b.C"}}]),
    "code named by the tokenizer": setting("tokenizer_config.json", "auto_map", ["a", None]),
    "brackets called a configuration": content("config.json", NESTED),
    "brackets called a tokenizer": content("tokenizer.json", NESTED),
    "labels that are no texts": setting("config.json", "id2label", {"0": [], "1": {}}),
    "a number of a million digits": content("config.json", b'{"id2label": 1' + b"0" * 1_000_000),
    "a regex that explodes": replacing(("a", "a" * 40 + "!"), ("(a+)+$", "b")),
    "replacements that explode": replacing(*[("a", "a" * 10)] * 12),
    "a replacement of nothing": replacing(("", "a" * 60), ("", "b" * 60), ("", "c" * 60)),
    "ten megabytes before each text": tokenizer(
        lambda t: t.update(normalizer={"type": "Prepend", "prepend": "a" * 10_000_000})
    ),
    "a text three hundred thousand times": tokenizer(many_pieces),
    "a special token of a million ids": tokenizer(many_ids),
    "words of a million letters": tokenizer(
        lambda t: t["model"].update(max_input_chars_per_word=1_000_000)
    ),
    "a vocabulary without unknown": tokenizer(without_unknown),
    "no vocabulary": tokenizer(lambda t: t["model"].update(vocab=None)),
    "an unknown model of tokens": tokenizer(lambda t: t["model"].update(type="Python")),
    "an unknown part of a tokenizer": tokenizer(lambda t: t.update(pre_tokenizer={"type": "Exec"})),
    "a tokenizer of 200 MB": sparse("tokenizer.json", 200_000_000),
    "a configuration of 20 MB": sparse("config.json", 20_000_000),
    "two names that fall together": content("CONFIG.json", b"{}"),
    "a zip that climbs": archive("weights.zip", "../../executed"),
    "a tar with absolute paths": archive("weights.tar.gz", "{outside}/executed"),
}  # fmt: skip


def claimed(path: str) -> Write:
    """A manifest that knows a file elsewhere."""

    def write(bundle: Path, outside: Path) -> None:
        forge(bundle, **{path.format(outside=outside, up=f"../{outside.name}"): "0" * 64})

    return write


def swapped_for_link(bundle: Path, outside: Path) -> None:
    (bundle / "config.json").rename(outside / "config.json")
    (bundle / "config.json").symlink_to(outside / "config.json")


def linked_folder(bundle: Path, outside: Path) -> None:
    (bundle / "onnx").symlink_to(outside)


def pipe(bundle: Path, outside: Path) -> None:
    (bundle / "config.json").unlink()
    os.mkfifo(bundle / "config.json")


SEALED_BEFORE: dict[str, Write] = {  # what the sealing itself has to say, or comes after it
    "a manifest that climbs": claimed("{up}/secret"),
    "a manifest with absolute paths": claimed("{outside}/secret"),
}
LINKS: dict[str, Write] = {
    "a link to a file outside": swapped_for_link,
    "a link to a folder outside": linked_folder,
    "a pipe instead of a file": pipe,
}
