"""junit.xml: CI systems count what failed and show why."""

from xml.etree import ElementTree

from edgecompress.report.junit import junit


def _suite(report):
    suite = ElementTree.fromstring(junit(report)).find("testsuite")
    assert suite is not None
    return suite


def test_each_judged_limit_is_one_case_and_reported_numbers_are_none(holding):
    suite = _suite(holding)
    assert (len(suite.findall("testcase")), suite.get("tests"), suite.get("failures")) == (
        8,
        "8",
        "0",
    )


def test_a_broken_limit_is_a_failure_with_its_reason_in_the_body(broken):
    (failure,) = _suite(broken).iter("failure")
    assert failure.get("type") == "broken"
    assert failure.text.startswith("BROKEN label loyalty on test: 85.0 % (83.4 to 86.5 %)")


def test_an_undecided_limit_is_a_failure_of_its_own_type(undecided):
    (failure,) = _suite(undecided).iter("failure")
    assert failure.get("type") == "undecided"
    assert "about 4,956 rows would decide it" in failure.text


def test_numbers_stand_in_properties_unrounded(holding):
    case = _suite(holding).find("testcase[@name='accuracy_drop on test']")
    told = {p.get("name"): p.get("value") for p in case.iter("property")}
    assert (told["value"], told["low"], told["high"]) == ("0.0084", "-0.0041", "0.0208")
    assert (told["n"], told["limit"]) == ("2015", "<= 0.03")


def test_an_empty_gate_does_not_look_like_success(empty):
    suite = _suite(empty)
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")


def test_hostile_names_stay_inside_their_element(hostile):
    assert len(_suite(hostile).findall("testcase")) == 9


def test_parts_are_cases_of_their_own(full):
    cases = [(c.get("classname"), c.get("name")) for c in _suite(full).findall("testcase")]
    assert ("edgecompress.attack", "after_attack_drop (pwws) on test") in cases
    assert len(cases) == len(set(cases))
