"""Verb `hub`: a bundle as a model repository of the Hugging Face hub, written and checked offline.

The repository is the bundle, byte for byte, and .gitattributes, which hubs need and no manifest
knows. So whoever downloads it can still verify what was judged, and by whom it was signed. Nothing
here needs torch: what publishes is not always what trains.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from edgecompress.core.errors import MissingExtra
from edgecompress.runtime.admission import Admitted, Demands, admit
from edgecompress.runtime.bundle import META, is_bundle
from edgecompress.runtime.errors import EnvironmentFault, InputError

CARD: Final = "README.md"
ATTRIBUTES: Final = ".gitattributes"
GIT: Final = ".git"  # of a clone, which is not ours
LARGE: Final = ("*.onnx", "*.safetensors")  # kept outside git, however small
LARGEST_IN_GIT_BYTES: Final = 10_000_000  # a hub refuses more unless .gitattributes names the file
JAVASCRIPT: Final = ("onnx/model_quantized.onnx", "onnx/model.onnx")
TASK: Final = "text-classification"


@dataclass(frozen=True)
class Reader:
    """Somebody else's library, and what it finds in the repository."""

    library: str
    file: str  # "" where it finds nothing
    how: str


@dataclass(frozen=True)
class Repository:
    """What was written."""

    folder: Path
    files: dict[str, int]  # path -> bytes
    admitted: Admitted
    readers: tuple[Reader, ...]
    remarks: tuple[str, ...]


def write_repository(bundle: Path, folder: Path, demands: Demands) -> Repository:
    """Make `folder` the repository of a bundle; an older one there is replaced, but for its .git.

    Raises:
        IntegrityError: the bundle is not what was sealed, or not signed as demanded.
        InputError: it has no model card, or one that a hub cannot read, or `folder` holds something
            else.
        EnvironmentFault: the extra is not installed.
    """
    card_of = hub().ModelCard
    _require_free(folder, bundle)
    admitted = admit(bundle, demands)
    paths = sorted((*admitted.manifest.files, *_seals(bundle)))
    files = {path: (bundle / path).stat().st_size for path in paths}
    card = read_card(bundle / CARD, card_of)
    _clear(folder)
    for path in paths:  # what says that it is a bundle comes first
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle / path, folder / path)
    text = attributes(files)
    (folder / ATTRIBUTES).write_text(text, encoding="utf-8")
    files[ATTRIBUTES] = len(text)
    return Repository(folder, files, admitted, tuple(_readers(files)), tuple(_remarks(card)))


def hub() -> Any:
    """The library, without its reports to its makers."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        return import_module("huggingface_hub")
    except ModuleNotFoundError as error:
        raise MissingExtra.of("hub", error.name, "hub") from None


def read_card(file: Path, card_of: Any) -> Any:
    """The metadata of a model card, as the hub's own library reads it.

    Raises:
        InputError: there is none, or it lacks what a hub needs, or has no results.
    """
    if not file.is_file():
        raise InputError(f"{file}: missing; release with `card: true`")
    try:
        data = card_of(file.read_text(encoding="utf-8")).data
    except Exception as error:  # of whichever library it reads YAML with
        raise InputError(f"{file}: its metadata cannot be read: {error}") from None
    if data.pipeline_tag != TASK or not data.license or not data.eval_results:
        raise InputError(
            f"{file}: needs license, pipeline_tag {TASK} and a model-index; `release` writes them"
        )
    return data


def attributes(files: dict[str, int]) -> str:
    """.gitattributes that keeps everything large outside git, as hubs demand.

    Args:
        files: path -> bytes.
    """
    endings = tuple(pattern.removeprefix("*") for pattern in LARGE)
    others = [
        path
        for path, size in sorted(files.items())
        if size > LARGEST_IN_GIT_BYTES and not path.endswith(endings)
    ]
    return "".join(
        f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in LARGE
    ) + "".join(f"/{path} filter=lfs diff=lfs merge=lfs -text\n" for path in others)


def push(made: Repository, name: str, api: Any, *, public: bool) -> str:
    """Upload a repository in one commit; what the hub had beyond it is deleted there.

    Args:
        name: "OWNER/NAME"; made where it is not there, private unless `public`.
        api: huggingface_hub.HfApi, or what can do the same.

    Returns:
        The address of the commit.

    Raises:
        InputError: the hub's library does not take the name.
        EnvironmentFault: the hub refuses, or cannot be reached.
    """
    errors = import_module("huggingface_hub.errors")
    manifest = made.admitted.manifest
    try:
        api.create_repo(name, private=not public, exist_ok=True)
        done = api.upload_folder(
            repo_id=name,
            folder_path=made.folder,
            commit_message=f"edgecompress: release {manifest.sequence}, {manifest.digest[:12]}",
            ignore_patterns=[GIT, f"{GIT}/*"],
            delete_patterns="*",
        )
    except errors.HFValidationError as error:
        raise InputError(f"--push {name}: {error}") from None
    except (errors.HTTPError, OSError) as error:
        raise EnvironmentFault(f"--push {name}: {str(error).strip()}") from error
    return str(done)


def _require_free(folder: Path, bundle: Path) -> None:
    """Refuse, before anything is written, what is not an older repository of ours."""
    here, there = folder.resolve(), bundle.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise InputError(f"--to {folder}: lies in the bundle, or the bundle in it; choose another")
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(f"--to {folder}: is not a folder; choose another")
    if (
        folder.is_dir()
        and not is_bundle(folder)
        and {p.name for p in folder.iterdir()} - {GIT, ATTRIBUTES}
    ):
        raise InputError(f"--to {folder}: holds files that are no bundle; choose another")


def _clear(folder: Path) -> None:
    """Take the older repository away; what tells that it was one goes last."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.iterdir(), key=lambda path: path.name == META):
        if path.name == GIT:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _seals(bundle: Path) -> Iterator[str]:
    """What no manifest can know: itself, and the signature over it."""
    for name in ("manifest.json", "signature.json"):
        if (bundle / META / name).is_file():
            yield f"{META}/{name}"


def _readers(files: dict[str, int]) -> Iterator[Reader]:
    """Who looks for what, by the places that their loaders try first."""
    weights = "model.safetensors" if "model.safetensors" in files else ""
    script = next((path for path in JAVASCRIPT if path in files), "")
    yield Reader("edgecompress", "model.onnx", "EdgeModel.load, predict, serve; verify")
    yield Reader("onnxruntime", "model.onnx", "InferenceSession")
    yield Reader("optimum", "model.onnx", "ORTModelForSequenceClassification.from_pretrained")
    yield Reader("transformers", "tokenizer.json", "AutoTokenizer, AutoConfig")
    yield Reader(
        "transformers",
        weights,
        "AutoModelForSequenceClassification" if weights else "a bundle carries no torch weights",
    )
    yield Reader(
        "transformers.js",
        script,
        f"pipeline('{TASK}')" if script else "release with `portable: true` for the graph it needs",
    )


def _remarks(card: Any) -> Iterator[str]:
    """What a publisher would be asked about."""
    if card.license == "other":
        yield (
            "the card says `license: other`: set `license` below `release` in the recipe, to one "
            "that the teacher's and the data's allow"
        )
