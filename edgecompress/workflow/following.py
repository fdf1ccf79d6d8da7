"""What a process of a run does that does not lead: train along, and read what the lead has sealed.

The lead gives one order after another, each with the label of a step and its key: "train" when all
are to run the step's stage, "keep" once its artifact is in the store. Nothing ends it.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from edgecompress.core.artifact import Artifact
from edgecompress.core.errors import EnvironmentFault, InputError
from edgecompress.core.ranks import lead_says
from edgecompress.data.roles import Data
from edgecompress.recipe.reading import RecipeFile
from edgecompress.training.together import join
from edgecompress.workflow.origin import teacher_origin
from edgecompress.workflow.plan import make_steps
from edgecompress.workflow.run import Run, run_stage
from edgecompress.workflow.workspace import Workspace

__all__ = ["follow", "join"]


def follow(file: RecipeFile, ws: Workspace) -> None:
    """Do as the lead says until it has no more to say.

    Raises:
        EnvironmentFault: another process has ended, or does not share this one's store.
        InputError: the lead runs another recipe.
    """
    if lead_says(ws.ranks, None) != file.digest:
        raise InputError(f"{file.document.path}: is not the recipe that the lead of this run reads")
    data = Data(file.recipe, file.folder, ws.resources, ws.progress)
    origin, unwritten = teacher_origin(file, ws.resources), ws.store.journal("follower")
    run = Run(file, ws, data, origin, make_steps(file, data), unwritten)
    steps = {step.label: step for step in run.steps}
    while order := lead_says(ws.ranks, None):
        step, key = steps[order["step"]], order["key"]
        if order["do"] == "train":
            with TemporaryDirectory(prefix="edgecompress-") as draft:
                run_stage(run, step, Path(draft), key)
        else:
            run.keep(step, _sealed(key, ws))


def _sealed(key: str, ws: Workspace) -> Artifact:
    found = ws.store.find(key)
    if found is None:
        raise EnvironmentFault(
            f"{ws.store.root}: does not hold {key}, which the lead has just put into its store; "
            "all processes of a run must share one folder"
        )
    return found
