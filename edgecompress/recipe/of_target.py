"""What follows from the target, in every place where the recipe says nothing itself."""

from typing import Any, TypeVar

from edgecompress.recipe.budget import Latency
from edgecompress.recipe.learning import Qat
from edgecompress.recipe.schema import Recipe
from edgecompress.recipe.section import Section
from edgecompress.recipe.shipping import Export, Quantize

AnySection = TypeVar("AnySection", bound=Section)


def for_target(recipe: Recipe) -> Recipe:
    """The same recipe with these places filled in; what is written stays as it is."""
    if recipe.target is None:
        return recipe
    values: dict[type[Section], dict[str, Any]] = {
        Export: {"lengths": recipe.target.lengths},
        Qat: {"reduce_range": recipe.target.processor == "x86"},
        Quantize: {"reduce_range": recipe.target.processor == "x86"},
        Latency: {"processor": recipe.target.processor},
    }
    stages = tuple(_filled(stage, values.get(type(stage), {})) for stage in recipe.stages)
    gate = tuple(_filled(check, values.get(type(check), {})) for check in recipe.gate)
    return recipe.model_copy(update={"stages": stages, "gate": gate})


def _filled(section: AnySection, values: dict[str, Any]) -> AnySection:
    return section.model_copy(
        update={name: v for name, v in values.items() if name not in section.model_fields_set}
    )
