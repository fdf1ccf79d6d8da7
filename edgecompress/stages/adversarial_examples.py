"""Stage `adversarial-examples`: texts of `train` as an attack leaves them once they fool the model.

The model passes by unchanged. Later stages learn what fooled it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from edgecompress.attacks.campaign import Campaign
from edgecompress.attacks.crew import local_crew
from edgecompress.attacks.diffs import word_diff
from edgecompress.attacks.method import Target
from edgecompress.attacks.outcomes import Outcome
from edgecompress.attacks.preparing import Drawn, Room, drawn_rows, methods_of, torch_target
from edgecompress.core.artifact import Artifact, Facts
from edgecompress.core.texts import TextSet
from edgecompress.recipe.adversarial import AdversarialExamples
from edgecompress.recipe.attacking import WORD_LISTS, Attack
from edgecompress.stages.context import StageContext
from edgecompress.training.examples import Example, save_examples

SHOWN = 3


def run(model: Artifact, settings: AdversarialExamples, ctx: StageContext) -> Facts:
    """Attack the model on texts of `train`; a killed try goes on at the text where it was.

    Raises:
        DataError: `train` has fewer rows than are asked for.
        IntegrityError: the model's files are missing, broken, refused, or do not fit each other.
        MeasureError: a text kills whoever attacks it.
    """
    train = ctx.data["train"]
    drawn = drawn_rows(train, settings.rows or len(train), ctx.seed)
    outcomes = _outcomes(model, drawn, settings, ctx)
    found = [
        Example(int(drawn.places[outcome.row]), outcome.text, attack)
        for attack, each in outcomes.items()
        for outcome in each
        if outcome.kind == "succeeded" and outcome.text is not None
    ]
    if not found:
        ctx.progress.warn("adversarial-examples: nothing fooled the model, so nobody learns of it")
    save_examples(found, train, ctx.out)
    return {
        "rows": len(drawn.texts),
        "found": len(found),
        "attacks": {attack: _told(each) for attack, each in outcomes.items()},
        "examples": _shown(found, train, ctx.labels),
    }


def _outcomes(
    model: Artifact, drawn: Drawn, settings: AdversarialExamples, ctx: StageContext
) -> dict[str, Sequence[Outcome]]:
    """By attack, one for each row."""
    assert ctx.keep is not None, "whoever runs a recipe keeps what was attacked"
    places = {name: ctx.origins[key] for key, name in settings.origins().items()}
    room = Room(ctx.keep, ctx.progress, places.__getitem__)
    victim = Target("model", model.digest, model.path, torch=True)
    target = torch_target(room, victim, drawn)
    with local_crew(min(ctx.threads, len(drawn.texts)), places[WORD_LISTS]) as crew:
        campaign = Campaign(drawn.labelled, ctx.seed, crew, ctx.keep, ctx.progress)
        return {
            method.name: campaign.outcomes(method, target)
            for method in methods_of(room, _as_check(settings), pairs=drawn.pairs)
        }


def _as_check(settings: AdversarialExamples) -> Attack:
    """The same attacks as the gate's, so that both are described in one place."""
    return Attack(
        check="attack",
        data="train",
        recipes=settings.recipes,
        most_words=settings.most_words,
        query_budget=settings.query_budget,
        column=settings.column,
    )


def _told(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """How the rows ended, and what the attacker asked of each."""
    kinds = Counter(outcome.kind for outcome in outcomes)
    queries = sum(outcome.queries for outcome in outcomes)
    return {**dict(sorted(kinds.items())), "queries_mean": round(queries / len(outcomes), 1)}


def _shown(found: Sequence[Example], train: TextSet, labels: Sequence[str]) -> list[dict[str, Any]]:
    """A few texts, and what was changed in them."""
    return [
        {
            "origin": train.origins[one.row],
            "label": labels[train.labels[one.row]],
            "attack": one.attack,
            "diff": [list(piece) for piece in word_diff(train.texts[one.row], one.text)],
        }
        for one in found[:SHOWN]
    ]
