"""A report that was read back tells the same, byte for byte; what is no report is refused."""

import json
from dataclasses import asdict, replace

import pytest

from edgecompress.core.errors import InputError
from edgecompress.core.gate import Limit, Refusal
from edgecompress.core.measurement import Refused
from edgecompress.report.html import page
from edgecompress.report.json import dumps
from edgecompress.report.junit import junit
from edgecompress.report.markdown import summary
from edgecompress.report.reading import loads

REPORTS = ["holding", "broken", "undecided", "empty", "scored", "full", "refusing", "hostile"]


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("tell", [page, dumps, junit, summary])
def test_read_back_it_tells_the_same_bytes(request, name, tell):
    report = request.getfixturevalue(name)
    assert tell(loads(dumps(report), "report.json")) == tell(report)


@pytest.mark.parametrize("name", REPORTS)
def test_no_field_is_lost(request, name):
    report = request.getfixturevalue(name)
    before, after = (
        json.loads(json.dumps(asdict(one))) for one in (report, loads(dumps(report), "report.json"))
    )
    assert after == before


def test_a_limit_keeps_the_rows_that_it_asks_for(full):
    kept = loads(dumps(full), "report.json").gate.verdicts
    assert [v.limit for v in kept] == [v.limit for v in full.gate.verdicts]


def test_a_metric_of_several_parts_keeps_them_apart(holding):
    first, *others = holding.stages
    parts = tuple(replace(first.metrics[2], part=part) for part in ("right", "wrong"))
    report = replace(holding, stages=(replace(first, metrics=parts), *others))
    assert loads(dumps(report), "report.json").stages[0].metrics == parts


def _changed(report, **changes):
    return json.dumps({**json.loads(dumps(report)), **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema_version": 2}, "has schema version 2, this edgecompress reads 1"),
        ({"verdict": "broken"}, "says broken, but its limits say holds"),
        ({"checks": 7}, "is not a report: TypeError"),
        ({"stages": [{}]}, "is not a report: KeyError: 'metrics'"),
        ({"candidate": {"name": "x"}}, "candidate.digest: Field required"),
    ],
)
def test_what_is_not_a_report_is_refused(holding, changes, said):
    with pytest.raises(InputError, match=f"^report.json: .*{said}"):
        loads(_changed(holding, **changes), "report.json")


@pytest.mark.parametrize("text", ["", "[]", "{", "null", b"\xff\xfe\x00", "[" * 100_000])
def test_what_is_not_even_a_document_is_refused(text):
    with pytest.raises(InputError, match="is not a report"):
        loads(text, "report.json")


def test_a_number_that_lies_outside_its_interval_is_refused(holding):
    checks = json.loads(dumps(holding))["checks"]
    checks[0]["value"] = 0.99
    with pytest.raises(InputError, match="does not hold 0.99"):
        loads(_changed(holding, checks=checks), "report.json")


def test_a_refused_number_comes_back_with_its_reason(refusing):
    expected = Refusal("shift", Refused("relative_bias", "ood", "no gap"), Limit(at_most=1.1))
    assert loads(dumps(refusing), "report.json").gate.refusals[0] == expected
