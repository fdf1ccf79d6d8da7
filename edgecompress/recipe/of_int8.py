"""What a training with 8 bits and the stage that makes them must agree on."""

from collections.abc import Iterator, Sequence

from edgecompress.recipe.learning import Qat
from edgecompress.recipe.mistakes import Mistake
from edgecompress.recipe.neural_compressor import NeuralCompressor
from edgecompress.recipe.shipping import Quantize
from edgecompress.recipe.stage import StageSettings

SHARED = ("scheme", "embeddings", "reduce_range")


def rehearsal_mistakes(index: int, stages: Sequence[StageSettings]) -> Iterator[Mistake]:
    """Of the `qat` stage at `index`: it trains for the 8-bit stage behind it, and for no other."""
    stage, later = stages[index], list(enumerate(stages))[index + 1 :]
    assert isinstance(stage, Qat)
    makers = [(n, s) for n, s in later if isinstance(s, Quantize | NeuralCompressor)]
    if not makers:
        yield Mistake(("stages", index), "trains for 8 bits, and no later stage makes them")
        return
    number, maker = makers[0]
    made = _rounding_of(maker)
    for name in SHARED:
        ours, theirs = getattr(stage, name), made[name]
        if ours != theirs:
            yield Mistake(
                ("stages", index, name),
                f"trains for {_shown(ours)}, but stages[{number}] makes {_shown(theirs)}; "
                "set both alike",
            )
    if isinstance(maker, Quantize) and not maker.per_channel:
        yield Mistake(
            ("stages", number, "per_channel"),
            f"stages[{index}] qat trains for one scale for each channel; set true",
        )


def _rounding_of(maker: Quantize | NeuralCompressor) -> dict[str, object]:
    """By the names that `quantize` gives them."""
    if isinstance(maker, Quantize):
        return {name: getattr(maker, name) for name in SHARED}
    return {"scheme": "static", "embeddings": maker.embeddings, "reduce_range": False}


def _shown(value: object) -> str:
    return str(value).lower()
