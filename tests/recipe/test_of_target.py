"""What a recipe leaves open follows from its target."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgecompress.core.errors import RecipeError
from edgecompress.recipe.budget import Latency
from edgecompress.recipe.reading import RecipeFile, read_recipe
from edgecompress.recipe.shipping import Export, Quantize

Read = Callable[..., RecipeFile]
TARGET = "release: {card: true}\ntarget: {processor: %s, lengths: [8, 96]}"
QUANTIZE = "{kind: quantize, scheme: dynamic}"


@pytest.fixture
def smoke(repository: Path, tmp_path: Path) -> Read:
    """The smoke recipe with texts replaced, read."""

    def read(*changes: tuple[str, str]) -> RecipeFile:
        text = (repository / "recipes/smoke.yaml").read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / "recipe.yaml"
        path.write_text(text)
        return read_recipe(path)

    return read


def sections(file: RecipeFile) -> tuple[Export, Quantize, Latency]:
    found = [*file.recipe.stages, *file.recipe.gate]
    (export,), (quantize,), (latency,) = (
        [one for one in found if isinstance(one, kind)] for kind in (Export, Quantize, Latency)
    )
    return export, quantize, latency  # type: ignore[return-value]


def test_without_a_target_nothing_changes(smoke: Read) -> None:
    export, quantize, latency = sections(smoke())
    assert (export.lengths, quantize.reduce_range) == ((12, 24, 48), False)
    assert latency.processor is None


def test_a_processor_that_saturates_gets_seven_bits(smoke: Read) -> None:
    export, quantize, latency = sections(smoke(("release: {card: true}", TARGET % "x86")))
    assert (export.lengths, quantize.reduce_range) == ((8, 96), True)
    assert latency.processor == "x86"


def test_a_processor_that_does_not_keeps_eight(smoke: Read) -> None:
    _, quantize, _ = sections(smoke(("release: {card: true}", TARGET % "x86-vnni")))
    assert not quantize.reduce_range


def test_what_is_written_stays(smoke: Read) -> None:
    written = "{kind: quantize, scheme: dynamic, reduce_range: false}"
    changes = ("release: {card: true}", TARGET % "x86"), (QUANTIZE, written)
    assert not sections(smoke(*changes))[1].reduce_range


def test_another_processor_is_a_mistake(smoke: Read) -> None:
    with pytest.raises(RecipeError, match="x86-vnni"):
        smoke(("release: {card: true}", TARGET % "riscv"))
