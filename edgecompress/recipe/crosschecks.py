"""What no single key can tell: chains that cannot work, roles that must not meet."""

from collections.abc import Iterator

from edgecompress.recipe.adversarial import unread
from edgecompress.recipe.learning import Difficulty, Qat, Student
from edgecompress.recipe.mistakes import Mistake, did_you_mean
from edgecompress.recipe.neural_compressor import NeuralCompressor
from edgecompress.recipe.of_checks import check_mistakes
from edgecompress.recipe.of_data import inject_mistakes
from edgecompress.recipe.of_int8 import rehearsal_mistakes
from edgecompress.recipe.of_stages import (
    difficulty_mistakes,
    factorize_mistakes,
    quantize_mistakes,
    student_mistakes,
)
from edgecompress.recipe.schema import DataRef, Recipe
from edgecompress.recipe.searching import search_mistakes
from edgecompress.recipe.shipping import Export, Quantize
from edgecompress.recipe.shrinking import Factorize, Vocabulary
from edgecompress.recipe.stage import StageSettings

JUDGING = ("test", "ood")
SHIPPABLE = ("onnx-model", "int8-onnx-model")


def mistakes_in(recipe: Recipe) -> list[Mistake]:
    """Everything that can be said without opening another file."""
    return [
        *_labels(recipe),
        *_chain(recipe),
        *_unread(recipe),
        *_lengths(recipe),
        *_roles_of_stages(recipe),
        *_data(recipe),
        *_same_rows(recipe),
        *_gate(recipe),
        *_search(recipe),
    ]


def judging_roles(recipe: Recipe) -> tuple[str, ...]:
    """Roles that only the gate may see."""
    return tuple(role for role, _ in recipe.data.by_role() if role.split("/")[0] in JUDGING)


def roles_of_gate(recipe: Recipe) -> tuple[str, ...]:
    """Roles that the gate reads: all it judges on, and those that a check reads beside them."""
    present = [role for role, _ in recipe.data.by_role()]
    beside = {role for check in recipe.gate for role in check.beside(present)}
    return tuple(role for role in present if role in beside or role in judging_roles(recipe))


def training_roles(recipe: Recipe) -> tuple[str, ...]:
    """Roles that train, tune or choose something."""
    judging = judging_roles(recipe)
    return tuple(role for role, _ in recipe.data.by_role() if role not in judging)


def roles_read(settings: StageSettings, recipe: Recipe) -> tuple[str, ...]:
    """The roles a stage is given: those it must have, and those it may use where they exist."""
    present = {role for role, _ in recipe.data.by_role()}
    asked = (*settings.reads, *settings.also_reads(), *settings.may_read)
    return tuple(role for role in asked if role in present)


def _labels(recipe: Recipe) -> Iterator[Mistake]:
    twice = sorted({label for label in recipe.labels if recipe.labels.count(label) > 1})
    if twice:
        yield Mistake(("labels",), f"named twice: {', '.join(twice)}")
    for role, ref in recipe.data.by_role():
        for seen, meant in (ref.map or {}).items():
            if meant not in recipe.labels:
                hint = did_you_mean(meant, recipe.labels)
                yield Mistake((*_key(role), "map", seen), f'no label "{meant}"{hint}')


def _chain(recipe: Recipe) -> Iterator[Mistake]:
    have, maker = "torch-model", "the teacher"
    before: list[str] = []
    for index, stage in enumerate(recipe.stages):
        if have not in stage.takes:
            yield Mistake(
                ("stages", index),
                f"takes {' or '.join(stage.takes)}, but {maker} gives {have}; "
                "move it to where its input is made, or take it out",
            )
        missing = [kind for kind in stage.uses() if kind not in before]
        for kind in missing:
            yield Mistake(
                ("stages", index), f"reads the result of a `{kind}` stage; put one before it"
            )
        before.append(stage.kind)
        if not stage.aside:
            have, maker = stage.gives, f"stages[{index}] {stage.kind}"
    if have not in SHIPPABLE:
        yield Mistake(
            ("stages",),
            f"the chain ends with {have}, which cannot ship; end it with export, "
            "or export and quantize",
        )


def _unread(recipe: Recipe) -> Iterator[Mistake]:
    """Minutes of attack that nobody learns from."""
    if recipe.search is not None and any(recipe.search.adversarial_examples):
        return
    for index in unread(recipe.stages):
        yield Mistake(
            ("stages", index),
            "no later stage learns what it finds; set `adversarial_examples: true` in one, or "
            "take it out",
        )


def _lengths(recipe: Recipe) -> Iterator[Mistake]:
    """A table of positions that was cut has no room for longer texts."""
    teacher = recipe.teacher
    length, room = (teacher.finetune or teacher).max_length, None
    for index, stage in enumerate(recipe.stages):
        room = None if "weights" in stage.origins() else room
        asked = getattr(stage, "max_length", None)
        if room is not None and asked is not None and asked > room:
            yield Mistake(
                ("stages", index, "max_length"),
                f"{asked} tokens, but `vocabulary` has cut the positions to {room}, the length in "
                f"force before it; set max_length to {room} at most, or `positions: false` there",
            )
        length = length if asked is None or stage.aside else asked
        if isinstance(stage, Vocabulary) and stage.positions:
            room = length


