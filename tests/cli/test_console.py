"""Progress for logs: a line now and then, never a control character."""

import pytest

from edgecompress.cli import console
from edgecompress.cli.console import Lines


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""
    now = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    return now


def test_long_work_gives_a_heartbeat_every_thirty_seconds(clock, capsys):
    with Lines(quiet=False).track("distill", 100, "steps") as bar:
        for _ in range(100):
            clock[0] += 1
            bar.advance(1, "loss 0.3")
    said = capsys.readouterr().err.splitlines()
    assert said[:3] == [
        "  distill 30/100 steps, loss 0.3, about 70 s left",
        "  distill 60/100 steps, loss 0.3, about 40 s left",
        "  distill 90/100 steps, loss 0.3, about 10 s left",
    ]


def test_the_last_step_is_told_once(clock, capsys):
    with Lines(quiet=False).track("latency", 1, "pairs") as bar:
        clock[0] += 45
        bar.advance()
    assert capsys.readouterr().err == "  latency 1/1 pairs, 45.0 s\n"


def test_short_work_leaves_no_line(clock, capsys):
    with Lines(quiet=False).track("latency", 10, "pairs") as bar:
        bar.advance(10)
    assert capsys.readouterr().err == ""


def test_quiet_keeps_warnings(capsys):
    lines = Lines(quiet=True)
    lines.say("hello")
    lines.warn("careful")
    assert capsys.readouterr().err == "warning: careful\n"


def test_nothing_goes_to_stdout(capsys):
    Lines(quiet=False).say("hello")
    assert capsys.readouterr().out == ""
