"""Verb `gate`: judge again without training, the recipe's own model or anyone's."""

from pathlib import Path

from edgecompress.core.errors import InputError
from edgecompress.core.report import RunReport
from edgecompress.recipe.reading import RecipeFile
from edgecompress.workflow.contestants import contestant, foreign_contestant
from edgecompress.workflow.plan import plan_recipe
from edgecompress.workflow.run import Run, judged, make_all, start
from edgecompress.workflow.workspace import Workspace


def gate_recipe(
    file: RecipeFile, ws: Workspace, candidate: Path | None = None
) -> tuple[Run, RunReport]:
    """Measure everything anew and judge.

    Args:
        candidate: a folder with config.json, tokenizer.json and an ONNX classifier, or the
            classifier's file where the folder holds several; None for what the recipe itself made.

    Raises:
        InputError: what has to be judged, or its teacher, has not been made yet.
    """
    steps = plan_recipe(file, ws).steps
    labels = [p.step.label for p in steps]
    last = "retrained" if "retrained" in labels else "teacher"
    needed = steps[: labels.index(last) + 1] if candidate else steps
    missing = [p.step.label for p in needed if p.artifact is None]
    if missing:
        until = f" --until {last}" if candidate else ""
        raise InputError(
            f"{file.document.path}: {missing[0]} has not been made yet, and `gate` does not train; "
            f"run `edgecompress run {file.document.path}{until}` first"
        )
    run = start(file, ws)
    with run.watched():
        make_all(run, until=last if candidate else None)
        if candidate is None:
            ours = contestant(run.made[-1], file.recipe.name)
            return run, judged(run, ours, run.student, again=True)
        foreign = foreign_contestant(candidate, file.recipe.labels, ws.progress)
        return run, judged(run, foreign, None, again=True)
