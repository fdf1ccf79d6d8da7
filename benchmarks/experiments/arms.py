"""An arm of an experiment: a chain of stages from the setting's teacher, and what it answers.

Each arm is a recipe in WORK/recipes, run by the package itself into the store below WORK: a second
call finds what is there, and a killed one goes on where it was. Answers are kept beside it.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ruamel.yaml import YAML

from benchmarks.experiments.settings import SETTINGS, Places, Setting
from edgecompress.core.artifact import Artifact
from edgecompress.core.case import FloatArray
from edgecompress.core.pool import Executor, Reply, Task
from edgecompress.core.progress import Progress, Silent
from edgecompress.core.texts import TextSet
from edgecompress.data.resources import Resources
from edgecompress.models.predictor import TorchPredictor
from edgecompress.recipe.reading import read_recipe
from edgecompress.runtime.model import EdgeModel
from edgecompress.workflow.places import cache_folder
from edgecompress.workflow.run import make, start
from edgecompress.workflow.workspace import Workspace

TEACHER = "resource:e5-small"
TEACHER_TRAINING = {"epochs": 3, "learning_rate": 5e-5}
SEED = 1  # of the teacher, which all seeds of the arms share

Stages = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Made:
    """What an arm's recipe left."""

    model: Artifact
    aside: Mapping[str, Artifact]
    validation: TextSet  # as its recipe read them, which is what its scores are of


@dataclass
class Laboratory:
    """Makes arms of one setting, and asks them."""

    setting: Setting
    places: Places
    progress: Progress
    threads: int | None = None  # of a training; all cores if not said
    helpers: Executor | None = None  # who make arms into the same store, by `made_by_helper`
    answers: dict[tuple[str, str], FloatArray] = field(default_factory=dict)

    def teacher(self) -> Artifact:
        """The 12-layer model, fine-tuned once for all arms."""
        tuned = {"finetune": TEACHER_TRAINING | {"max_length": self.setting.max_length}}
        recipe = self._recipe({"model": TEACHER} | tuned, [{"kind": "export"}], SEED)
        return self._run("teacher", recipe, steps=1).model

    def arms(self, name: str, stages: Stages, seeds: Sequence[int]) -> list[Made]:
        """The arm at every seed; whatever helpers have not made is made here."""
        if self.helpers:
            told = {"setting": self.setting.name, "work": str(self.places.work), "name": name}
            told |= {"stages": [dict(stage) for stage in stages]}
            list(self.helpers.work([{**told, "seed": seed} for seed in seeds]))
        return [self.arm(name, stages, seed) for seed in seeds]

    def arm(self, name: str, stages: Stages, seed: int) -> Made:
        """Run the stages on the teacher; those that end in ONNX say so themselves."""
        ends = [] if stages and stages[-1]["kind"] in ("export", "quantize") else ["export"]
        whole = [*stages, *({"kind": kind} for kind in ends)]
        teacher = {"model": str(self.teacher().path), "max_length": self.setting.max_length}
        return self._run(f"{name}-{seed}", self._recipe(teacher, whole, seed), 1 + len(stages))

    def ask(self, model: Artifact, role: str) -> FloatArray:
        """Its logits on the rows of a role, [n, classes]; asked once."""
        if (model.digest, role) not in self.answers:
            file = self.places.work / "answers" / self.setting.name / f"{model.digest}-{role}.npy"
            if not file.is_file():
                file.parent.mkdir(parents=True, exist_ok=True)
                np.save(file.with_suffix(".new.npy"), self._logits(model, role), allow_pickle=False)
                file.with_suffix(".new.npy").rename(file)
            self.answers[model.digest, role] = np.load(file, allow_pickle=False)
        return self.answers[model.digest, role]

    def right(self, model: Artifact, role: str = "test") -> FloatArray:
        """1 where the model picks the label, else 0; [n]."""
        labels = self.setting.texts(self.places, role).labels
        return (self.ask(model, role).argmax(axis=1) == labels).astype(np.float64)

    def _logits(self, model: Artifact, role: str) -> FloatArray:
        texts = self.setting.texts(self.places, role).texts
        if model.kind == "torch-model":
            threads = self.threads or torch.get_num_threads()
            return TorchPredictor(model.path, threads=threads).logits(texts)
        return EdgeModel.load(model.path, threads=1, verify=False).logits(texts)

    def _recipe(self, teacher: Mapping[str, Any], stages: Stages, seed: int) -> dict[str, Any]:
        folder = self.setting.folder(self.places)
        columns = {"text_pair": "text_pair"} if self.setting.pairs else {}
        roles = ["train", "validation", "test"]
        data = {role: {"source": str(folder / f"{role}.jsonl")} | columns for role in roles}
        if any("transfer_epochs" in stage for stage in stages):
            own = {"source": str(folder / "transfer.jsonl")} | columns
            data["transfer"] = dict(self.setting.transfer or own)
        return {
            "version": 1,
            "name": self.setting.name,
            "task": "text-classification",
            "seed": seed,
            "labels": list(self.setting.labels),
            "teacher": dict(teacher),
            "data": data,
            "stages": [dict(stage) for stage in stages],
            "gate": [{"check": "size", "ratio_at_most": 1.0}],
        }

    def _run(self, name: str, recipe: Mapping[str, Any], steps: int) -> Made:
        file = self.places.work / "recipes" / f"{self.setting.name}-{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_name(f".{file.name}-{uuid.uuid4().hex}")
        with unfinished.open("w", encoding="utf-8") as stream:
            YAML(typ="safe").dump(dict(recipe), stream)
        unfinished.rename(file)  # others may be reading it
        opened = Workspace.open(self.places.work / "store", self.progress)
        workspace = replace(opened, most_threads=self.threads)
        began = time.monotonic()
        run = start(read_recipe(file), workspace)
        fresh = [not make(run, step)[1] for step in run.steps[:steps]]
        if any(fresh):
            print(f"{file.stem}: {time.monotonic() - began:.0f} s", flush=True)
        return Made(run.made[-1], dict(run.aside), run.data.load("validation"))


def made_by_helper(task: Task) -> Reply:
    """Make one arm and ask it about the test rows, on one thread; both are found in WORK."""
    places = Places(Path(task["work"]), Resources(cache_folder(), Silent()))
    lab = Laboratory(SETTINGS[task["setting"]], places, Silent(), threads=1)
    lab.ask(lab.arm(task["name"], task["stages"], task["seed"]).model, "test")
    return {}
