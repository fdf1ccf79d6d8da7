"""What a training makes smaller: the parts of the loss, and their sum."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from edgecompress.core.case import FloatArray
from edgecompress.core.texts import UNLABELLED
from edgecompress.models.classifier import Classifier
from edgecompress.recipe.objective import Objective
from edgecompress.training.batches import Batch
from edgecompress.training.relations import last_vectors, relation_loss
from edgecompress.training.signals import Signals

Loss = Callable[[Classifier, Batch], Tensor]

SMALLEST_SHARE = 1e-6  # below it fp16 keeps no digits, so a share of attention counts as this


def label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy to the labels, mean over the labelled rows; in nats."""
    return functional.cross_entropy(logits.float(), labels, ignore_index=UNLABELLED)


def label_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """The same for each row, [b]; 0 where there is no label."""
    return functional.cross_entropy(
        logits.float(), labels, ignore_index=UNLABELLED, reduction="none"
    )


def soft_losses(logits: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """KL(teacher || student) of the answers softened by `temperature`, times its square; [b].

    The square keeps the gradient's size whatever the temperature, so that weights of the parts of
    an objective keep their meaning.

    Source: Hinton, Vinyals & Dean (2015), arXiv:1503.02531, section 2.
    """
    ours = functional.log_softmax(logits.float() / temperature, dim=-1)
    theirs = functional.log_softmax(teacher.float() / temperature, dim=-1)
    kl = functional.kl_div(ours, theirs, reduction="none", log_target=True)
    return kl.sum(dim=-1) * temperature**2


def hidden_loss(ours: Sequence[Tensor], theirs: Sequence[Tensor], mask: Tensor) -> Tensor:
    """Mean squared difference of mapped hidden states [b, s, width], over tokens, not padding.

    Source: Sun et al. (2019), arXiv:1908.09355, without its normalisation; Jiao et al. (2020),
    arXiv:1909.10351, equation 8, for states of equal width.
    """
    real = mask.unsqueeze(-1)
    parts = [
        ((student.float() - teacher).square() * real).sum() / (real.sum() * student.shape[-1])
        for student, teacher in zip(ours, theirs, strict=True)
    ]
    return torch.stack(parts).mean()


def attention_loss(ours: Sequence[Tensor], theirs: Sequence[Tensor], mask: Tensor) -> Tensor:
    """KL(teacher || student) of mapped attention maps [b, heads, s, s], over tokens and heads.

    Source: Wang et al. (2020), MiniLM, arXiv:2002.10957, equation 2, here for several layers.
    """
    real = mask[:, None, :, None]  # of the token that looks; where it looks is masked by softmax
    parts = []
    for student, teacher in zip(ours, theirs, strict=True):
        theirs_log = teacher.clamp_min(SMALLEST_SHARE).log()
        ours_log = student.float().clamp_min(SMALLEST_SHARE).log()
        kl = (teacher * (theirs_log - ours_log) * real).sum()
        parts.append(kl / (real.sum() * student.shape[1]))
    return torch.stack(parts).mean()


def supervised(model: Classifier, batch: Batch) -> Tensor:
    """The loss of an ordinary fine-tuning."""
    return label_loss(model(*batch.inputs).logits, batch.labels)


def distilling(objective: Objective, signals: Signals, weights: FloatArray | None = None) -> Loss:
    """The loss of a student; parts with weight 0 are not computed.

    Args:
        objective: the weights of the parts.
        signals: of the very rows that the batches come from; its inner states stand in the order
            of the student's own (embeddings first), one for each.
        weights: [n], how much each row counts in the loss of its answers.
    """
    wants_hidden = objective.hidden > 0 or objective.relations > 0

    def loss(model: Classifier, batch: Batch) -> Tensor:
        """Of one batch; the rows find their signals by number."""
        answer = model(*batch.inputs, hidden=wants_hidden, attention=objective.attention > 0)
        mask, parts = batch.inputs.attention_mask, []
        lengths = mask.sum(dim=1).numpy()
        if objective.logits or objective.labels:
            parts.append(_answer_loss(objective, signals, batch, answer.logits, weights))
        if objective.hidden:
            states = [state.padded(batch.rows, lengths) for state in signals.hidden]
            parts.append(objective.hidden * hidden_loss(answer.hidden or (), states, mask))
        if objective.attention:
            maps = [state.padded(batch.rows, lengths) for state in signals.attention]
            parts.append(objective.attention * attention_loss(answer.attention or (), maps, mask))
        if signals.relations and objective.relations:
            vectors = signals.relations.padded(batch.rows, lengths)
            ours = last_vectors(model, answer)
            parts.append(objective.relations * relation_loss(ours, vectors, mask))
        return torch.stack(parts).sum()

    return loss


def _answer_loss(
    objective: Objective,
    signals: Signals,
    batch: Batch,
    logits: Tensor,
    weights: FloatArray | None,
) -> Tensor:
    """What logits and labels cost together, each row by its weight."""
    losses = torch.zeros(len(batch.rows))
    if objective.logits:
        teacher = torch.from_numpy(signals.logits[batch.rows])
        losses = losses + objective.logits * soft_losses(logits, teacher, objective.temperature)
    if objective.labels:
        losses = losses + objective.labels * label_losses(logits, batch.labels)
    if objective.reweight == "focal":
        return weighted_mean(losses, focal_weights(logits, batch.labels))
    if weights is not None:
        return weighted_mean(losses, torch.from_numpy(weights[batch.rows]))
    return losses.mean()


def focal_weights(logits: Tensor, labels: Tensor) -> Tensor:
    """(1 - p)^2 of the student's own probability p of the label, [b]; no gradient goes through.

    Source: Lin et al. (2017), arXiv:1708.02002, equation 4, with gamma = 2.
    """
    return (1 - torch.exp(-label_losses(logits.detach(), labels))).square()


def weighted_mean(losses: Tensor, weights: Tensor) -> Tensor:
    """The mean of losses [b] by weights [b], which is that of losses times weights of mean 1.

    Where all weights are 0 nothing tells the rows apart, and they count alike.
    """
    total = weights.sum()
    return (losses * weights).sum() / total if total > 0 else losses.mean()


def state_map(student: int, teacher: int) -> tuple[int, ...]:
    """Which hidden state of the teacher each of the student's learns from, embeddings first.

    The ends are fixed: embeddings from embeddings, last from last; the others are evenly spaced.
    For a student with as many layers as its teacher this is the identity.

    Args:
        student: number of layers.
        teacher: number of layers.
    """
    return tuple(round(state * teacher / student) for state in range(student + 1))
