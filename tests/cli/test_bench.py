"""`edgecompress bench`: exit codes and documents."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from edgecompress.cli import bench
from edgecompress.core.gate import GateReport, Limit, Verdict
from edgecompress.core.measurement import Measurement
from edgecompress.report.bench import Benched, BenchReport
from edgecompress.runtime.errors import ExitCode


def slowdown(low, high):
    middle = (low + high) / 2
    return Measurement("slowdown", middle, low, high, "fraction", 600, "in turns", "texts")


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Answers a call whose measurement would have come out so."""

    def ask(low, high, *arguments, against=True):
        asked = []

        def measured(one, progress):
            asked.append(one)
            limit = Limit(at_most=one.against.slower_at_most) if one.against else None
            gate = GateReport((Verdict.of("bench", slowdown(low, high), limit),))
            old = Benched("old", "b" * 64, 9_000_000, "onnxruntime") if one.against else None
            new = Benched("new", "a" * 64, 8_000_000, "openvino")
            texts = {"rows": 1234, "tokens_p50": 25.5, "tokens_max": 60}
            return BenchReport(new, old, 1, texts, {"cpu": "a CPU"}, gate)

        monkeypatch.setattr(bench, "bench", measured)
        monkeypatch.setattr(bench, "texts_of", lambda model, file: ["a text"])
        given = [str(tmp_path), *(["--against", str(tmp_path)] if against else []), *arguments]
        done = CliRunner().invoke(
            bench.command, given, catch_exceptions=False, standalone_mode=False
        )
        return done, asked[0]

    return ask


@pytest.mark.parametrize(
    ("low", "high", "code"),
    [
        (-0.02, 0.04, ExitCode.OK),
        (0.06, 0.10, ExitCode.GATE_BROKEN),
        (0.02, 0.08, ExitCode.UNDECIDED),
    ],
)
def test_the_interval_and_the_tolerance_choose_the_exit_code(call, low, high, code):
    assert call(low, high)[0].return_value == code


def test_a_model_alone_is_never_judged(call):
    assert call(0.5, 0.6, against=False)[0].return_value == ExitCode.OK


def test_the_tolerance_is_the_users(call):
    done, asked = call(0.06, 0.10, "--tolerance", "0.2", "--flips-at-most", "0.01")
    assert done.return_value == ExitCode.OK
    assert (asked.against.slower_at_most, asked.against.flips_at_most) == (0.2, 0.01)


def test_people_read_the_verdict_first(call):
    told = call(0.06, 0.10)[0].stdout.splitlines()
    assert told[0] == (
        "BROKEN: longer time than the other model on texts: 8.0 % (6.0 to 10.0 %), n 600, "
        "limit <= 5 %: the whole interval is beyond the limit, by 1.0 points"
    )
    assert told[1] == (
        "model new (8.0 MB, openvino); against old (9.0 MB, onnxruntime); 1 thread; "
        "1,234 texts (26 tokens in the middle, 60 at most)"
    )


def test_programs_get_one_document(call):
    told = json.loads(call(0.02, 0.08, "--json")[0].stdout)
    assert told["verdict"] == "undecided"
    assert told["checks"][0]["name"] == "slowdown"
    assert json.loads(call(0.02, 0.08, "--json", against=False)[0].stdout)["verdict"] is None


def test_ci_systems_get_junit(call, tmp_path):
    file = tmp_path / "bench.xml"
    call(0.06, 0.10, "--junit", str(file))
    suite = ElementTree.fromstring(Path(file).read_text()).find("testsuite")
    assert suite is not None
    assert suite.get("name") == "bench of new against old"
    assert suite.get("failures") == "1"
