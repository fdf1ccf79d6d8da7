"""One student of a search: an ordinary recipe, made step by step into the store, and measured.

`python -m edgecompress.workflow.candidates` does so for the tasks that come on stdin, one a line. A
task says everything, so any process of any machine that sees the store may do it.
"""

import atexit
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from edgecompress.attacks.crew import Crew, local_crew
from edgecompress.checks import accuracy, attack, loyalty
from edgecompress.core.artifact import Artifact
from edgecompress.core.case import Case, Contestant
from edgecompress.core.errors import (
    InputError,
    MeasureError,
    RecipeError,
    StageError,
    TrainingDiverged,
)
from edgecompress.core.exhibit import Finding, measurements_of
from edgecompress.core.pool import Reply, Task
from edgecompress.core.progress import Silent
from edgecompress.data.named import NamedSources
from edgecompress.data.resources import Resources
from edgecompress.recipe.adversarial import unread
from edgecompress.recipe.attacking import WORD_LISTS, Attack
from edgecompress.recipe.behaviour import Accuracy, Loyalty
from edgecompress.recipe.crosschecks import mistakes_in
from edgecompress.recipe.reading import RecipeFile, read_recipe, resolved
from edgecompress.recipe.schema import Recipe
from edgecompress.recipe.searching import Search
from edgecompress.recipe.stage import StageSettings
from edgecompress.store.store import Store
from edgecompress.workflow.contestants import contestant, torch_contestant
from edgecompress.workflow.keeping import Keeper, recall_teacher
from edgecompress.workflow.plan import make_steps
from edgecompress.workflow.run import Run, make, start
from edgecompress.workflow.workspace import Workspace

ROLE: Final = "validation"  # which no gate judges on
# Names of the gate's measurements -> names in a search.
TRAINED: Final = {"accuracy": "accuracy", "label_loyalty": "loyalty"}
ATTACKED: Final = {
    "after_attack_accuracy": "robustness",
    "after_attack_drop": "robustness_drop",
    "transfer_accuracy": "transfer",
    "queries_mean": "queries",
}


def section_of(file: RecipeFile) -> Search:
    """The recipe's section `search`.

    Raises:
        InputError: it has none.
    """
    if file.recipe.search is None:
        raise InputError(
            f"{file.document.path}: has no section `search`; see docs/reference/recipe"
        )
    return file.recipe.search


def with_student(recipe: Recipe, stages: Sequence[Mapping[str, Any]]) -> Recipe:
    """The recipe with these stages, as JSON values, in the place of its student, and no search.

    Texts that fooled a model are looked for only where this student learns them.
    """
    assert recipe.search is not None
    place, document = recipe.search.student, resolved(recipe)
    chain = document["stages"]
    document["stages"] = [*chain[:place], *stages, *chain[place + 1 :]]
    del document["search"]
    made = Recipe.model_validate_json(json.dumps(document))
    idle = {before for before in unread(made.stages) if before < place}
    kept = tuple(stage for at, stage in enumerate(made.stages) if at not in idle)
    return made.model_copy(update={"stages": kept})


def as_json(stages: Sequence[StageSettings]) -> list[dict[str, Any]]:
    """Stages as a recipe file has them."""
    return [stage.model_dump(mode="json", by_alias=True, exclude_none=True) for stage in stages]


