"""What MiniLM makes of words and sentences: one vector of length 1 each."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from edgecompress.models.checkpoint import load_pretrained
from edgecompress.models.inputs import padded
from edgecompress.runtime.text import TextEncoder

MAX_TOKENS = 256  # what its makers trained it for
NO_LABELS = ("", " ")  # the head is never asked


class SentenceVectors:
    """Mean of the last hidden states, on one thread.

    Source: Reimers, Gurevych (2019), arXiv:1908.10084, section 3.
    """

    def __init__(self, folder: Path) -> None:
        """Load an encoder folder, such as the resource `minilm-l6`."""
        self._model = load_pretrained(folder, NO_LABELS, seed=0).eval()
        self.encoder = TextEncoder(folder, MAX_TOKENS)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """[n, hidden]; padded to the longest."""
        if torch.get_num_threads() != 1:
            torch.set_num_threads(1)  # sums in another order would round otherwise
        inputs = padded(self.encoder.encode(texts), self.encoder.pad_id)
        with torch.inference_mode():
            states = self._model(*inputs, hidden=True).hidden[-1]  # [n, tokens, hidden]
            mask = inputs.attention_mask.unsqueeze(2).to(states.dtype)
            means = (states * mask).sum(dim=1) / mask.sum(dim=1)
            vectors: NDArray[np.float32] = torch.nn.functional.normalize(means, dim=1).numpy()
        return vectors
