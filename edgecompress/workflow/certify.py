"""Which limits the gate's rows can certify at all, said before anything is computed."""

from dataclasses import dataclass
from typing import Any

from edgecompress.core.power import simultaneous
from edgecompress.data.roles import Data
from edgecompress.recipe.check import Claim
from edgecompress.recipe.reading import RecipeFile


@dataclass(frozen=True)
class Certificate:
    """One limit, the rows behind it, and the tightest limit that those rows could certify."""

    check: str
    role: str
    claim: Claim

    @property
    def setting(self) -> str:
        """The key in the recipe."""
        return self.claim.setting

    @property
    def name(self) -> str:
        """Which limit it is, for readers: several checks of one kind may set the same."""
        by = f" ({', '.join(self.claim.by)})" if self.claim.by else ""
        return f"{self.check}.{self.setting}{by}"

    @property
    def rows(self) -> int:
        """Of the role; of the smallest part of them where each part has to hold."""
        return self.claim.rows // self.claim.parts

    @property
    def limit(self) -> float:
        """As the recipe sets it."""
        return self.claim.limit.value

    @property
    def best(self) -> float | None:
        """The tightest limit for a perfect candidate; None where there is none."""
        claim = self.claim
        if claim.statistic.beatable:
            return None
        return self._at(claim.statistic.least_margin(self.rows, self._confidence))

    @property
    def likely(self) -> float | None:
        """The tightest limit for a usual one, with 80 % power; None where nothing usual is known,
        or where more than the usual is asked for, which rows alone cannot give.
        """
        statistic = self.claim.statistic
        if statistic.usual is None or (not statistic.beatable and self._margin <= statistic.usual):
            return None
        margin = statistic.likely_margin(self.rows, self._confidence)
        return None if margin is None else self._at(margin)

    @property
    def certifiable(self) -> float:
        """What a reader should know of the two."""
        found = self.best if self.likely is None else self.likely
        assert found is not None  # who can be beaten has a usual value
        return found

    @property
    def rows_needed(self) -> int | None:
        """For the limit to be likely, or at least possible; None where no rows are enough."""
        claim = self.claim
        needed = claim.statistic.rows_for(self._margin, self._confidence)
        return None if needed is None else claim.parts * max(needed, claim.limit.rows)

    @property
    def impossible(self) -> bool:
        """Not even a candidate without a single difference could hold this limit."""
        claim = self.claim
        least = claim.statistic.least_margin(self.rows, self._confidence)
        too_tight = self._margin < least and not claim.statistic.beatable
        return too_tight or self.rows < claim.limit.rows

    @property
    def doubtful(self) -> bool:
        """A usual candidate would probably end undecided."""
        if self.impossible or self.likely is None:
            return False
        return self._margin < abs(self.likely - self.claim.statistic.perfect)

    @property
    def _confidence(self) -> float:
        return simultaneous(self.claim.among)

    @property
    def _margin(self) -> float:
        return abs(self.limit - self.claim.statistic.perfect)

    def _at(self, margin: float) -> float:
        at_most = self.claim.limit.at_most is not None
        return self.claim.statistic.perfect + (margin if at_most else -margin)

    def as_document(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "check": self.check,
            "setting": self.setting,
            "by": list(self.claim.by),
            "role": self.role,
            "rows": self.rows,
            "parts": self.claim.parts,
            "intervals": self.claim.among,
            "limit": self.limit,
            "best": self.best,
            "likely": self.likely,
            "rows_needed": self.rows_needed,
            "impossible": self.impossible,
            "doubtful": self.doubtful,
        }

    def __str__(self) -> str:
        needed = "no number of rows is enough"
        if self.rows_needed is not None:
            needed = f"{self.limit:g} needs about {self.rows_needed:,}"
        if self.claim.statistic.beatable:
            needed += ", unless the candidate is better than that"
        parts = f" in each of {self.claim.parts} parts" if self.claim.parts > 1 else ""
        return (
            f"{self.name} {self.limit:g} on {self.rows:,} rows{parts} of "
            f"{self.role}: these rows can certify {self.certifiable:.3f}; {needed}"
        )


def certificates(file: RecipeFile, data: Data) -> list[Certificate]:
    """One for each limit that rests on counted rows, where the rows are known without reading."""
    present = [role for role, _ in file.recipe.data.by_role()]
    return [
        Certificate(str(getattr(check, "check")), role, claim)  # noqa: B009  (every subclass has it)
        for check in file.recipe.gate
        for role in check.roles(present)
        if (rows := data.rows(role))
        for claim in check.claims(rows, len(file.recipe.labels))
    ]
