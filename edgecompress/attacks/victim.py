"""A model as TextAttack asks it: texts in, a tensor of logits out."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from edgecompress.core.case import Predictor
from edgecompress.core.texts import Text

MANY = 200  # labels


class NoAnswer(Exception):
    """The model's answer to `text` is not a number, which no search can go on from."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text


class Victim:
    """Answers each text alone, as every predictor does: that is how a model is served.

    TextAttack puts answers through a softmax unless they already sum to 1 within a millionth, which
    logits may do by accident. Less their largest they are never positive; the softmax subtracts it
    anyway, so its result is the same to the last bit.

    TextAttack also refuses a softmax that does not sum to 1 as closely, and in fp32 those of a
    thousand labels may not, on some processors. So many are answered in fp64.
    """

    def __init__(self, predictor: Predictor) -> None:
        self.model = predictor  # TextAttack looks at its class

    def __call__(self, texts: Sequence[Text]) -> Tensor:
        """[n, classes].

        Raises:
            NoAnswer: a logit is not finite.
        """
        logits = self.model.logits(texts)
        for text, row in zip(texts, logits, strict=True):
            if not np.isfinite(row).all():
                raise NoAnswer(text)
        lowered = torch.from_numpy(logits - logits.max(axis=1, keepdims=True))
        return lowered.double() if lowered.shape[1] > MANY else lowered
