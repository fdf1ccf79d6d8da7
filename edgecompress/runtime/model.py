"""A compressed classifier that answers texts: onnxruntime, tokenizers and numpy, nothing else."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Self, TypedDict

import numpy as np
from numpy.typing import NDArray

from edgecompress.runtime.admission import Demands, admit
from edgecompress.runtime.config import read_config
from edgecompress.runtime.errors import EnvironmentFault, InputError, IntegrityError
from edgecompress.runtime.grouping import of_equal_length
from edgecompress.runtime.session import graph_faults
from edgecompress.runtime.text import Encoded, Text, TextEncoder

FloatArray = NDArray[np.float32]
Feed = Mapping[str, NDArray[np.signedinteger[Any]]]  # input name -> [b, s]

Backend = Literal["onnxruntime", "openvino"]
SESSIONS: Mapping[str, str] = {  # loaded when asked for: few devices have the second
    "onnxruntime": "edgecompress.runtime.session",
    "openvino": "edgecompress.runtime.openvino_session",
}

GRAPH_PLACES = ("model.onnx", "onnx/model.onnx")
PORTABLE_PLACES = ("onnx/model_quantized.onnx", "onnx/model.onnx")  # of a bundle, if it has one
NEEDED_INPUTS = frozenset({"input_ids", "attention_mask"})
KNOWN_INPUTS = NEEDED_INPUTS | {"token_type_ids"}
INTEGERS: Mapping[str, type[np.signedinteger[Any]]] = {
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}


class Prediction(TypedDict):
    """The answer to one text."""

    label: str
    score: float  # probability of `label`, in [0, 1]
    scores: dict[str, float]  # probability of every label; they sum to 1


class EdgeModel:
    """A classifier on the device. `load` makes one; threads may share it."""

    def __init__(
        self,
        folder: Path,
        file: Path,
        threads: int = 1,
        digest: str | None = None,
        backend: Backend = "onnxruntime",
    ) -> None:
        """Believe what is given; `EdgeModel.load` verifies first, and finds the graph.

        Args:
            folder: config.json and the tokenizer.
            file: the graph, wherever it is.
            threads: how many threads one answer may use.
            digest: of the bundle, where it was verified; what is known by its hashes alone gets a
                limited share of this process's memory.
            backend: what computes the graph.
        """
        self.folder, self.file = folder, file
        config = read_config(folder / "config.json")
        self.labels, self.batch_invariant = config.labels, config.batch_invariant
        self.encoder = TextEncoder(folder)
        self.max_length = self.encoder.max_length  # tokens; longer texts are cut
        self.session = _opened(
            backend, file, threads, capped=digest is not None
        )  # for who measures
        self._inputs = {i.name: _integer_type(self.file, i) for i in self.session.get_inputs()}
        _require_inputs(self.file, self._inputs)
        outputs = {output.name: output.shape for output in self.session.get_outputs()}
        self.outputs = ["logits" if "logits" in outputs else next(iter(outputs))]
        self._require_classes(outputs[self.outputs[0]])
        self._ones = np.ones((1, self.max_length), dtype=self._inputs["attention_mask"])
        self._digest = digest

    @classmethod
    def load(
        cls,
        path: str | Path,
        threads: int = 1,
        *,
        verify: bool = True,
        backend: Backend = "onnxruntime",
        key: str | Path | None = None,
    ) -> Self:
        """Load a bundle that is whole, and all that this device demands (`runtime/admission.py`).

        Args:
            path: a bundle.
            threads: how many threads one answer may use.
            verify: False takes any folder with a config.json that has `id2label`, a tokenizer.json
                and an ONNX file, at its top or in onnx/, and believes it; `path` may then also be
                that file, which tells which one of several is meant.
            backend: "openvino" computes the graph with OpenVINO (extra `openvino`), of a bundle
                its portable graph where it has one. `edgecompress bench` tells whether that is
                faster, and answers alike.
            key: the file of the public key that must have signed the bundle; else what
                $EDGECOMPRESS_KEY names. Without any, unsigned bundles are loaded too.

        Raises:
            InputError: there is no such folder, it holds several ONNX files and none is called
                model.onnx, `threads` is not a number of threads, `key` is no public key, or there
                is no such back end, or none that reads this graph.
            IntegrityError: a file is not the sealed one, the bundle is not signed by `key` or too
                old, or the folder holds no classifier that this runtime can run.
            EnvironmentFault: the back end, or what reads keys, is not installed.
        """
        given = Path(path)
        if key and not verify:
            raise InputError("verify=False checks no signature; leave out `key`, or verify")
        if not given.is_dir() and (verify or not given.is_file()):
            raise InputError(f"{given}: not a folder")
        digest = admit(given, Demands.here(key)).manifest.digest if verify else None
        portable = PORTABLE_PLACES if digest and backend == "openvino" else ()
        folder, file = _found(given, (*portable, *GRAPH_PLACES))
        return cls(folder, file, threads, digest, backend)

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal characters: a verified bundle's own, else over the files that answer."""
        return self._digest or _digest_of(self.folder, self.file)

    def predict(self, texts: Sequence[Text]) -> list[Prediction]:
        """Label each text; the order is kept.

        Raises:
            InputError: something is not a text.
            IntegrityError: the model's answer is not a number.
        """
        return self.predictions(self.logits(texts))

    def predictions(self, logits: FloatArray) -> list[Prediction]:
        """[n, classes] -> the label and the probabilities of each row.

        Raises:
            IntegrityError: the model's answer is not a number.
        """
        return [self._prediction(row) for row in logits.tolist()]

    def logits(self, texts: Sequence[Text]) -> FloatArray:
        """Raw answers, [n, classes]; never does a text's answer depend on those beside it.

        Dynamic int8 has one activation scale per tensor, so the other texts of a batch, and even
        the padding, change a text's answer: such a graph is asked one text at a time. A graph that
        says of itself that batches do not matter to it is asked texts of one length together,
        which saves a call for each. Padding is computed in neither case.
        """
        return self.answers(self.encoder.encode(texts))

    def answers(self, encoded: Sequence[Encoded]) -> FloatArray:
        """`logits` of texts that are token ids already, [n, classes]."""
        answers = np.empty((len(encoded), len(self.labels)), dtype=np.float32)
        lengths = [len(text.ids) for text in encoded]
        alone = ([row] for row in range(len(encoded)))
        for rows in of_equal_length(lengths) if self.batch_invariant else alone:
            together = [encoded[row] for row in rows]
            feed = self._padded(together) if together[1:] else self.feed(together[0])
            answers[rows] = self._run(feed)
        return answers

    def feed(self, encoded: Encoded) -> Feed:
        """One text as the graph takes it: alone and without padding, each input [1, s]."""
        ones = self._ones[:, : len(encoded.ids)]
        return self._typed(np.array([encoded.ids]), ones, [encoded.type_ids])

    def logits_in_batches(self, texts: Sequence[Text], batch_size: int) -> FloatArray:
        """As `logits`, but in batches that are padded to their longest text.

        For measuring what another runtime's users would see; see `logits` for why we do not.
        """
        if batch_size < 1:
            raise InputError(f"batch_size must be at least 1, got {batch_size}")
        answers = np.empty((len(texts), len(self.labels)), dtype=np.float32)
        for start in range(0, len(texts), batch_size):
            batch = self.encoder.encode(texts[start : start + batch_size])
            answers[start : start + len(batch)] = self._run(self._padded(batch))
        return answers

    def _typed(self, ids: Any, mask: Any, type_ids: Any) -> Feed:
        """[b, s] of each -> those that the graph has, in its kind of integers."""
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": type_ids}
        return {name: np.asarray(given[name], kind) for name, kind in self._inputs.items()}

    def _padded(self, batch: Sequence[Encoded]) -> Feed:
        shape = (len(batch), max(len(text.ids) for text in batch))
        ids, mask = np.full(shape, self.encoder.pad_id), np.zeros(shape, int)
        type_ids = np.zeros(shape, int)
        for row, text in enumerate(batch):
            ids[row, : len(text.ids)] = text.ids
            mask[row, : len(text.ids)] = 1
            type_ids[row, : len(text.ids)] = text.type_ids
        return self._typed(ids, mask, type_ids)

    def _run(self, feed: Feed) -> FloatArray:
        """[b, s] of each input -> [b, classes]."""
        with graph_faults(self.file, "cannot answer"):
            (logits,) = self.session.run(self.outputs, feed)
        self._require_classes(logits.shape)
        answer: FloatArray = logits
        return answer

    def _require_classes(self, shape: Sequence[int | str | None]) -> None:
        """Sizes that the graph leaves open until it runs are names or None."""
        classes = shape[-1] if len(shape) == 2 else 0
        if isinstance(classes, int) and classes != len(self.labels):
            raise IntegrityError(
                f"{self.file}: gives logits of shape {list(shape)}, "
                f"config.json names {len(self.labels)} labels"
            )

    def _prediction(self, logits: list[float]) -> Prediction:
        top = max(logits)
        weights = [math.exp(value - top) for value in logits]
        total = sum(weights)
        if not math.isfinite(total) or not math.isfinite(top):
            raise IntegrityError(f"{self.file}: its answer is not a number: {logits}")
        scores = {label: w / total for label, w in zip(self.labels, weights, strict=True)}
        label = self.labels[logits.index(top)]
        return {"label": label, "score": scores[label], "scores": scores}


