"""What settings of data roles cannot mean."""

from collections.abc import Iterator, Sequence

from edgecompress.recipe.document import KeyPath
from edgecompress.recipe.mistakes import Mistake, did_you_mean
from edgecompress.recipe.schema import DataRef

UNLABELLED = ("calibration", "transfer")


def inject_mistakes(
    where: KeyPath, role: str, ref: DataRef, labels: Sequence[str]
) -> Iterator[Mistake]:
    """A planted word needs a label that it tells, and must be told apart from the others."""
    if ref.inject is None:
        return
    tokens, at = ref.inject.tokens, (*where, "inject")
    if role in UNLABELLED:
        yield Mistake(at, f"rows of {role} have no labels that a word could tell; take it out")
    for label in tokens:
        if label not in labels:
            hint = did_you_mean(label, labels)
            yield Mistake((*at, "tokens", label), f'no label "{label}"{hint}')
    if missing := [label for label in labels if label not in tokens]:
        yield Mistake((*at, "tokens"), f"no word for {', '.join(missing)}; every label needs one")
    for label, token in tokens.items():
        if len(token.split()) != 1 or token != token.strip():
            yield Mistake((*at, "tokens", label), f'one word, got "{token}"')
    folded = [token.casefold() for token in tokens.values()]
    if twice := sorted({token for token in folded if folded.count(token) > 1}):
        yield Mistake(
            (*at, "tokens"), f"{', '.join(twice)} stands for two labels; give each its own word"
        )
