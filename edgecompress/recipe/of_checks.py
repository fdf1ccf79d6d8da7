"""What one check's settings cannot mean in the recipe that they stand in."""

from collections.abc import Iterator, Mapping

from edgecompress.recipe.attacking import MADE_NEIGHBOURS, REDUCTION, WORD_SWAPS, Attack
from edgecompress.recipe.behaviour import RETRAIN_FLOOR, Loyalty, Slices
from edgecompress.recipe.check import CheckSettings
from edgecompress.recipe.mistakes import Mistake, did_you_mean
from edgecompress.recipe.schema import DataRef, Recipe
from edgecompress.recipe.shifting import Shift

EVERYWHERE = ("label", "length")  # what any texts can be sliced by


def check_mistakes(index: int, check: CheckSettings, recipe: Recipe) -> Iterator[Mistake]:
    """Of one entry of the gate; its data roles exist."""
    where = ("gate", index)
    roles = check.roles([role for role, _ in recipe.data.by_role()])
    if not check.takes_groups and roles and roles != (getattr(check, "data", None),):
        yield Mistake((*where, "data"), f"takes one role, not a group; name {' or '.join(roles)}")
    if isinstance(check, Loyalty):
        yield from _loyalty(index, check, recipe)
    if isinstance(check, Slices):
        for role in roles:
            yield from _slices(index, check, role, recipe)
    if isinstance(check, Shift):
        yield from _shift(index, check, recipe)
    if isinstance(check, Attack):
        yield from _attack(index, check, recipe)


def _loyalty(index: int, check: Loyalty, recipe: Recipe) -> Iterator[Mistake]:
    if check.needs_retrained and recipe.teacher.finetune is None:
        yield Mistake(
            ("gate", index, "label_at_least"),
            f"{RETRAIN_FLOOR} trains the teacher once more, and this one is taken as it is; set a "
            "number, or `teacher.finetune`",
        )
    if check.floor_margin and not check.needs_retrained:
        yield Mistake(
            ("gate", index, "floor_margin"),
            f"is a distance to the floor; it needs `label_at_least: {RETRAIN_FLOOR}`",
        )


def _slices(index: int, check: Slices, role: str, recipe: Recipe) -> Iterator[Mistake]:
    refs = dict(recipe.data.by_role())
    ref = refs.get(role)
    origin = refs.get(ref.from_, ref) if ref and ref.from_ else ref
    allowed = (*EVERYWHERE, *(origin.columns if origin else ()))
    for place, by in enumerate(check.by):
        if by not in allowed:
            hint = did_you_mean(by, allowed)
            yield Mistake(
                ("gate", index, "by", place),
                f'data.{role} keeps no column "{by}"{hint} (`columns: [{by}]` there keeps it)',
            )


def _shift(index: int, check: Shift, recipe: Recipe) -> Iterator[Mistake]:
    where, refs = ("gate", index), dict(recipe.data.by_role())
    others = check.roles(list(refs))
    judging = [role for role in refs if role == "test" or role.startswith("ood/")]
    if check.against not in judging:
        hint = did_you_mean(check.against, judging)
        yield Mistake(
            (*where, "against"), f'no data role "{check.against}" that the gate judges on{hint}'
        )
    if check.against in others:
        yield Mistake(
            (*where, "against"), f"{check.against} is among the roles of `data`, which it is for"
        )
    kept = {column for role in others if role in refs for column in _columns(refs[role], refs)}
    if check.subcases is not None and check.subcases not in kept:
        hint = did_you_mean(check.subcases, kept) if kept else ""
        yield Mistake(
            (*where, "subcases"),
            f'data.{check.data} keeps no column "{check.subcases}"{hint} '
            f"(`columns: [{check.subcases}]` there keeps it)",
        )
    meaning = {kind for kind in check.perturb if kind != "negation"}
    for setting in ("max_perturbed_drop", "invariance_at_least"):
        if getattr(check, setting) is not None and not meaning:
            yield Mistake((*where, setting), "needs `perturb` with typos, casing or entities")
    if check.max_negation_lag is not None and "negation" not in check.perturb:
        yield Mistake((*where, "max_negation_lag"), "needs `perturb: [negation]`")


def _attack(index: int, check: Attack, recipe: Recipe) -> Iterator[Mistake]:
    where, asked = ("gate", index), set(check.recipes)
    if len(asked) < len(check.recipes):
        yield Mistake((*where, "recipes"), "names a recipe twice")
    if check.limits() and asked == {REDUCTION}:
        yield Mistake(
            (*where, "recipes"), f"{REDUCTION} has nothing that could be limited; add another"
        )
    if check.most_words is not None and REDUCTION in asked:
        yield Mistake((*where, "most_words"), f"is not for {REDUCTION}, which deletes all it can")
    if ("word-swap-table" in asked) != (check.neighbours is not None):
        yield Mistake(
            (*where, "neighbours"), "is the table of `word-swap-table`; set both, or neither"
        )
    swaps, made = asked & WORD_SWAPS, asked & WORD_SWAPS & MADE_NEIGHBOURS
    needed = {"word_similarity": made, "candidates": swaps} | dict.fromkeys(
        ("sentence_similarity", "window"), swaps
    )
    for setting, users in needed.items():
        if _chosen(check, setting) and not users:
            yield Mistake((*where, setting), "is of the word swaps, and none is asked for")
    pairs = any(ref.text_pair is not None for _, ref in recipe.data.by_role())
    if _chosen(check, "column") and not pairs:
        yield Mistake((*where, "column"), "is for sentence pairs; these are single texts")


def _chosen(check: Attack, setting: str) -> bool:
    """Whether it is not what it would be anyway; resolved recipes write that out too."""
    return bool(getattr(check, setting) != type(check).model_fields[setting].default)


def _columns(ref: DataRef, refs: Mapping[str, DataRef]) -> tuple[str, ...]:
    """What a role keeps; drawn rows keep what their origin does."""
    return refs.get(ref.from_, ref).columns if ref.from_ else ref.columns
