"""Annotations: what a CI system of the GitHub kind shows beside a change, worst first."""

from collections.abc import Iterator

from edgecompress.core.gate import Outcome
from edgecompress.core.report import RunReport
from edgecompress.report.numbers import printable
from edgecompress.report.verdicts import headline, name_of, of_outcome, sentence

MOST = 10  # what one step of a job may show of either level
_LEVELS = {Outcome.BROKEN: "error", Outcome.UNDECIDED: "warning"}
_IN_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = _IN_MESSAGE | str.maketrans({":": "%3A", ",": "%2C"})


def annotations(report: RunReport, file: str) -> list[str]:
    """A line for each limit that does not hold; none where all do.

    Args:
        file: the recipe, as its path is known to the repository.
    """
    lines = list(_lines(report, file.translate(_IN_PROPERTY)))
    if not lines and report.gate.outcome is not Outcome.HOLDS:
        lines = [_line("warning", file.translate(_IN_PROPERTY), "gate", headline(report.gate))]
    return lines


def _lines(report: RunReport, file: str) -> Iterator[str]:
    for outcome, level in _LEVELS.items():
        for told in of_outcome(report.gate, outcome)[:MOST]:
            title = f"{told.outcome.upper()} {told.check} of {report.recipe_name}: {name_of(told)}"
            yield _line(level, file, title, sentence(told))


def _line(level: str, file: str, title: str, message: str) -> str:
    title = printable(title, 200).translate(_IN_PROPERTY)
    return f"::{level} file={file},title={title}::{printable(message).translate(_IN_MESSAGE)}"
