"""Two models timed against each other, text by text, in rounds that load both of them afresh.

Where a model's weights come to lie in memory is drawn when it is loaded, and may favour it until it
is loaded again. Within one load such luck looks like a difference between two models, so rounds,
and not texts, are what the interval resamples.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgecompress.core.measurement import Measurement
from edgecompress.core.progress import Progress
from edgecompress.core.texts import Text
from edgecompress.core.turns import Ratio, Times, asking, in_turns, ratio_of, wall_percentile
from edgecompress.runtime.model import EdgeModel
from edgecompress.workflow.service import Service

ROUND = 50  # texts

Load = Callable[[], EdgeModel]


@dataclass(frozen=True)
class Duel:
    """The texts, and how they are answered."""

    texts: Sequence[Text]  # at least two rounds of them
    service: Service
    progress: Progress

    def times(self, first: Load, second: Load, what: str, seed: int) -> tuple[Times, Times]:
        """Of both on each text; who is loaded first, and so finds memory otherwise, is drawn."""
        rng = np.random.default_rng(seed)
        taken = []
        with self.progress.track(what, len(self.texts), "texts") as bar:
            for start in range(0, len(self.texts), ROUND):
                part = self.texts[start : start + ROUND]
                models = {who: (first, second)[who]() for who in rng.permutation(2)}
                ways = [asking(models[who].predict, part) for who in (0, 1)]
                taken.append(in_turns(ways, len(part), int(rng.integers(2**32)), bar.advance))
        ours, theirs = np.concatenate(taken, axis=1)
        return ours, theirs

    def against_itself(self, load: Load, attempt: int) -> Ratio:
        """A model loaded twice: how far from equal are equals here?"""
        seed = self.service.seed + attempt
        return self._ratio(*self.times(load, load, "old against itself", seed))

    def slowdown(self, new: Times, old: Times) -> Measurement:
        """How much more of its time the new model takes, as a share of the old one's."""
        service, ratio = self.service, self._ratio(new, old)
        return Measurement(
            "slowdown",
            ratio.value - 1,
            ratio.low - 1,
            ratio.high - 1,
            "fraction",
            len(new),
            f"median ratio of {service.clock_name}, in turns, both loaded anew every {ROUND} "
            f"texts; block bootstrap 95 %, seed {service.seed}",
            "texts",
        )

    def percentiles(self, new: Times, old: Times) -> list[Measurement]:
        """Wall p50 and p95 of both, as they stood side by side."""
        return [
            replace(
                wall_percentile(taken, q, "texts", self.service.threads), part=f"{who}, in turns"
            )
            for who, taken in (("new", new), ("old", old))
            for q in (0.50, 0.95)
        ]

    def _ratio(self, first: Times, second: Times) -> Ratio:
        service = self.service
        return ratio_of(first, second, service.seed, clock=service.clock, block=ROUND)
