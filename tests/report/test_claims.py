"""A report says what it does not know."""

from dataclasses import replace

from edgecompress.core.gate import GateReport
from edgecompress.report.claims import limits_of_claim


def _claims(report):
    return " ".join(limits_of_claim(report))


def test_rows_machine_and_gaps_are_named(holding):
    told = _claims(holding)
    assert "2,015 of test" in told
    assert "A Fictional CPU @ 2.00GHz (threads: 1)" in told
    assert "8 limits were judged" in told


def test_texts_from_elsewhere_count_once_they_were_judged(holding):
    elsewhere = tuple(
        replace(v, measured=replace(v.measured, data="ood/tweets")) for v in holding.gate.verdicts
    )
    assert "other domains" in _claims(holding)
    assert "other domains" not in _claims(replace(holding, gate=GateReport(elsewhere)))


def test_a_machine_is_named_only_where_it_matters(holding):
    untimed = tuple(v for v in holding.gate.verdicts if v.check not in ("latency", "size"))
    assert "Fictional" not in _claims(replace(holding, gate=GateReport(untimed)))


def test_what_is_measured_between_two_roles_does_not_add_rows_to_one(holding):
    auroc = replace(holding.gate.verdicts[0].measured, name="ood_auroc", n=5000)
    more = (*holding.gate.verdicts, replace(holding.gate.verdicts[0], measured=auroc))
    assert "2,015 of test" in _claims(replace(holding, gate=GateReport(more)))
