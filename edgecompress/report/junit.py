"""junit.xml: each judged limit as a test case, for the CI systems that show those."""

from xml.etree import ElementTree  # only writes here; nothing foreign is parsed

from edgecompress.core.gate import GateReport, Outcome, Verdict
from edgecompress.core.measurement import Measurement, Refused
from edgecompress.core.report import RunReport
from edgecompress.report.numbers import printable
from edgecompress.report.verdicts import headline, judged, limited, sentence


def junit(report: RunReport) -> str:
    """One suite; a limit that is broken or undecided is a failure with its reason in the body.

    The reason stands in the body because some CI systems drop the `message` attribute. A gate
    without limits has one failing case of its own: no tests at all would look like success.
    """
    return junit_of(f"gate of {report.recipe_name}", report.candidate.digest, report.gate)


def junit_of(name: str, candidate: str, gate: GateReport) -> str:
    """The same of any judged measurements; `candidate` is the digest of what was measured."""
    root = ElementTree.Element("testsuites", name="edgecompress")
    suite = ElementTree.SubElement(root, "testsuite", name=printable(name))
    _properties(suite, {"verdict": gate.outcome, "candidate": candidate})
    for verdict in judged(gate):
        _case(suite, verdict)
    for refusal in gate.refusals:
        if refusal.limit:
            case = _named_case(suite, refusal.check, refusal.refused)
            _fail(case, refusal.outcome, sentence(refusal))
    if not limited(gate):
        case = ElementTree.SubElement(suite, "testcase", classname="edgecompress", name="gate")
        _fail(case, Outcome.UNDECIDED, headline(gate))
    failures = str(len(suite.findall("testcase/failure")))
    for element in (root, suite):
        element.set("tests", str(len(suite.findall("testcase"))))
        element.set("failures", failures)
        element.set("errors", "0")
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _case(suite: ElementTree.Element, verdict: Verdict) -> None:
    m = verdict.measured
    case = _named_case(suite, verdict.check, m)
    _properties(
        case,
        {
            "value": float(m.value),
            "low": float(m.low),
            "high": float(m.high),
            "unit": m.unit,
            "n": m.n,
            "method": m.method,
            "limit": verdict.limit,
        },
    )
    if verdict.outcome is not Outcome.HOLDS:
        text = sentence(verdict)
        _fail(case, verdict.outcome, f"{text}\n{m.note}" if m.note else text)


def _named_case(
    suite: ElementTree.Element, check: str, m: Measurement | Refused
) -> ElementTree.Element:
    part = f" ({m.part})" if m.part else ""
    where = f" on {m.data}" if m.data else ""
    name = printable(f"{m.name}{part}{where}")
    return ElementTree.SubElement(
        suite, "testcase", classname=printable(f"edgecompress.{check}"), name=name
    )


def _fail(case: ElementTree.Element, outcome: Outcome, text: str) -> None:
    first = printable(text.splitlines()[0])
    failure = ElementTree.SubElement(case, "failure", type=outcome.value, message=first)
    failure.text = printable(f"{outcome.upper()} {text}", 2000)


def _properties(parent: ElementTree.Element, values: dict[str, object]) -> None:
    properties = ElementTree.SubElement(parent, "properties")
    for name, value in values.items():
        ElementTree.SubElement(properties, "property", name=name, value=printable(str(value)))
