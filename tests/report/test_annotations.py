"""Annotations say what does not hold, on one line each, whatever a name holds."""

from dataclasses import replace

from edgecompress.core.gate import GateReport
from edgecompress.report.annotations import annotations


def test_a_gate_that_holds_says_nothing(holding):
    assert annotations(holding, "recipe.yaml") == []


def test_a_broken_limit_is_an_error_at_the_recipe(broken):
    (line,) = annotations(broken, "recipes/quickstart.yaml")
    assert line == (
        "::error file=recipes/quickstart.yaml,"
        "title=BROKEN loyalty of quickstart%3A label loyalty on test::"
        "label loyalty on test: 85.0 %25 (83.4 to 86.5 %25), n 2,015, limit ≥ 90 %25: "
        "the whole interval is beyond the limit, by 3.5 points"
    )


def test_an_undecided_limit_is_a_warning(undecided):
    (line,) = annotations(undecided, "recipe.yaml")
    assert line.startswith("::warning ")


def test_an_empty_gate_is_told(empty):
    (line,) = annotations(empty, "recipe.yaml")
    assert line.startswith("::warning file=recipe.yaml,title=gate::no limit was judged")


def test_no_more_than_a_step_may_show(broken):
    many = replace(broken, gate=GateReport(broken.gate.verdicts * 30))
    assert len(annotations(many, "recipe.yaml")) == 10


def test_no_name_opens_a_line_or_another_property(hostile, broken):
    name = "x\n::error::y,file=/etc/passwd"
    measured = replace(broken.gate.verdicts[4].measured, name=name, part=name)
    verdict = replace(broken.gate.verdicts[4], measured=measured)
    report = replace(hostile, gate=GateReport((verdict,)))
    (line,) = annotations(report, "a,b\nc.yaml")
    assert len(line.splitlines()) == 1
    assert line.startswith("::error file=a%2Cb%0Ac.yaml,title=")
    assert line.split("::")[1].count(",") == 1
