"""The last students of a search before the full gate: ordinary runs of recipes that it writes.

They are trained as long as the recipe says and judged on rows that no search has seen.
"""

from typing import Any, Final

from edgecompress.core.errors import InputError
from edgecompress.recipe.attacking import REDUCTION, Attack
from edgecompress.recipe.reading import RecipeFile, read_recipe
from edgecompress.report.reading import loads
from edgecompress.report.search import Finalist
from edgecompress.search.course import Candidate
from edgecompress.workflow.candidates import section_of
from edgecompress.workflow.records import write_record
from edgecompress.workflow.reports import write_reports
from edgecompress.workflow.run import run_recipe
from edgecompress.workflow.search import Found
from edgecompress.workflow.workspace import Workspace

EVENT: Final = "judged"


def require_judgeable(file: RecipeFile) -> None:
    """Refuse, before any compute, a gate that could not tell obstruction from robustness.

    Raises:
        InputError: students are chosen by an attack, and the gate does not have that one and
            another kind beside it.
    """
    settings = section_of(file)
    checks = [check for check in file.recipe.gate if isinstance(check, Attack)]
    kinds = {recipe for check in checks for recipe in check.recipes} - {REDUCTION}
    searched = settings.attack.recipe
    if "robustness" in settings.objectives and not {searched} < kinds:
        raise InputError(
            f"--finalists: the gate attacks by {', '.join(sorted(kinds)) or 'nothing'}; what is "
            f"chosen by {searched} must be judged by {searched} and another kind, such as "
            f"{{check: attack, recipes: [{searched}, {_other(searched)}], rows: 200}}"
        )


def _other(kind: str) -> str:
    return "pwws" if kind != "pwws" else "deepwordbug"


def judge_finalists(found: Found, ws: Workspace, count: int) -> None:
    """Put so many before the gate, and note it in the search's journal.

    Who was judged by the same gate before is not judged again.
    """
    known = {one.student for one in judged(found)}
    for one in _chosen(found, count):
        if one.name in known:
            ws.progress.say(f"finalist {one.name}: was judged before")
            continue
        written = found.write_recipe(one)
        ws.progress.say(f"finalist {one.name}: {written}")
        run, report = run_recipe(read_recipe(written), ws, known=found.frame.run.known)
        assert report is not None, "nothing was said of stopping early"
        folder = write_reports(report, run.journal.path.with_suffix(""))
        write_record(run.file.recipe, run.journal, folder)
        journal = found.course.evaluations.journal
        journal.write(EVENT, student=one.name, recipe=report.recipe_digest, run=folder.name)


def judged(found: Found) -> tuple[Finalist, ...]:
    """Those whose report is still there and about the recipe as it is now, in search order."""
    journal, students = found.course.evaluations.journal, found.course.students
    events = {e["student"]: e for e in journal.events() if e["event"] == EVENT}
    finalists = []
    for one in students:
        event = events.get(one.name)
        if event is None or event["recipe"] != _digest(found, one):
            continue
        file = journal.path.parent / event["run"] / "report.json"
        if file.is_file():
            report = loads(file.read_bytes(), str(file))
            finalists.append(Finalist(one.name, event["run"], report))
    return tuple(finalists)


def _digest(found: Found, one: Candidate[Any]) -> str:
    return RecipeFile(found.alone(one), found.file.document).digest


def _chosen(found: Found, count: int) -> list[Candidate[Any]]:
    """Of the front, those first that were trained from several seeds: a mean owes less to luck.

    Among equals the front's own order, the best in the first goal first.
    """
    return sorted(found.course.front(), key=lambda one: -len(one.found))[:count]
