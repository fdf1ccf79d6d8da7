"""Verb `explain`: one paragraph about a word that a recipe, a report or an exit code has said.

Codes and errors are known on a device with the base install; everything else is read off the
settings classes, which need pydantic.
"""

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec

from edgecompress.core import errors
from edgecompress.core.errors import MEANINGS, EdgeCompressError, ExitCode, InputError

TOPICS_OF_RECIPES = "edgecompress.workflow.explain_recipe"


@dataclass(frozen=True)
class Topic:
    """Something that can be asked about."""

    name: str  # as it is asked for
    kind: str  # "stage", "check", "measurement", "exit code", "error" or "key"
    text: str
    page: str  # of docs/, where to read on
    also: tuple[str, ...] = ()  # other names

    def answers_to(self, what: str) -> bool:
        """Whether it is meant; of an address with dots the last parts do."""
        asked = what.casefold()
        names = [name.casefold() for name in (self.name, *self.also)]
        return asked in names or (
            self.kind == "key"
            and (names[0].endswith(f".{asked}") or asked.endswith(f".{names[0]}"))
        )


def topics() -> list[Topic]:
    """All of them, as far as what is installed knows them."""
    recipes = import_module(TOPICS_OF_RECIPES).topics() if find_spec("pydantic") else ()
    return [*recipes, *map(_of_code, ExitCode), *map(_of_error, _error_classes())]


def explain(what: str) -> list[Topic]:
    """Everything called so; a word can be a check and a measurement.

    Raises:
        InputError: nothing is; with what is spelled like it.
    """
    known = topics()
    if found := [topic for topic in known if topic.answers_to(what)]:
        return _merged(found)
    close = get_close_matches(what, _names(known), n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(close)}?" if close else "`edgecompress explain` lists all"
    if not find_spec("pydantic"):
        hint += '; stages, checks and keys need: pip install "edgecompress[build]"'
    raise InputError(f"{what}: nothing is called so; {hint}")


def names() -> list[str]:
    """Every word that `explain` answers."""
    return _names(topics())


def _merged(found: Iterable[Topic]) -> list[Topic]:
    """Keys of one meaning in several places become one topic, under all their addresses."""
    by_text: dict[tuple[str, str], list[Topic]] = {}
    for topic in found:
        by_text.setdefault((topic.kind, topic.text), []).append(topic)
    return [
        Topic(", ".join(t.name for t in alike), alike[0].kind, alike[0].text, alike[0].page)
        for alike in by_text.values()
    ]


def _names(known: list[Topic]) -> list[str]:
    """Of a key its last part, too."""
    last = (topic.name.rsplit(".", 1)[-1] for topic in known)
    whole = (name for topic in known for name in (topic.name, *topic.also))
    return list(dict.fromkeys((*last, *whole)))


def _of_code(code: ExitCode) -> Topic:
    text = f"{code.name}: {MEANINGS[code]}."
    classes = [error for error in _error_classes() if error.exit_code == code]
    if len(classes) == 1:
        text += f" {paragraphs(classes[0])}"
    elif classes:
        text += f" The message is that of {' or '.join(e.__name__ for e in classes)}."
    return Topic(str(int(code)), "exit code", text, "errors.md", (code.name,))


def _of_error(error: type[EdgeCompressError]) -> Topic:
    text = f"{paragraphs(error)} Exit code {int(error.exit_code)}."
    return Topic(error.__name__, "error", text, f"errors.md#{error.__name__.lower()}")


def _error_classes() -> list[type[EdgeCompressError]]:
    named = (getattr(errors, name) for name in errors.__all__)
    return [e for e in named if isinstance(e, type) and issubclass(e, EdgeCompressError)]


def paragraphs(documented: type) -> str:
    """A docstring as running text."""
    return " ".join(inspect.cleandoc(documented.__doc__ or "").split())
