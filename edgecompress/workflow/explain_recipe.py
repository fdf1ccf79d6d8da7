"""What `explain` knows of recipes and reports: stages, checks, measurements and keys."""

from collections.abc import Iterator

from edgecompress.recipe.check import CheckSettings, Limited
from edgecompress.recipe.checks import CHECKS
from edgecompress.recipe.described import Key, keys
from edgecompress.recipe.stage import StageSettings
from edgecompress.recipe.stages import STAGES
from edgecompress.report.words import NAMES, meaning, title
from edgecompress.workflow.explain import Topic, paragraphs

LIMITS = {
    f"{check}.{setting}": limited
    for check, settings in CHECKS.items()
    for setting, limited in settings.limited.items()
}


def topics() -> Iterator[Topic]:
    """In the order in which a user meets them."""
    known = keys()
    for kind, stage in STAGES.items():
        yield _stage(kind, stage, known)
    for name, check in CHECKS.items():
        yield _check(name, check, known)
    for name in sorted({*NAMES, *(limited.measurement for limited in LIMITS.values())}):
        yield _measurement(name)
    yield from map(_key, known)


def _stage(kind: str, settings: type[StageSettings], known: list[Key]) -> Topic:
    text = (
        f"{paragraphs(settings)} Takes {' or '.join(settings.takes)}, gives {settings.gives}; the "
        f"result loads as: {settings.loads_as}. Keys: {_names_below(kind, known)}."
    )
    return Topic(kind, "stage", text, f"reference/stages.md#{kind}")


def _check(name: str, settings: type[CheckSettings], known: list[Key]) -> Topic:
    text = f"{paragraphs(settings)} Keys: {_names_below(name, known)}."
    return Topic(name, "check", text, f"reference/checks.md#{name}")


def _measurement(name: str) -> Topic:
    limited = [f"`{at}` ({_side(by)})" for at, by in LIMITS.items() if by.measurement == name]
    limits = f"Limited by {' or '.join(limited)}." if limited else "No key of a recipe limits it."
    told = ": ".join(part for part in (title(name), meaning(name)) if part and part != name)
    text = f"{_sentence(told or name)} {limits}"
    return Topic(name, "measurement", text, "how-to/read-the-report.md")


def _key(key: Key) -> Topic:
    parts = [_sentence(key.meaning), _form(key)]
    if limited := LIMITS.get(key.address):
        parts.append(f"Limits {limited.measurement}: {_side(limited)} this.")
    text = " ".join(part for part in parts if part)
    return Topic(key.address, "key", text, f"reference/{key.page}")


def _form(key: Key) -> str:
    words = {"required": "required", "`None`": "may be left out"}
    return f"Type: {key.type}; {words.get(key.default, f'default {key.default}')}."


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _side(limited: Limited) -> str:
    return limited.side.replace("_", " ")


def _names_below(word: str, known: list[Key]) -> str:
    own = [key.address.split(".", 1) for key in known if key.address.startswith(f"{word}.")]
    return ", ".join(name for _, name in own if "." not in name) or "none"
