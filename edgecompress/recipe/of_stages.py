"""What one stage's settings cannot mean together."""

from collections.abc import Collection, Iterator

from edgecompress.recipe.adversarial import states_mistakes
from edgecompress.recipe.cells import Cells, cells_mistakes
from edgecompress.recipe.document import KeyPath
from edgecompress.recipe.learning import Difficulty, Distill, Student, Theseus
from edgecompress.recipe.mistakes import Mistake
from edgecompress.recipe.shipping import Quantize
from edgecompress.recipe.shrinking import Factorize, Prune

STRUCTURE = ("heads", "intermediate", "layers")


def student_mistakes(index: int, stage: Student, roles: Collection[str]) -> Iterator[Mistake]:
    """Of a stage that teaches."""
    where = ("stages", index)
    objective = stage.objective
    if not any(objective.parts):
        yield Mistake((*where, "objective"), "all weights are 0, so nothing is learnt")
    if objective.smooth is not None and not objective.logits:
        yield Mistake(
            (*where, "objective", "smooth"),
            "smooths the teacher's answers, which `logits: 0` does not learn from",
        )
    if objective.reweight is not None and not (objective.logits or objective.labels):
        yield Mistake(
            (*where, "objective", "reweight"),
            "weighs the losses of logits and labels, and both are 0",
        )
    if stage.adversarial_examples:
        yield from states_mistakes(index, objective)
    if isinstance(stage, Distill):
        yield from _distill(index, stage)
    if isinstance(stage, Theseus):
        yield from _theseus(index, stage)
    if isinstance(stage, Prune):
        yield from _prune(index, stage)
    if isinstance(stage, Cells):
        yield from cells_mistakes(index, stage)


def factorize_mistakes(index: int, stage: Factorize, roles: Collection[str]) -> Iterator[Mistake]:
    """Of a stage that splits matrices."""
    where = ("stages", index)
    if stage.embeddings is None and stage.attention is None and stage.feed_forward is None:
        yield Mistake(where, "nothing to factorize: set embeddings, attention or feed_forward")
    if stage.embeddings is not None and stage.weighting == "frequency" and "train" not in roles:
        yield Mistake(
            (*where, "weighting"),
            "frequency counts pieces in data.train, which the recipe does not have; set plain",
        )


def difficulty_mistakes(index: int, stage: Difficulty) -> Iterator[Mistake]:
    """Of a stage that scores texts."""
    if list(stage.sparsities) != sorted(set(stage.sparsities)):
        yield Mistake(("stages", index, "sparsities"), "must be rising, each named once")


def quantize_mistakes(index: int, stage: Quantize, roles: Collection[str]) -> Iterator[Mistake]:
    """Of a stage that stores weights in few bits."""
    where = ("stages", index)
    if stage.calibrates and "calibration" not in roles:
        asking = "scheme" if stage.scheme == "static" else "smooth"
        yield Mistake(
            (*where, asking),
            f"{stage.scheme if asking == 'scheme' else asking} reads data.calibration, which the "
            "recipe does not have; add `calibration: {from: train, rows: 512}`",
        )
    for name, schemes in stage.schemes_of.items():
        usual = Quantize.model_fields[name].default
        if stage.scheme not in schemes and getattr(stage, name) != usual:
            yield Mistake(
                (*where, name),
                f"is for scheme: {' or '.join(schemes)}; scheme: {stage.scheme} does not know it",
            )
    if stage.fallback is not None and not stage.fallback.limits:
        yield Mistake(
            (*where, "fallback"),
            "has no limit to hold; set label_loyalty_at_least, accuracy_drop_at_most or "
            "batch_flips_at_most",
        )


