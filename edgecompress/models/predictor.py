"""A torch classifier that answers texts: the teacher at the gate, and any stage's model."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from edgecompress.core.case import FloatArray
from edgecompress.core.texts import Text
from edgecompress.models.checkpoint import load_model
from edgecompress.models.inputs import padded
from edgecompress.runtime.grouping import of_equal_length
from edgecompress.runtime.text import Encoded, TextEncoder


class TorchPredictor:
    """Answers in fp32, without dropout; a text that comes alone, on a fixed number of threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load a "torch-model" folder.

        Args:
            folder: the model and its tokenizer.
            threads: of one text, which may be timed. Several at once take all cores that there are.

        Raises:
            IntegrityError: a file is missing, broken, refused, or does not fit the others.
            StageError: the model has no trained head.
        """
        self._model = load_model(folder)
        self._encoder = TextEncoder(folder)
        self._threads = threads
        self.labels = self._model.labels
        self.params = self._model.params

    def logits(self, texts: Sequence[Text]) -> FloatArray:
        """[n, classes]; texts of one length share a batch, so none is padded.

        What a text is answered with does not depend on its company, except that a matrix product
        of another size may round its last bit otherwise.
        """
        encoded = self._encoder.encode(texts)
        answers = np.empty((len(texts), len(self.labels)), np.float32)
        for rows in of_equal_length([len(text.ids) for text in encoded]):
            answers[rows] = self._answer([encoded[row] for row in rows])
        return answers

    def logits_in_batches(self, texts: Sequence[Text], batch_size: int) -> FloatArray:
        """[n, classes]; taken in order, each batch padded to its longest text."""
        encoded = self._encoder.encode(texts)
        answers = np.empty((len(texts), len(self.labels)), np.float32)
        for start in range(0, len(texts), batch_size):
            answers[start : start + batch_size] = self._answer(encoded[start : start + batch_size])
        return answers

    def _answer(self, batch: Sequence[Encoded]) -> FloatArray:
        threads = self._threads if len(batch) == 1 else len(os.sched_getaffinity(0))
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)  # one setting for the process: others change it
        with torch.inference_mode():
            logits = self._model(*padded(batch, self._encoder.pad_id)).logits
        array: FloatArray = logits.numpy()
        return array
