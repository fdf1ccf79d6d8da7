"""How well a model does on labelled rows, while it is being made."""

import numpy as np
import torch

from edgecompress.core.case import decisions
from edgecompress.models.classifier import Classifier
from edgecompress.training.batches import TokenRows, batches_by_length

BATCH = 64


@torch.inference_mode()
def accuracy(model: Classifier, rows: TokenRows) -> float:
    """Share of the rows whose label the model picks, in fp32 and without dropout.

    Draws nothing from any random generator, so a look at the accuracy never changes a training.
    """
    was_training = model.training
    model.eval()
    picked = np.empty(len(rows), np.int64)
    for numbers in batches_by_length(rows.lengths, BATCH):
        logits = model(*rows.batch(numbers).inputs).logits
        picked[numbers] = decisions(logits.float().numpy())
    model.train(was_training)
    return float((picked == rows.labels).mean())