def _distill(index: int, stage: Distill) -> Iterator[Mistake]:
    where = ("stages", index, "layers")
    if isinstance(stage.layers, int):
        if stage.layers < 1:
            yield Mistake(where, f"at least 1, got {stage.layers}")
    elif stage.layers is not None and (
        not stage.layers or list(stage.layers) != sorted(set(stage.layers))
    ):
        yield Mistake(where, "the layers to copy must be rising, each named once")
    if stage.augment and not stage.transfer_epochs:
        yield Mistake(
            ("stages", index, "augment"),
            "makes texts to be learnt with `transfer`, and `transfer_epochs: 0` leaves these out",
        )


def _theseus(index: int, stage: Theseus) -> Iterator[Mistake]:
    where = ("stages", index)
    if isinstance(stage.modules, int):
        if stage.modules < 1:
            yield Mistake((*where, "modules"), f"at least 1, got {stage.modules}")
    elif max(stage.modules, default=0) < 2:
        yield Mistake(
            (*where, "modules"),
            f"got {list(stage.modules)}; a module of one layer gets no shallower, so at least one "
            "needs two layers or more",
        )
    if stage.rest == "late" and stage.replacing.share == 1:
        yield Mistake(
            (*where, "rest"),
            "late waits for the end of replacing, and `replacing.share: 1` replaces to the last "
            "step; lower the share, or set frozen or trained",
        )


def _prune(index: int, stage: Prune) -> Iterator[Mistake]:
    where = ("stages", index)
    depth, widths = _set(stage, "layers"), _set(stage, "heads", "intermediate")
    speed, zeros = _set(stage, "speedup"), _set(stage, "sparsity")
    if not stage.narrows and not depth:
        yield Mistake(
            where, f"nothing to prune: set {', '.join(STRUCTURE)}, or speedup, or sparsity"
        )
    if (speed and widths) or (zeros and (depth or widths or speed)):
        yield Mistake(
            where,
            f"{' and '.join([*depth, *widths, *speed, *zeros])} cannot be asked for together; "
            "a speed finds its own heads and neurons, and a sparsity leaves the structure alone",
        )
    if speed and stage.importance == "magnitude":
        yield Mistake(
            (*where, "importance"),
            "speedup weighs heads against neurons, whose magnitudes do not compare; set taylor",
        )
    if stage.ranking == "global" and not widths:
        yield Mistake((*where, "ranking"), "global ranks heads and neurons; set how many to keep")
    yield from _each_layer(where, stage)
    if stage.objective.attention and (speed or _set(stage, "heads")):
        yield Mistake(
            (*where, "objective", "attention"),
            "matches attention maps head by head, which a layer with fewer heads cannot; set 0",
        )
    if stage.rounds > 1 and stage.epochs == 0:
        yield Mistake((*where, "rounds"), "are spread over a training; with epochs: 0 set 1")
    if depth and stage.epochs == 0:
        yield Mistake(
            (*where, "layers"),
            "the head reads nothing in the states of a lower layer until it is trained; set epochs",
        )


def _each_layer(where: KeyPath, stage: Prune) -> Iterator[Mistake]:
    """Layers that are named, and numbers for each of them."""
    layers = stage.layers
    if isinstance(layers, tuple):
        if list(layers) != sorted(set(layers)):
            yield Mistake((*where, "layers"), "the layers to keep must be rising, each named once")
        if stage.rounds > 1:
            yield Mistake((*where, "rounds"), "named layers are cut at once; set 1")
    depth = len(layers) if isinstance(layers, tuple) else layers
    for name in ("heads", "intermediate"):
        if not isinstance(asked := getattr(stage, name), tuple):
            continue
        if isinstance(depth, int) and len(asked) != depth:
            told = f"{len(asked)} numbers for {depth} kept layers; give one for each"
            yield Mistake((*where, name), told)
        if stage.ranking == "global":
            told = "global finds each layer's own number; give one for all, or set uniform"
            yield Mistake((*where, name), told)


def _set(stage: Prune, *names: str) -> list[str]:
    return [name for name in names if getattr(stage, name) is not None]
