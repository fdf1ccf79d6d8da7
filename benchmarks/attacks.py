"""Our attacks against stock TextAttack's, and every attack's figures, on the quickstart's student.

    python benchmarks/attacks.py [--rows 50] [--figures 200] [--student FOLDER --candidate FOLDER]

Speed: DeepWordBug and PWWS on the same rows with the same seeds, by
  (a) stock `Attack.attack()` on the torch student through TextAttack's own HuggingFaceModelWrapper,
      with as many threads as torch takes,
  (b) stock `Attack.attack()` on the ONNX model that ships, one text at a time,
  (c) one worker of ours on the same ONNX model, one thread,
  (d) a worker of ours on every core.
(a) to (c) take turns in one process; (d) follows once its workers are up. Wall time, and CPU time
of all threads, which other work on the machine touches less. (b) and (c) must agree in every
outcome, text and number of queries.

Figures: every attack on `--figures` rows, without a network, with one and with two workers, in both
orders of the rows, twice; all eight must give the same outcomes.

Without folders the artifacts of recipes/quickstart.yaml are taken from the store (`edgecompress run
recipes/quickstart.yaml` makes them). The result goes to stdout and benchmarks/results/attacks.json.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from edgecompress.attacks.campaign import Campaign
from edgecompress.attacks.crew import local_crew
from edgecompress.attacks.method import Method, Target, seed_of
from edgecompress.attacks.offline import ONE_THREAD, worker_environment
from edgecompress.attacks.outcomes import Outcome
from edgecompress.attacks.preparing import drawn_rows, methods_of
from edgecompress.core.case import Case
from edgecompress.core.progress import Silent
from edgecompress.data.named import NamedSources
from edgecompress.data.resources import Resources
from edgecompress.data.roles import Data
from edgecompress.recipe.attacking import WORD_LISTS, Attack
from edgecompress.recipe.reading import read_recipe
from edgecompress.runtime.machine import environment
from edgecompress.store.keys import library_versions
from edgecompress.store.store import Store
from edgecompress.workflow.contestants import edge_contestant
from edgecompress.workflow.keeping import Keeper
from edgecompress.workflow.places import cache_folder
from edgecompress.workflow.plan import plan_recipe
from edgecompress.workflow.workspace import Workspace

ROOT = Path(__file__).parent.parent
RECIPE = ROOT / "recipes" / "quickstart.yaml"
RESULT = Path(__file__).parent / "results" / "attacks.json"
SEED = 7
TURN = 10  # rows; in smaller turns each would find its caches emptied by the others
SPEED = ("deepwordbug", "pwws")
ALONE = ("deepwordbug", "pwws", "input-reduction", "checklist", "textbugger", "word-swap-minilm")
NO_NETWORK = """
import socket

def refuse(*args, **options):
    raise OSError("this benchmark allows no network")

socket.socket.__init__ = refuse
socket.getaddrinfo = refuse
"""


def case_of(recipe: Path, candidate: Path, keep: Keeper) -> Case:
    """The candidate before the recipe's test rows; it stands in for its own teacher."""
    file = read_recipe(recipe)
    resources = Resources(cache_folder(), Silent())
    data = Data(file.recipe, file.folder, resources, Silent())
    who = edge_contestant(candidate, "candidate")
    rows = {"test": data.load("test")}
    sources = NamedSources(file.folder, resources)
    return Case(who, who, rows, file.recipe.labels, SEED, keep=keep, sources=sources)


def newest_of(recipe: Path) -> tuple[Path, Path]:
    """The torch student and the model that ships, of the last run of a recipe."""
    steps = plan_recipe(read_recipe(recipe), Workspace.open(None, Silent())).steps
    made = [step.artifact for step in steps if step.artifact]
    if len(made) < len(steps):
        sys.exit(f"run `edgecompress run {recipe}` first, or give --student and --candidate")
    torch_models = [artifact.path for artifact in made if artifact.kind == "torch-model"]
    return torch_models[-1], made[-1].path