def _opened(backend: str, file: Path, threads: int, *, capped: bool) -> Any:
    """What answers `get_inputs`, `get_outputs` and `run` as an onnxruntime session does."""
    if backend not in SESSIONS:
        raise InputError(f"backend must be {' or '.join(SESSIONS)}, got {backend!r}")
    try:
        module = import_module(SESSIONS[backend])
    except ModuleNotFoundError as error:
        raise EnvironmentFault(
            f"backend {backend!r} needs {error.name}, which is not installed: "
            f'pip install "edgecompress[{backend}]"'
        ) from None
    return module.open_session(file, threads, capped=capped)


def _found(given: Path, places: Sequence[str]) -> tuple[Path, Path]:
    """The folder of a model and its graph, where one of the two is given."""
    if given.is_dir():
        return given, _graph_in(given, places)
    return _home_of(given), given


def _graph_in(folder: Path, places: Sequence[str]) -> Path:
    for place in places:
        if (folder / place).is_file():
            return folder / place
    others = sorted([*folder.glob("*.onnx"), *folder.glob("onnx/*.onnx")])
    if not others:
        raise IntegrityError(f"{folder}: no {' or '.join(GRAPH_PLACES)}")
    if len(others) > 1:
        names = ", ".join(other.relative_to(folder).as_posix() for other in others)
        raise InputError(f"{folder}: holds several graphs, {names}; name the file that you mean")
    return others[0]


def _home_of(graph: Path) -> Path:
    """Where the files beside a graph are: in its folder, or above a folder called onnx."""
    above = graph.parent.parent
    named = graph.parent.name == "onnx" and not (graph.parent / "config.json").is_file()
    return above if named else graph.parent


def _integer_type(path: Path, graph_input: Any) -> type[np.signedinteger[Any]]:
    if graph_input.type not in INTEGERS:
        raise IntegrityError(
            f"{path}: input {graph_input.name} is {graph_input.type}; "
            f"token ids are {' or '.join(INTEGERS)}"
        )
    return INTEGERS[graph_input.type]


def _require_inputs(path: Path, inputs: Mapping[str, object]) -> None:
    if not NEEDED_INPUTS <= inputs.keys() <= KNOWN_INPUTS:
        raise IntegrityError(
            f"{path}: has inputs {', '.join(sorted(inputs))}; a text classifier has "
            "input_ids, attention_mask and perhaps token_type_ids"
        )


def _digest_of(folder: Path, graph: Path) -> str:
    parts = [folder / "config.json", folder / "tokenizer.json", folder / "tokenizer_config.json"]
    total = hashlib.sha256()
    for path in (*parts, graph):
        content = path.read_bytes() if path.is_file() else b""
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()
