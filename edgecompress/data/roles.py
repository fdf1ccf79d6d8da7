"""The rows of each role of a recipe: which they are, and who must not share them with whom."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgecompress.core.errors import DataError, RecipeError
from edgecompress.core.progress import Progress
from edgecompress.core.texts import TextSet
from edgecompress.data.draws import draw, text_key
from edgecompress.data.inspection import notes_on, overlap
from edgecompress.data.resources import Resources
from edgecompress.data.rows import UNLABELLED_ROLES, Rows, rows_of
from edgecompress.data.shortcuts import inject
from edgecompress.data.sources import FileSource, source_of
from edgecompress.recipe.crosschecks import judging_roles
from edgecompress.recipe.mistakes import did_you_mean
from edgecompress.recipe.schema import DataRef, Recipe
from edgecompress.store.keys import canonical_json

READING_VERSION: Final = 2  # raise when the same files would give other rows
STAYING: Final = UNLABELLED_ROLES  # what is drawn for these stays in the role it came from
DRAWN_SAY: Final = {"from_", "rows", "inject", "allow_overlap"}  # all else the origin says
TWO_CLASSES: Final = ("train", "validation", "test")


class Data:
    """All rows of one recipe, read when asked for and then kept.

    A role that says `from` takes rows out of another one: rows for validation and test leave their
    origin, and so does every row of the same text; rows for calibration and transfer stay in it.
    """

    def __init__(
        self, recipe: Recipe, base: Path, resources: Resources, progress: Progress
    ) -> None:
        self.recipe = recipe
        self.base = base
        self.resources = resources
        self.progress = progress
        self._refs = dict(recipe.data.by_role())
        self._digests: dict[str, str] = {}
        self._families: dict[str, Mapping[str, Rows]] = {}
        self._plain: dict[str, TextSet] = {}
        self._loaded: dict[str, TextSet] = {}

    def digest(self, role: str) -> str:
        """64 hexadecimal characters that change when the rows of the role would.

        Raises:
            RecipeError: the role, or what it points to, does not exist.
            DataError: a file cannot be read.
        """
        if role not in self._digests:
            self._digests[role] = hashlib.sha256(self._asked(role).encode()).hexdigest()
        return self._digests[role]

    def rows(self, role: str) -> int | None:
        """How many rows the role has, where that is cheap to know; None elsewhere.

        For a role that others draw from, and for unlabelled files with empty texts, this is the
        most it can be: texts that occur twice leave together, and empty texts are dropped.

        Raises:
            RecipeError: the role, or what it points to, does not exist.
            DataError: more rows are asked for than there are; a small file cannot be read.
        """
        ref = self._ref(role)
        before = self._before_draws(ref.from_ or role)
        if ref.from_ is None:
            return None if before is None else max(0, before - self._drawn_away(role))
        _require_rows(role, ref.rows, before)
        return ref.rows

    def inspect(self, role: str) -> None:
        """Read the rows of a small file for what is wrong with them; other sources are believed.

        Raises:
            DataError: a column is missing, or rows have no text or no label that is known.
        """
        ref = self._ref(role)
        if ref.from_ is None:
            source = source_of(ref, self.base, self.resources)
            if isinstance(source, FileSource) and source.small:
                rows_of(source.table(), ref, self._labels_of(role))

    def load(self, role: str) -> TextSet:
        """The rows of the role, the same ones every time.

        Raises:
            DataError: the source is broken, empty, mislabelled, too small or of one class only.
            OfflineError: it must be fetched and cannot be.
        """
        if role not in self._loaded:
            self._loaded[role] = self._planted(role, self._before_planting(role))
        return self._loaded[role]

    def _before_planting(self, role: str) -> TextSet:
        """As their source has them: what is compared with other roles."""
        if role not in self._plain:
            rows = self._family(self._ref(role).from_ or role)[role]
            self._require_enough(role, rows)
            self._plain[role] = TextSet(
                role,
                tuple(rows.texts),
                rows.labels,
                tuple(rows.origins),
                self.digest(role),
                rows.columns,
            )
        return self._plain[role]

    def _planted(self, role: str, texts: TextSet) -> TextSet:
        if (asked := self._ref(role).inject) is None:
            return texts
        tokens = {self.recipe.labels.index(label): word for label, word in asked.tokens.items()}
        lot = hashlib.sha256(f"{self.recipe.seed}/inject/{role}".encode()).digest()
        planted = inject(texts, tokens, asked.share, seed=int.from_bytes(lot[:8]))
        return replace(planted, digest=texts.digest)  # which tells of the tokens already

    def notes(self, role: str) -> dict[str, Any]:
        """What the report says of the role, as JSON values."""
        texts = self.load(role)
        dropped = self._family(self._ref(role).from_ or role)[role].dropped_empty
        return {**notes_on(texts, self.recipe.labels), "dropped_empty": dropped}

    def leaks(self, training: Collection[str], judging: Collection[str]) -> dict[str, Any]:
        """Judging role -> how many of its rows stand in a training role too, and why that is so.

        Texts are compared without planted words, and without regard to case, spacing and
        composition of accents.

        Raises:
            DataError: rows are shared, and the judging role does not say `allow_overlap`.
        """
        seen = [self._before_planting(role) for role in training]
        found = {}
        for role in judging:
            judged = self._before_planting(role)
            shared = overlap(judged, seen)
            reason = self._ref(role).allow_overlap
            if shared.rows and reason is None:
                raise DataError(shared.complaint(judged))
            found[role] = {"rows": shared.rows, "with": shared.by_role, "reason": reason}
        return found

    def _ref(self, role: str) -> DataRef:
        """The role's settings, after the checks that reading needs."""
        if role not in self._refs:
            raise RecipeError(f'no data role "{role}"{did_you_mean(role, self._refs)}')
        ref = self._refs[role]
        if (ref.source is None) == (ref.from_ is None):
            raise RecipeError(f"data.{role}: needs exactly one of `source` and `from`")
        if ref.from_ is not None:
            self._require_drawable(role, ref)
        return ref

    def _require_drawable(self, role: str, ref: DataRef) -> None:
        origin = self._refs.get(str(ref.from_))
        if origin is None or ref.rows is None:
            raise RecipeError(f"data.{role}: `from` needs another role, and `rows` to draw")
        if origin.from_ is not None:
            raise RecipeError(
                f"data.{role}: {ref.from_} is itself drawn from {origin.from_}; draw from that"
            )
        own = ref.model_dump(exclude=DRAWN_SAY, exclude_defaults=True)
        if own:
            raise RecipeError(
                f"data.{role}: drawn rows are read as {ref.from_} says; take out {', '.join(own)}"
            )

    def _drawers(self, origin: str) -> dict[str, int]:
        """Role -> rows that it draws from `origin`; those whose rows leave come first."""
        found = {r: ref.rows or 0 for r, ref in self._refs.items() if ref.from_ == origin}
        return dict(sorted(found.items(), key=lambda item: item[0] in STAYING))

    def _before_draws(self, role: str) -> int | None:
        ref = self._ref(role)
        counted = source_of(ref, self.base, self.resources).rows()
        there = None if ref.sentences else counted
        _require_rows(role, ref.rows, there)
        return there if ref.rows is None else ref.rows

    def _drawn_away(self, role: str) -> int:
        return sum(n for drawer, n in self._drawers(role).items() if drawer not in STAYING)

    def _asked(self, role: str) -> str:
        ref = self._ref(role)
        origin = self._ref(ref.from_) if ref.from_ else ref
        drawers = {
            drawer: rows
            for drawer, rows in self._drawers(ref.from_ or role).items()
            if drawer == role or drawer not in STAYING  # others take nothing from this one
        }
        settings = origin.model_dump(include={"text", "text_pair", "label", "map", "sentences"})
        if origin.columns:  # a digest of old, from before there were columns, stays what it was
            settings["columns"] = list(origin.columns)
        asked = {
            "version": READING_VERSION,
            "role": role,
            "labels": self.recipe.labels,
            "source": source_of(origin, self.base, self.resources).identity(),
            "settings": settings,
            "rows": origin.rows,
            "drawers": list(drawers.items()),
            "seed": self.recipe.seed if origin.rows or drawers else None,
        }
        if ref.inject:
            asked |= {"inject": ref.inject.model_dump(), "seed": self.recipe.seed}
        if role == "transfer":
            asked["apart_from"] = [self.digest(judging) for judging in judging_roles(self.recipe)]
        return canonical_json(asked)

    def _family(self, origin: str) -> Mapping[str, Rows]:
        """The rows of a role with a source of its own, and of all roles that draw from it."""
        if origin not in self._families:
            left = self._read(origin)
            family = {}
            for role, wanted in self._drawers(origin).items():
                picked = self._draw(role, left, wanted)
                family[role] = picked.unlabelled() if role in UNLABELLED_ROLES else picked
                if role not in STAYING:
                    left = _without(left, picked)
            self._families[origin] = {**family, origin: left}
        return self._families[origin]

    def _read(self, role: str) -> Rows:
        ref = self._ref(role)
        table = source_of(ref, self.base, self.resources).table()
        rows = rows_of(table, ref, self._labels_of(role))
        if rows.dropped_empty:
            self.progress.warn(f"data.{role}: {rows.dropped_empty:,} empty texts dropped")
        if role == "transfer":
            rows = self._apart_from_gate(rows)
        return rows if ref.rows is None else self._draw(role, rows, ref.rows)

    def _labels_of(self, role: str) -> tuple[str, ...] | None:
        return None if role in UNLABELLED_ROLES else self.recipe.labels

    def _apart_from_gate(self, rows: Rows) -> Rows:
        """Unlabelled texts come by the thousand; the few that the gate judges on are left out."""
        kept = rows
        for role in judging_roles(self.recipe):
            kept = _without(kept, self._before_planting(role))
        if shared := len(rows) - len(kept):
            self.progress.say(f"data.transfer: {shared:,} texts that the gate judges on left out")
        return kept

    def _draw(self, role: str, rows: Rows, wanted: int) -> Rows:
        _require_rows(role, wanted, len(rows))
        return rows.take(draw(rows.labels, wanted, f"{self.recipe.seed}/{role}"))

    def _require_enough(self, role: str, rows: Rows) -> None:
        if not len(rows):
            raise DataError(f"data.{role}: no rows left; nothing can be learnt or judged from none")
        present = np.unique(rows.labels)
        if role in TWO_CLASSES and len(present) == 1:
            only = self.recipe.labels[int(present[0])]
            raise DataError(
                f'data.{role}: all {len(rows):,} rows are "{only}"; at least two classes are needed'
            )


def _require_rows(role: str, wanted: int | None, there: int | None) -> None:
    if wanted is not None and there is not None and wanted > there:
        raise DataError(f"data.{role}: asks for {wanted:,} rows, there are {there:,}")


def _without(rows: Rows, picked: Rows | TextSet) -> Rows:
    """Rows whose text is none of the picked ones: a twin left behind would be a leak."""
    gone = {text_key(text) for text in picked.texts}
    kept = [i for i, text in enumerate(rows.texts) if text_key(text) not in gone]
    return rows.take(np.array(kept, np.int64))