@dataclass
class Frame:
    """What all students of a search share: a run up to the place where they differ."""

    run: Run

    @classmethod
    def made(cls, file: RecipeFile, ws: Workspace) -> "Frame":
        """Make or find all that stands before the student."""
        place, run = section_of(file).student, start(file, ws)
        for step in [step for step in run.steps if not step.again][: 1 + place]:
            make(run, step)
        return cls(run)

    @cached_property
    def teacher(self) -> Contestant:
        """Whom students are held against."""
        return torch_contestant(self.run.teacher, "teacher")

    @cached_property
    def crew(self) -> Crew:
        """Who attacks: there until this process ends, since each takes seconds to start."""
        hired = ExitStack()
        atexit.register(hired.close)
        words = self.sources.place(WORD_LISTS)
        return hired.enter_context(local_crew(self.run.ws.threads, words))

    @property
    def sources(self) -> NamedSources:
        """Where the recipe's files and resources are."""
        return NamedSources(self.run.file.folder, self.run.ws.resources)

    def student(self, stages: Sequence[Mapping[str, Any]], seed: int) -> Artifact:
        """Make or find the student of these stages, and all that stands behind it.

        Args:
            stages: in the place of the recipe's own, as JSON values.
            seed: added to the recipe's, from here on; rows and teacher stay.

        Raises:
            StageError, TrainingDiverged: this student cannot be made.
            RecipeError: its stages do not fit the recipe.
        """
        recipe = with_student(self.run.file.recipe, stages)
        file = RecipeFile(recipe, self.run.file.document)
        file.require(mistakes_in(recipe))
        run = replace(
            self.run, file=file, made=list(self.run.made), aside=dict(self.run.aside), records=[]
        )
        seeded = recipe.model_copy(update={"seed": recipe.seed + seed})
        steps = [step for step in make_steps(file, run.data) if not step.again]
        shared = section_of(self.run.file).student + 1  # of the searched recipe's stages
        own = len(stages) + len(self.run.file.recipe.stages) - shared
        for step in steps[-own:]:
            make(run, replace(step, recipe=seeded))
        return run.made[-1]

    def trained(self, who: Contestant) -> dict[str, Any]:
        """Accuracy and loyalty on the validation rows, with their intervals."""
        case = self._case(who)
        found = [
            *accuracy.measure(case, Accuracy(check="accuracy", data=ROLE)),
            *loyalty.measure(case, Loyalty(check="loyalty", data=ROLE)),
        ]
        return {**_values(found, TRAINED), "bytes": {"value": who.weights_bytes}}

    def attacked(self, who: Contestant) -> dict[str, Any]:
        """What survives the search's attack, on rows that are the same for every student."""
        asked = section_of(self.run.file).attack
        settings = Attack(
            check="attack",
            data=ROLE,
            recipes=(asked.recipe,),
            rows=asked.rows,
            query_budget=asked.query_budget,
            most_words=asked.most_words,
            column=asked.column,
        )
        return _values(attack.measure(self._case(who), settings, self.crew), ATTACKED)

    def case(self, who: Contestant, roles: Iterable[str]) -> Case:
        """A student and the teacher before the rows of some roles."""
        run = self.run
        return Case(
            who,
            self.teacher,
            {role: run.data.load(role) for role in roles},
            run.file.recipe.labels,
            run.file.recipe.seed,
            keep=Keeper(run.ws.store),
            sources=self.sources,
            workers=run.ws.threads,
            progress=run.ws.progress,
            known=run.known,
        )

    def _case(self, who: Contestant) -> Case:
        case = self.case(who, [ROLE])
        recall_teacher(case, ROLE)
        return case


def _values(found: Sequence[Finding], names: Mapping[str, str]) -> dict[str, Any]:
    """The measurements that a search goes by, each with its interval."""
    return {
        names[one.name]: {"value": one.value, "low": one.low, "high": one.high, "n": one.n}
        for one in measurements_of(found)
        if one.name in names
    }


RUNGS: Mapping[str, Callable[[Frame, Contestant], dict[str, Any]]] = {
    "train": Frame.trained,
    "attack": Frame.attacked,
}


def task_of(file: RecipeFile, ws: Workspace) -> dict[str, Any]:
    """What a task says of the search that it belongs to."""
    return {
        "recipe": str(file.document.path.resolve()),
        "digest": file.digest,
        "store": str(ws.store.root.resolve()),
        "cache": str(ws.resources.cache.resolve()),
        "offline": ws.offline,
    }


def evaluated(task: Task) -> Reply:
    """Make one student and measure it; what only this student cannot do is its failure."""
    place = tuple(str(task[name]) for name in ("recipe", "digest", "store", "cache"))
    frame = _frame(*place, offline=bool(task["offline"]))
    began = time.monotonic()
    try:
        made = frame.student(task["stages"], task["seed"])
        values = RUNGS[task["rung"]](frame, contestant(made, "candidate"))
    except (MeasureError, RecipeError, StageError, TrainingDiverged) as error:
        return {"failed": str(error)}
    return {"values": values, "seconds": round(time.monotonic() - began, 2)}


@cache
def _frame(recipe: str, digest: str, store: str, cached: str, *, offline: bool) -> Frame:
    """One for each search that this process works for."""
    progress, file = Silent(), read_recipe(Path(recipe))
    if file.digest != digest:
        raise InputError(f"{recipe}: has changed since the search began; start it again")
    ws = Workspace(
        Store(Path(store), progress),
        Resources(Path(cached), progress, offline=offline),
        progress,
        offline,
        most_threads=1,
    )
    return Frame.made(file, ws)


def main() -> None:
    """Answer until nobody asks any more."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # libraries print; stdout is for replies alone
    for line in sys.stdin:
        print(json.dumps(evaluated(json.loads(line))), file=replies, flush=True)


if __name__ == "__main__":
    main()
