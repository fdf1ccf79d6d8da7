"""The section `search` of a recipe: which students are tried, by what, and for how long."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from edgecompress.recipe.adversarial import EXAMPLES, states_mistakes
from edgecompress.recipe.attacking import REDUCTION, AttackRecipe
from edgecompress.recipe.cells import MIXING, Operation
from edgecompress.recipe.learning import Student
from edgecompress.recipe.mistakes import Mistake
from edgecompress.recipe.section import Section
from edgecompress.recipe.stage import StageSettings

Share = Annotated[float, Field(gt=0, le=1)]
Shares = Annotated[tuple[Share, ...], Field(min_length=1)]
Goal = Literal["robustness", "accuracy", "loyalty", "latency_ms", "params"]

RISING: Final = frozenset({"robustness", "accuracy", "loyalty"})
"""Goals of which more is better; of the others less is."""


class Subnetworks(Section):
    """Students cut out of the model: layers, heads and neurons of each layer, rank of the words.

    Weights are inherited, what matters least goes, so a short training is enough.
    """

    kind: Literal["subnetworks"]
    heads: Shares = Field(default=(0.25, 0.5, 0.75, 1.0), description="shares kept in a layer")
    neurons: Shares = Field(default=(0.125, 0.25, 0.5, 1.0), description="shares kept in a layer")
    ranks: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        default=(0.17, 0.25, 0.34),
        description="of the word table, as shares of its width; a whole table is always tried too",
    )
    fewest_layers: int = Field(default=1, ge=1)


class CellGraphs(Section):
    """Students of repeated cells behind the model's embeddings; all else starts anew."""

    kind: Literal["cells"]
    most_nodes: int = Field(default=5, ge=1, le=16, description="of a cell")
    repeats: Annotated[tuple[Annotated[int, Field(ge=1, le=24)], ...], Field(min_length=1)] = (
        *(2, 3, 4, 5, 6),
    )
    widths: Shares = Field(default=(0.5, 0.75, 1.0), description="as shares of the embeddings'")
    operations: Annotated[tuple[Operation, ...], Field(min_length=1)] = (
        *("attention", "feed_forward", "conv3", "conv5", "gated", "identity"),
    )


class Budget(Section):
    """When a search ends; whichever comes first."""

    evaluations: int = Field(
        default=60, ge=2, description="students trained, those from other seeds included"
    )
    minutes: float | None = Field(
        default=None,
        gt=0,
        description="of the students' own work over the number of workers; no generation begins "
        "after it",
    )


class Bounds(Section):
    """What no student may exceed; looked at before any training."""

    params: int | None = Field(default=None, ge=1)
    latency_ms: float | None = Field(
        default=None,
        gt=0,
        description="of one text by one thread, int8, by a table measured on this machine",
    )


class SearchAttack(Section):
    """The attack that students are chosen by, on rows of `validation`, which no gate judges on."""

    recipe: AttackRecipe = Field(
        default="deepwordbug",
        description="as in the check `attack`; a quick one, since each student is attacked",
    )
    rows: int = Field(default=100, ge=1, description="drawn once, the same for every student")
    query_budget: int | None = Field(
        default=80, ge=2, description="answers after which the attacker gives a text up"
    )
    most_words: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="share of a text's words that may be changed, rounded up; by default all, "
        "which few students of any shape survive",
    )
    column: Literal["text", "text_pair"] = Field(
        default="text", description="of sentence pairs: which of the two may be changed"
    )


