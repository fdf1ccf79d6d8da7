"""How many heads and neurons each layer keeps: alike in all, or by importance under one budget.

Whatever a budget counts, heads, neurons or milliseconds, the least important goes first for what it
costs, wherever it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def size_after(full: int, asked: int | float | None, step: int, done: float) -> int:
    """The size of one part of a layer, a share `done` of the way from `full` to what is asked for.

    Args:
        full: before any cut.
        asked: a count, a share of `full`, or None for all of it.
        step: sizes between the two ends are multiples of it.
        done: in [0, 1].
    """
    target = full if asked is None else asked if isinstance(asked, int) else asked * full
    if target >= full:
        return full
    size = full - (full - target) * done
    return min(full, max(step, round(size / step) * step))


def kept_layers(asked: int | float | tuple[int, ...] | None, depth: int) -> tuple[int, ...]:
    """The layers that stay of `depth`: those named, or so many from the bottom."""
    if isinstance(asked, tuple):
        return asked
    return tuple(range(size_after(depth, asked, 1, 1.0)))


def each_layers(
    asked: int | float | tuple[int | float, ...] | None, layers: int
) -> tuple[int | float | None, ...]:
    """What is asked of each of so many layers: a number of its own, or the same of all."""
    return asked if isinstance(asked, tuple) else (asked,) * layers


@dataclass(frozen=True)
class Ladder:
    """The sizes that one part of a layer may have, and what each of them keeps and costs."""

    sizes: NDArray[np.int64]  # [rungs], rising; the last is the part as it is
    worth: Doubles  # [rungs], importance kept
    cost: Doubles  # [rungs], in the unit of the budget

    @classmethod
    def of(cls, scores: Doubles, step: int, cost: Doubles | None = None) -> "Ladder":
        """Sizes `step` apart, of which each keeps the best.

        Args:
            scores: [n], the importance of each head or neuron.
            step: also the smallest size.
            cost: [n], what the sizes 1 to n cost; None: as much as their size.
        """
        sizes = np.array([*range(min(step, len(scores)), len(scores), step), len(scores)])
        worth = np.cumsum(np.sort(scores)[::-1])
        return cls(sizes, worth[sizes - 1], sizes * 1.0 if cost is None else cost[sizes - 1])


def descend(ladders: Sequence[Ladder], budget: float) -> list[int] | None:
    """The size of each part, once all together cost no more than `budget`.

    Step by step, the part goes down whose loss of importance is least for what that saves. A step
    may pass several rungs, since a rung that saves nothing must not hide those below it.

    Returns:
        One size for each ladder; None where even the lowest rungs cost more.

    Source: Kurtic et al. (2023), ZipLM, arXiv:2302.04089, without its updates of weights.
    """
    at = [len(each.sizes) - 1 for each in ladders]
    while sum(float(each.cost[rung]) for each, rung in zip(ladders, at, strict=True)) > budget:
        steps = [_cheapest_step(each, rung) for each, rung in zip(ladders, at, strict=True)]
        which = int(np.argmin([price for price, _ in steps]))
        price, rung = steps[which]
        if price == np.inf:
            return None
        at[which] = rung
    return [int(each.sizes[rung]) for each, rung in zip(ladders, at, strict=True)]


def _cheapest_step(each: Ladder, rung: int) -> tuple[float, int]:
    """The least loss for each unit saved by going down, and where to; infinite at the bottom."""
    if rung == 0:
        return np.inf, 0
    saved = each.cost[rung] - each.cost[:rung]
    lost = each.worth[rung] - each.worth[:rung]
    prices = np.divide(lost, saved, out=np.full(rung, np.inf), where=saved > 0)
    best = int(prices.argmin())
    return float(prices[best]), best


def best(scores: Doubles, size: int) -> tuple[int, ...]:
    """The numbers of the `size` highest scores, rising; of equal ones the first."""
    return tuple(sorted(np.argsort(-scores, kind="stable")[:size].tolist()))
