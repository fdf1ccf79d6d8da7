"""Which students are better when there are several goals: fronts, how crowded each place
is, and how much a front beats.

Source: Deb et al. (2002), NSGA-II, doi:10.1109/4235.996017, sections III A and B.
"""

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Ranks = NDArray[np.int64]


def fronts(losses: Doubles) -> Ranks:
    """The front of each of n students, [n]: 0 where nobody beats it, 1 once those are gone, ...

    One beats another that is nowhere better and somewhere worse.

    Args:
        losses: [n, goals]; less is better.
    """
    nowhere_worse = np.all(losses[:, None] <= losses[None], axis=2)
    better = np.any(losses[:, None] < losses[None], axis=2)
    beats: NDArray[np.bool_] = np.logical_and(nowhere_worse, better)  # [winner, loser]
    beaten_by = beats.sum(axis=0)
    found = np.full(len(losses), -1, np.int64)
    front = 0
    while (found < 0).any():
        best = (found < 0) & (beaten_by == 0)
        found[best] = front
        beaten_by = beaten_by - beats[best].sum(axis=0)
        front += 1
    return found


def crowding(losses: Doubles) -> Doubles:
    """How far each student's neighbours on both sides lie apart, summed over goals, [n].

    Infinite at the ends of a goal, so that these are kept.

    Args:
        losses: [n, goals] of one front.
    """
    apart = np.zeros(len(losses))
    for goal in losses.T:
        order = np.argsort(goal, kind="stable")
        apart[order[[0, -1]]] = np.inf
        if (span := goal[order[-1]] - goal[order[0]]) > 0:
            apart[order[1:-1]] += (goal[order[2:]] - goal[order[:-2]]) / span
    return apart


def hypervolume(losses: Doubles, reference: Doubles) -> float:
    """How much of what the reference point bounds is beaten by at least one student.

    Exact, in slices along the last goal; meant for fronts of at most some hundreds.

    Source: Zitzler & Thiele (1998), doi:10.1007/BFb0056872, for the measure.

    Args:
        losses: [n, goals]; less is better. Who is nowhere below the reference adds nothing.
        reference: [goals].
    """
    inside = losses[(losses < reference).all(axis=1)]
    if not len(inside):
        return 0.0
    if inside.shape[1] == 1:
        return float(reference[0] - inside.min())
    ordered = inside[np.argsort(inside[:, -1], kind="stable")]
    ends = np.append(ordered[1:, -1], reference[-1])
    slices = zip(range(1, len(ordered) + 1), ends - ordered[:, -1], strict=True)
    volume: float = sum(
        thick * hypervolume(ordered[:count, :-1], reference[:-1])
        for count, thick in slices
        if thick > 0
    )
    return volume


def best_first(losses: Doubles) -> list[int]:
    """Numbers of the students, lower fronts first, then those with more room around them.

    Of equal ones the first comes first.

    Args:
        losses: [n, goals]; less is better.
    """
    if not len(losses):
        return []
    rank, room = fronts(losses), np.zeros(len(losses))
    for front in range(int(rank.max()) + 1):
        room[rank == front] = crowding(losses[rank == front])
    order: list[int] = np.lexsort((np.arange(len(losses)), -room, rank)).tolist()
    return order