def _roles_of_stages(recipe: Recipe) -> Iterator[Mistake]:
    present = {role for role, _ in recipe.data.by_role()}
    if recipe.teacher.finetune and "train" not in present:
        yield Mistake(("teacher", "finetune"), "reads data.train, which the recipe does not have")
    for index, stage in enumerate(recipe.stages):
        for role in (*stage.reads, *stage.also_reads()):
            if role not in present:
                yield Mistake(
                    ("stages", index), f"reads data.{role}, which the recipe does not have"
                )
        if isinstance(stage, Student):
            yield from student_mistakes(index, stage, roles=present)
        if isinstance(stage, NeuralCompressor) and stage.refused:
            yield Mistake(("stages", index, "mode"), stage.refused)
        if isinstance(stage, Qat):
            yield from rehearsal_mistakes(index, recipe.stages)
        if isinstance(stage, Difficulty):
            yield from difficulty_mistakes(index, stage)
        if isinstance(stage, Factorize):
            yield from factorize_mistakes(index, stage, roles=present)
        if isinstance(stage, Quantize):
            yield from quantize_mistakes(index, stage, roles=present)
        if isinstance(stage, Export) and stage.attention != "unfused" and stage.opset < 17:
            yield Mistake(
                ("stages", index, "attention"),
                f"{stage.attention} needs opset 17 or later, got {stage.opset}; or set unfused",
            )


def _data(recipe: Recipe) -> Iterator[Mistake]:
    refs = dict(recipe.data.by_role())
    for role, ref in refs.items():
        where = _key(role)
        yield from inject_mistakes(where, role, ref, recipe.labels)
        if (ref.source is None) == (ref.from_ is None):
            yield Mistake(where, "needs exactly one of `source` and `from`")
        elif ref.from_ is not None:
            yield from _drawn(role, ref, refs)
        elif ref.source and ref.source.startswith("hub:") and ref.revision is None:
            yield Mistake(
                (*where, "source"),
                "a hub dataset needs `revision`, the commit to pin; a branch may change under you",
            )
    pairs = {role: ref.text_pair is not None for role, ref in refs.items() if ref.source}
    if len(set(pairs.values())) > 1:
        odd = ", ".join(role for role, has in pairs.items() if not has)
        yield Mistake(("data",), f"some roles are sentence pairs, but not {odd}; set `text_pair`")
    if recipe.teacher.model.startswith("hub:"):
        yield Mistake(("teacher", "model"), "write the hub id alone, without `hub:`")


def _drawn(role: str, ref: DataRef, refs: dict[str, DataRef]) -> Iterator[Mistake]:
    where = (*_key(role), "from")
    if ref.rows is None:
        yield Mistake(where, "needs `rows`: how many to draw")
    if ref.from_ not in refs or ref.from_ == role:
        yield Mistake(where, f'no role "{ref.from_}"{did_you_mean(str(ref.from_), refs)}')
    elif refs[ref.from_].from_ is not None:
        yield Mistake(where, f"{ref.from_} is itself drawn from another role; draw from its origin")
    if ref.from_ is not None and role.split("/")[0] not in JUDGING:
        judged = ref.from_.split("/")[0] in JUDGING
        if judged:
            yield Mistake(where, f"{ref.from_} is for the gate only; training must not see it")


def _same_rows(recipe: Recipe) -> Iterator[Mistake]:
    """The same file and split under a training role and a gate role is a leak by design."""
    refs = dict(recipe.data.by_role())
    seen = {_identity(refs[role]): role for role in training_roles(recipe)}
    for role in judging_roles(recipe):
        if refs[role].source and (other := seen.get(_identity(refs[role]))):
            yield Mistake(
                _key(role),
                f"is the same source as data.{other}; the gate must judge on rows that nothing "
                "trained on or was chosen by",
            )


def _gate(recipe: Recipe) -> Iterator[Mistake]:
    judging = judging_roles(recipe)
    present = [role for role, _ in recipe.data.by_role()]
    for index, check in enumerate(recipe.gate):
        yield from check_mistakes(index, check, recipe)
        for role in check.roles(present):
            if role in training_roles(recipe):
                yield Mistake(
                    ("gate", index, "data"),
                    f"{role} is a training role; the gate judges on "
                    + (" or ".join(judging) or "test"),
                )
            elif role not in judging:
                yield Mistake(
                    ("gate", index, "data"), f'no data role "{role}"{did_you_mean(role, judging)}'
                )
    if not any(check.limits() for check in recipe.gate):
        yield Mistake(("gate",), "no check sets a limit, so nothing could ever hold")


def _search(recipe: Recipe) -> Iterator[Mistake]:
    if recipe.search is not None:
        present = {role for role, _ in recipe.data.by_role()}
        yield from search_mistakes(recipe.search, recipe.stages, present)


def _identity(ref: DataRef) -> tuple[str | None, ...]:
    return (ref.source, ref.split, ref.config)


def _key(role: str) -> tuple[str, ...]:
    return ("data", *role.split("/"))
