"""The first line counts, the second names what decides."""

from dataclasses import replace

from edgecompress.core.gate import GateReport, Limit, Verdict
from edgecompress.core.measurement import Measurement
from edgecompress.report.verdicts import deciding, gathered, headline, name_of, reason, sentence


def _loyalty(value, low, high, limit=0.9, n=1000):
    measured = Measurement("label_loyalty", value, low, high, "fraction", n, "wilson", "test")
    return Verdict.of("loyalty", measured, Limit(at_least=limit))


HOLDS = _loyalty(0.95, 0.93, 0.97)
BROKEN = _loyalty(0.80, 0.78, 0.82)
UNDECIDED = _loyalty(0.92, 0.89, 0.94)


def test_a_gate_that_holds_counts_its_limits():
    assert headline(GateReport((HOLDS, HOLDS))) == "all 2 limits hold"


def test_broken_limits_come_before_undecided_ones():
    told = headline(GateReport((HOLDS, UNDECIDED, BROKEN)))
    assert told == "1 of 3 limits is broken; 1 more undecided"


def test_an_undecided_gate_asks_for_data():
    told = headline(GateReport((HOLDS, UNDECIDED)))
    assert told == "1 of 2 limits cannot be decided with this much data"


def test_an_empty_gate_has_shown_nothing():
    reported = replace(HOLDS, limit=None, outcome=Verdict.of("x", HOLDS.measured, None).outcome)
    assert "has shown nothing" in headline(GateReport((reported,)))
    assert deciding(GateReport(())) == ()


def test_the_broken_limits_decide():
    assert deciding(GateReport((HOLDS, UNDECIDED, BROKEN))) == (BROKEN,)


def test_when_all_hold_the_closest_call_is_named():
    close = _loyalty(0.92, 0.901, 0.94)
    assert deciding(GateReport((HOLDS, close))) == (close,)


def test_an_undecided_limit_says_how_much_data_would_decide():
    # 1000 (half width 0.03 / distance 0.02)^2 = 2250
    assert "about 2,250 rows would decide it, 1,000 were used" in reason(UNDECIDED)


def test_a_value_on_its_limit_promises_nothing():
    assert "no reasonable number of rows decides" in reason(_loyalty(0.9, 0.88, 0.92))


def test_timings_are_counted_in_pairs():
    measured = Measurement("latency_ratio", 10.5, 9.9, 11.1, "times faster", 300, "bootstrap")
    assert "pairs would decide" in reason(Verdict.of("latency", measured, Limit(at_least=10.0)))


def test_a_sentence_tells_everything_about_a_verdict():
    assert sentence(BROKEN) == (
        "label loyalty on test: 80.0 % (78.0 to 82.0 %), n 1,000, limit ≥ 90 %: "
        "the whole interval is beyond the limit, by 8.0 points"
    )


def test_a_long_name_leaves_room_for_its_numbers():
    long = replace(HOLDS, measured=replace(HOLDS.measured, name="w" * 10_000))
    assert len(name_of(long)) == 120


def test_few_parts_are_all_told():
    assert gathered([HOLDS] * 8) == ((HOLDS,) * 8, ())


def test_of_many_parts_the_broken_and_the_closest_calls_are_told_in_order():
    parts = [replace(v, measured=replace(v.measured, part=str(k))) for k, v in enumerate(MANY)]
    shown, rest = gathered(parts)
    assert [v.measured.part for v in shown] == ["3", "5", "9", "10", "11"]
    assert len(rest) == 7


MANY = [HOLDS] * 12
MANY[3], MANY[9] = BROKEN, UNDECIDED
MANY[5] = MANY[10] = MANY[11] = _loyalty(0.92, 0.901, 0.97)  # with less room than the others


def test_everything_that_is_broken_is_told_at_once():
    shown, rest = gathered([BROKEN] * 11 + [HOLDS] * 3)
    assert (len(shown), rest) == (11, (HOLDS,) * 3)


def test_too_few_rows_are_the_reason_even_where_the_interval_is_clear():
    verdict = Verdict.of("slices", HOLDS.measured, Limit(at_least=0.5, rows=3000))
    assert reason(verdict) == (
        "fewer than 3,000 rows decide nothing; about 3,000 rows would decide it, 1,000 were used"
    )
