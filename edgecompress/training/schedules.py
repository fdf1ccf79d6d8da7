"""How the learning rate moves over the steps of a training."""


def rate_factor(step: int, steps: int, warmup_ratio: float) -> float:
    """What the learning rate is multiplied with at `step`, counted from 0.

    It climbs in a straight line over the first `warmup_ratio` of the steps, then falls in a
    straight line, to reach 0 just after the last step. Neither end is ever 0, so no step is idle.

    Source: the schedule of Devlin et al. (2019), arXiv:1810.04805, appendix A.2.
    """
    warmup = int(steps * warmup_ratio)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return (steps - step) / (steps - warmup)