class Search(Section):
    """Try many students in the place of one stage, and keep those that nothing beats in all goals.

    The recipe stays an ordinary one: `run` makes the student that it writes down, `search` puts
    others in its place, trained by the same settings but for `epochs` and `transfer_epochs`.

    Source: after Guo et al. (2021), RoSearch, arXiv:2106.03613, of which only the abstract was at
    hand: operations, rates and fitness are our own.
    """

    student: int = Field(
        ge=0, description="which of `stages`, counted from 0, a candidate takes the place of"
    )
    space: Subnetworks | CellGraphs = Field(
        default=Subnetworks(kind="subnetworks"), discriminator="kind"
    )
    adversarial_radii: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        default=(),
        description="each student learns with one of them as its `adversarial_radius`; by default "
        "all with the recipe's own",
    )
    adversarial_examples: tuple[bool, ...] = Field(
        default=(),
        description="each student learns with one of them as its `adversarial_examples`; by "
        "default all with the recipe's own",
    )
    budget: Budget = Budget()
    population: int = Field(default=12, ge=2, le=1000, description="students of a generation")
    crossover: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.3, description="share of the children that have two parents"
    )
    objectives: Annotated[tuple[Goal, ...], Field(min_length=1)] = (
        *("robustness", "accuracy", "latency_ms"),
    )
    bounds: Bounds = Bounds()
    attack: SearchAttack = SearchAttack()
    max_drop: Share | None = Field(
        default=0.15,
        description="in accuracy against the teacher, on `validation`; who drops by more is not "
        "attacked, has no children and is on no front: who always says the same is never fooled",
    )
    survivors: Share = Field(
        default=0.5,
        description="share of a generation that is attacked: the best by the other goals",
    )
    epochs: int = Field(default=1, ge=1, le=1000, description="of a candidate's short training")
    transfer_epochs: int = Field(default=0, ge=0, description="the same, over `transfer`")
    elites: int = Field(
        default=3, ge=0, description="students of the last front that are trained again"
    )
    seeds: int = Field(default=3, ge=1, description="how many trainings an elite has in all")

    @property
    def reserved(self) -> int:
        """Trainings of the budget that are for the elites."""
        return self.elites * (self.seeds - 1)

    def rising(self) -> tuple[bool, ...]:
        """For each goal, whether more is better."""
        return tuple(goal in RISING for goal in self.objectives)


def search_mistakes(
    search: Search, stages: tuple[StageSettings, ...], roles: set[str]
) -> Iterator[Mistake]:
    """What the section cannot mean in this recipe."""
    where = ("search",)
    if search.student >= len(stages):
        told = f"{search.student}, but there are stages 0 to {len(stages) - 1}"
        yield Mistake((*where, "student"), told)
    elif isinstance(stage := stages[search.student], Student):
        yield from _training(search, stage)
    else:
        yield Mistake(
            (*where, "student"), "names a stage that trains no student; name a prune, distill, ..."
        )
    if "validation" not in roles:
        yield Mistake(where, "chooses students on data.validation, which the recipe does not have")
    if len(set(search.objectives)) < len(search.objectives):
        yield Mistake((*where, "objectives"), "name each goal once")
    yield from _adversaries(search, stages)
    if isinstance(search.space, CellGraphs) and not MIXING & set(search.space.operations):
        told = f"no token would learn of the others; add one of {', '.join(sorted(MIXING))}"
        yield Mistake((*where, "space", "operations"), told)
    if search.attack.recipe == REDUCTION:
        told = "input-reduction says nothing of answers that survive; take another attack"
        yield Mistake((*where, "attack", "recipe"), told)
    if search.budget.evaluations < search.population + search.reserved:
        least = search.population + search.reserved
        yield Mistake(
            (*where, "budget", "evaluations"),
            f"{search.budget.evaluations}, but one generation and the elites' other seeds need "
            f"{least}; raise it, or lower population, elites or seeds",
        )


def _adversaries(search: Search, stages: tuple[StageSettings, ...]) -> Iterator[Mistake]:
    for name, what in (("adversarial_radii", "radius"), ("adversarial_examples", "choice")):
        asked = getattr(search, name)
        if len(set(asked)) < len(asked):
            yield Mistake(("search", name), f"name each {what} once")
    if any(search.adversarial_examples) and EXAMPLES not in [
        stage.gives for stage in stages[: search.student]
    ]:
        told = f"put an `{EXAMPLES}` stage before the student, to find what is learnt"
        yield Mistake(("search", "adversarial_examples"), told)


def _training(search: Search, stage: Student) -> Iterator[Mistake]:
    """Candidates differ from their teacher in heads, and cells in everything."""
    unlike = ["attention"]
    if search.space.kind == "cells":
        unlike += ["relations", "hidden"]
    for part in unlike:
        if getattr(stage.objective, part):
            yield Mistake(
                ("stages", search.student, "objective", part),
                f"candidates of `search.space: {search.space.kind}` have no such states to match; "
                "set 0",
            )
    if any(search.adversarial_examples):
        yield from states_mistakes(search.student, stage.objective)