def speed(case: Case, student: Path, rows: int) -> dict[str, Any]:
    """Runs the three in a process with a worker's environment."""
    drawn = drawn_rows(case, "test", rows)
    asked = {
        "student": str(student),
        "candidate": str(case.candidate.folder),
        "labels": case.labels,
        "rows": list(zip(drawn.texts, drawn.labels.tolist(), strict=True)),
    }
    with tempfile.TemporaryDirectory() as place:
        told = worker_environment(case.sources.place(WORD_LISTS), Path(place))
        told["PYTHONPATH"] += os.pathsep + str(ROOT)
        for name in ONE_THREAD:  # stock TextAttack takes what torch takes here
            told.pop(name)
            told |= {name: os.environ[name]} if name in os.environ else {}
        command = [sys.executable, "-m", "benchmarks.attacks", "--inside"]
        done = subprocess.run(
            command,
            input=json.dumps(asked),
            env=told,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    for recipe, told in found.items():
        rates = told["samples_per_s"]
        rates["d"] = round(_pool_rate(case, Method(recipe), asked["rows"]), 3)
        told["pool_over_stock"] = round(rates["d"] / rates["a"], 1)
    return found


def _pool_rate(case: Case, method: Method, rows: Sequence[tuple[Any, int]]) -> float:
    """Rows a second by all cores, the start of the workers left out."""
    told = {"method": method.told(), "target": _target(case.candidate.folder).told()}
    tasks = [{**task, **told} for task in _tasks(method, rows)]
    cores = len(os.sched_getaffinity(0))
    with local_crew(cores, case.sources.place(WORD_LISTS)) as crew:
        list(crew.work(tasks[: 2 * cores]))
        began = time.perf_counter()
        list(crew.work(tasks))
        return len(tasks) / (time.perf_counter() - began)


def _target(folder: Path) -> Target:
    return Target("candidate", folder.name, folder)


def _tasks(method: Method, rows: Sequence[tuple[Any, int]]) -> list[dict[str, Any]]:
    return [
        {"row": row, "text": text, "label": label, "seed": seed_of(SEED, method, text)}
        for row, (text, label) in enumerate(rows)
    ]


def inside(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Each recipe by all three, in turns."""
    return {recipe: _turns(recipe, asked) for recipe in SPEED}


def _turns(recipe: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    import torch
    from textattack.shared import attacked_text

    from edgecompress.attacks import worker

    threads = torch.get_num_threads()
    attacks = _stock_attacks(recipe, asked)
    plain = attacked_text.words_from_text
    worker.settle()
    ours = attacked_text.words_from_text
    method = Method(recipe)  # type: ignore[arg-type]
    told = {"method": method.told(), "target": _target(Path(asked["candidate"])).told()}
    tasks = [{**task, **told} for task in _tasks(method, asked["rows"])]
    ways = {
        "a": partial(_stock_outcome, attacks["a"]),
        "b": partial(_stock_outcome, attacks["b"]),
        "c": worker.attacked,
    }
    wall, cpu = dict.fromkeys(ways, 0.0), dict.fromkeys(ways, 0.0)
    found: dict[str, list[Outcome]] = {name: [] for name in ways}
    for start in (-1, *range(0, len(tasks), TURN)):  # the first, to warm up, is not counted
        part = tasks[start : start + TURN] if start >= 0 else tasks[:1]
        for name, way in ways.items():
            attacked_text.words_from_text = ours if name == "c" else plain
            torch.set_num_threads(threads if name == "a" else 1)
            began = time.perf_counter(), time.process_time()
            ended = [way(task) for task in part]
            if start >= 0:
                wall[name] += time.perf_counter() - began[0]
                cpu[name] += time.process_time() - began[1]
                found[name] += ended
        print(f"{recipe}: {start + TURN} rows, {wall}", file=sys.stderr)
    same = [ours == stock for ours, stock in zip(found["c"], found["b"], strict=True)]
    return {
        "rows": len(tasks),
        "queries": sum(outcome.queries for outcome in found["c"]),
        "samples_per_s": {name: round(len(tasks) / took, 3) for name, took in wall.items()},
        "cpu_ms_a_sample": {name: round(1000 * took / len(tasks), 2) for name, took in cpu.items()},
        "rows_where_b_and_c_agree": sum(same),
    }


def _stock_attacks(recipe: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """As TextAttack's handbook puts a Hugging Face model, and any other model, before a recipe."""
    import nltk
    import numpy as np
    import torch
    from textattack.attack_recipes import DeepWordBugGao2018, PWWSRen2019
    from textattack.models.wrappers import HuggingFaceModelWrapper, ModelWrapper
    from transformers import AutoTokenizer

    from edgecompress.runtime.model import EdgeModel

    nltk.download = lambda *names, **options: False  # it would wait for a network
    stock = {"deepwordbug": DeepWordBugGao2018, "pwws": PWWSRen2019}[recipe]

    class Plain(ModelWrapper):  # type: ignore[misc]
        model = EdgeModel.load(asked["candidate"], verify=False)

        def __call__(self, texts: Sequence[str]) -> torch.Tensor:
            return torch.from_numpy(np.concatenate([self.model.logits([text]) for text in texts]))

    tokenizer = AutoTokenizer.from_pretrained(asked["student"], local_files_only=True)
    hugging_face = HuggingFaceModelWrapper(_pretrained(Path(asked["student"])), tokenizer)
    return {"a": stock.build(hugging_face), "b": stock.build(Plain())}


def _pretrained(folder: Path) -> Any:
    """The student as a transformers model: the same layers, behind the interface that (a) asks."""
    import torch
    from transformers import PretrainedConfig, PreTrainedModel
    from transformers.modeling_outputs import SequenceClassifierOutput

    from edgecompress.models.checkpoint import load_model

    class Student(PreTrainedModel):  # type: ignore[misc]
        config_class = PretrainedConfig

        def __init__(self, config: PretrainedConfig) -> None:
            super().__init__(config)
            self.inner = load_model(folder)

        def forward(
            self,
            input_ids: torch.Tensor,
            attention_mask: torch.Tensor,
            token_type_ids: torch.Tensor | None = None,
        ) -> Any:
            found = self.inner(input_ids, attention_mask, token_type_ids)
            return SequenceClassifierOutput(logits=found.logits)

    return Student(PretrainedConfig()).eval()


def _stock_outcome(attack: Any, task: Mapping[str, Any]) -> Outcome:
    import random

    import numpy as np
    import torch

    from edgecompress.attacks.worker import KINDS

    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(task["seed"])
    result = attack.attack(task["text"], task["label"])
    kind = KINDS[type(result).__name__]
    text = result.perturbed_result.attacked_text.text if kind == "succeeded" else None
    return Outcome(task["row"], kind, text, result.perturbed_result.num_queries)


def figures(case: Case, settings: Attack, repeats: int) -> dict[str, Any]:
    """Every attack, `repeats` times with each number of workers in each order."""
    rows = drawn_rows(case, "test", settings.rows)
    labelled = tuple(zip(rows.texts, rows.labels.tolist(), strict=True))
    target = _target(case.candidate.folder)
    told = {}
    for method in methods_of(case, settings, pairs=rows.pairs):
        runs = []
        for turn in range(4 * repeats):
            runs.append(_run(case, method, target, labelled, (1 + turn % 2, turn // 2 % 2 == 1)))
            print(f"{method.name}: {json.dumps(runs[-1])}", file=sys.stderr)
        told[method.name] = {**runs[0], "same": len({run["digest"] for run in runs}) == 1}
        told[method.name]["runs"] = runs
    return told


def _run(
    case: Case, method: Method, target: Target, rows: tuple[Any, ...], how: tuple[int, bool]
) -> dict[str, Any]:
    workers, backwards = how
    asked = rows[::-1] if backwards else rows
    lists = case.sources.place(WORD_LISTS)
    with tempfile.TemporaryDirectory() as place, local_crew(workers, lists) as crew:
        keep = Keeper(Store(Path(place) / "store", Silent()))
        began = time.perf_counter()
        found = Campaign(asked, SEED, crew, keep, Silent()).outcomes(method, target)
        seconds = time.perf_counter() - began
    ordered = found[::-1] if backwards else found
    content = [(o.kind, o.text, o.queries, o.note) for o in ordered]
    kinds = [outcome.kind for outcome in found]
    tried = [o.queries for o in found if o.kind not in ("skipped", "unattackable")]
    return {
        "workers": workers,
        "backwards": backwards,
        "digest": hashlib.sha256(repr(content).encode()).hexdigest()[:16],
        "rows": len(rows),
        **{kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "queries_mean": round(statistics.mean(tried), 1) if tried else None,
        "wall_s": round(seconds, 2),
        "queries_per_s": round(sum(o.queries for o in found) / seconds, 1),
    }


def table(result: Mapping[str, Any]) -> str:
    """The lines for a README."""
    lines = ["| samples/s | rows | (a) | (b) | (c) | (d) | (d)/(a) | CPU (a)/(c) | (b) = (c) |"]
    lines.append("|---|--:|--:|--:|--:|--:|--:|--:|---|")
    for name, found in result["speed"].items():
        rates = [f"{found['samples_per_s'][key]:.2f}" for key in "abcd"]
        cpu = found["cpu_ms_a_sample"]
        told = [str(found["pool_over_stock"]), f"{cpu['a'] / cpu['c']:.1f}"]
        same = f"{found['rows_where_b_and_c_agree']} of {found['rows']}"
        lines.append(f"| {' | '.join([name, str(found['rows']), *rates, *told, same])} |")
    lines += ["", "| attack | rows | fell | queries a row | wall s | queries/s | same |"]
    lines.append("|---|--:|--:|--:|--:|--:|---|")
    for name, found in result["figures"].items():
        fell = found.get("succeeded", found.get("reduced", 0))
        told = (name, found["rows"], fell, found["queries_mean"], found["wall_s"])
        end = f"{found['queries_per_s']} | {'yes' if found['same'] else 'NO'}"
        lines.append(f"| {' | '.join(map(str, told))} | {end} |")
    return "\n".join(lines)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Both parts."""
    student, candidate = arguments.student, arguments.candidate
    if student is None or candidate is None:
        student, candidate = newest_of(arguments.recipe)
    load = round(os.getloadavg()[0], 2)
    asked: dict[str, Any] = {"recipes": list(ALONE), "rows": max(1, arguments.figures)}
    if arguments.neighbours:
        asked["recipes"].append("word-swap-table")
        asked["neighbours"] = str(arguments.neighbours.resolve())
    settings = Attack.model_validate_json(json.dumps({"check": "attack", **asked}))
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "sitecustomize.py").write_text(NO_NETWORK)
        os.environ["PYTHONPATH"] = place
        case = case_of(arguments.recipe, candidate, Keeper(Store(Path(place) / "s", Silent())))
        return {
            "speed": speed(case, student, arguments.rows) if arguments.rows else {},
            "figures": figures(case, settings, arguments.repeats) if arguments.figures else {},
            "recipe": arguments.recipe.name,
            "load_before": load,  # of 1 minute; well above 0 means that others were at work
            "environment": environment(),
            "versions": library_versions(("textattack", "torch", "transformers", "nltk")),
        }


def main() -> None:
    """Measure, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    parser.add_argument("--student", type=Path, help="folder of kind torch-model")
    parser.add_argument("--candidate", type=Path, help="folder with the ONNX model that ships")
    parser.add_argument("--neighbours", type=Path, help="a table: word-swap-table runs as well")
    parser.add_argument("--rows", type=int, default=50, help="for speed; 0 leaves it out")
    parser.add_argument("--figures", type=int, default=200, help="rows; 0 leaves them out")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        print(json.dumps(inside(json.load(sys.stdin))))
        return
    result = measure(arguments)
    print(table(result))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
