"""Any Hugging Face text classifier, behind the same forward as our own encoder."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    PreTrainedModel,
)
from transformers.utils import logging

from edgecompress.core.errors import IntegrityError
from edgecompress.models.classifier import Classifier, Output

LOCAL = {"local_files_only": True, "trust_remote_code": False}
WEIGHTS = {"dtype": torch.float32, "use_safetensors": True}
POSITIONS_BEHIND_PADDING = {"camembert", "mpnet", "roberta", "xlm-roberta"}


class HuggingFaceClassifier(Classifier):
    """A thin wrapper: the network's own layers, names and configuration stay as they are."""

    def __init__(self, network: PreTrainedModel) -> None:
        super().__init__()
        self.network = network
        self.labels = tuple(network.config.id2label[i] for i in range(network.config.num_labels))
        accepts = inspect.signature(network.forward).parameters
        segments = getattr(network.config, "type_vocab_size", 0)
        self._takes_segments = "token_type_ids" in accepts and segments > 1

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        *,
        hidden: bool = False,
        attention: bool = False,
    ) -> Output:
        """See `Classifier.forward`; segments are dropped where the network has none."""
        if attention and self.network.config._attn_implementation != "eager":
            self.network.set_attn_implementation("eager")  # the others keep no attention maps
        segments = {"token_type_ids": token_type_ids} if self._takes_segments else {}
        answer = self.network(
            input_ids=input_ids,
            attention_mask=attention_mask,
            output_hidden_states=hidden,
            output_attentions=attention,
            **segments,
        )
        return Output(
            answer.logits,
            answer.hidden_states if hidden else None,
            answer.attentions if attention else None,
        )

    def rename_labels(self, labels: tuple[str, ...]) -> None:
        """Give the classes other names; their number and order stay."""
        self.labels = labels
        self.network.config.id2label = dict(enumerate(labels))
        self.network.config.label2id = {label: index for index, label in enumerate(labels)}

    @property
    def max_tokens(self) -> int:
        """The longest text that the table of positions can hold."""
        config = self.network.config
        offset = config.pad_token_id + 1 if config.model_type in POSITIONS_BEHIND_PADDING else 0
        return int(config.max_position_embeddings) - offset

    @property
    def vocab_size(self) -> int:
        """Rows of the table of word pieces."""
        return int(self.network.get_input_embeddings().weight.shape[0])

    @property
    def word_vectors(self) -> Tensor:
        """The table of word pieces, as wide as the network: [vocab_size, hidden]."""
        table: Tensor = self.network.get_input_embeddings().weight
        return table

    def save(self, folder: Path) -> None:
        """Write config.json and model.safetensors, as transformers does."""
        with _quiet():
            self.network.save_pretrained(folder)


def load_hugging_face(
    folder: Path, classes: int | None = None
) -> tuple[HuggingFaceClassifier, tuple[str, ...]]:
    """The classifier of a folder in fp32, and the names of the weights that it did not hold.

    Args:
        folder: config.json and model.safetensors; nothing is fetched, no code of it is run.
        classes: how many the head shall have; a head with another number starts anew.

    Raises:
        IntegrityError: transformers cannot make a text classifier of it, or a weight below the
            head is missing or has another shape than config.json says.
    """
    with _reading(folder, "text classifier"):
        config = AutoConfig.from_pretrained(folder, **LOCAL)
        if classes is not None and config.num_labels != classes:
            config.num_labels = classes
        network, seen = AutoModelForSequenceClassification.from_pretrained(
            folder,
            config=config,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            **WEIGHTS,
            **LOCAL,
        )
    fresh = sorted({*seen["missing_keys"], *(name for name, *_ in seen["mismatched_keys"])})
    body = [name for name in fresh if _below_the_head(name, network.base_model_prefix)]
    if body:
        raise IntegrityError(
            f"{folder}: model.safetensors lacks {len(body)} weights that config.json asks for, "
            f"or has them in another shape; the first is {body[0]}"
        )
    return HuggingFaceClassifier(network.eval()), tuple(fresh)


def load_masked(folder: Path) -> PreTrainedModel:
    """The masked language model of a folder in fp32, which proposes a word for a masked one.

    Raises:
        IntegrityError: transformers cannot make one of it, or a weight is missing: an encoder
            whose head for words was not kept proposes nothing of sense.
    """
    with _reading(folder, "masked language model"):
        network, seen = AutoModelForMaskedLM.from_pretrained(
            folder, output_loading_info=True, **WEIGHTS, **LOCAL
        )
    if missing := sorted(seen["missing_keys"]):
        raise IntegrityError(
            f"{folder}: not a masked language model: model.safetensors lacks {len(missing)} "
            f"weights of one, the first is {missing[0]}"
        )
    return network.eval()


def _below_the_head(name: str, prefix: str) -> bool:
    """A pooler counts as head: a plain encoder may come without one."""
    return name.startswith(f"{prefix}.") and not name.startswith(f"{prefix}.pooler.")


@contextmanager
def _reading(folder: Path, what: str) -> Iterator[None]:
    """Turn whatever transformers says of a folder into one error of ours."""
    try:
        with _quiet():
            yield
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise IntegrityError(f"{folder}: not a {what}: {reason}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' own bars and load reports off the terminal; errors still come."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
