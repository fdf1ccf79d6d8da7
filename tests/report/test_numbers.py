"""Numbers are written with a unit, with digits that mean something, and never misleadingly."""

import math

import pytest

from edgecompress.core.gate import Limit, Verdict
from edgecompress.core.measurement import Measurement, exact
from edgecompress.report.numbers import (
    distance_text,
    duration,
    fact,
    facts,
    figures,
    printable,
    scale_of,
)


def _measured(name, unit, value, low, high):
    return Measurement(name, value, low, high, unit, 100, "a method")


@pytest.mark.parametrize(
    ("name", "unit", "value", "text"),
    [
        ("accuracy", "fraction", 0.8352, "83.5 %"),
        ("isa_flip_rate", "fraction", 0.0009, "0.09 %"),
        ("accuracy_drop", "fraction", -0.0084, "−0.84 points"),
        ("accuracy_drop", "fraction", -0.084, "−8.4 points"),
        ("size_bytes", "bytes", 17_210_433, "17.2 MB"),
        ("size_bytes", "bytes", 512, "512 B"),
        ("parameters", "parameters", 22_700_000, "22.7 M"),
        ("latency_p95_ms", "ms", 1.342, "1.34 ms"),
        ("cold_start_ms", "ms", 1234.5, "1,234 ms"),
        ("latency_ratio", "times faster", 12.31, "12.3×"),
        ("size_ratio", "of the teacher", 0.1893, "18.9 %"),
        ("parity_max_abs", "logits", 0.0123, "0.0123 logits"),
        ("accuracy_drop", "fraction", 0.0, "0.00 points"),
    ],
)
def test_each_unit_has_its_own_way_of_being_written(name, unit, value, text):
    assert figures(exact(name, value, unit, "a method")).value == text


def test_a_zero_never_has_a_sign():
    assert scale_of(_measured("accuracy_drop", "fraction", 0, -0.1, 0.1)).number(-0.0001) == "0.0"


def test_the_interval_shares_the_digits_of_the_value():
    shown = figures(_measured("accuracy", "fraction", 0.8352, 0.8184, 0.8508))
    assert (shown.value, shown.interval, shown.n) == ("83.5 %", "81.8 to 85.1 %", "100")


def test_what_is_exact_has_no_interval_and_no_count():
    shown = figures(exact("size_bytes", 17e6, "bytes", "a method"))
    assert (shown.interval, shown.limit, shown.n) == ("", "", "")


def test_a_bound_just_short_of_its_limit_does_not_look_like_it():
    # 0.8996 would be written 90.0 %, and a reader would ask why 90.0 misses 90
    shown = figures(_measured("label_loyalty", "fraction", 0.91, 0.8996, 0.92), Limit(at_least=0.9))
    assert (shown.interval, shown.limit) == ("89.96 to 92.00 %", "≥ 90 %")


def test_a_limit_is_never_rounded():
    measured = _measured("accuracy_drop", "fraction", 0.01, 0.0, 0.02)
    assert figures(measured, Limit(at_most=0.03125)).limit == "≤ 3.125 points"


def test_the_difference_of_two_percentages_is_told_in_points():
    measured = _measured("label_loyalty", "fraction", 0.92, 0.91, 0.93)
    assert distance_text(Verdict.of("loyalty", measured, Limit(at_least=0.9))) == "1.0 points"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (45.2, "45 s"),
        (59.6, "1 min 0 s"),
        (535, "8 min 55 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_are_told_as_people_tell_them(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        (8530, "8,530"),
        (0.123456, "0.1235"),
        (math.pi * 1e6, "3.142e+06"),
        ([0, 2, 4], "0, 2, 4"),
        ({"rows": 3, "classes": {"a": 1, "b": 2}}, "rows 3; classes (a 1, b 2)"),
        ("int8", "int8"),
    ],
)
def test_any_fact_is_one_line(value, text):
    assert fact(value) == text


def test_a_long_fact_is_cut():
    assert len(fact(list(range(10_000)))) == 300


@pytest.mark.parametrize("hidden", ["\x00", "\x1b", "\u202e", "\u2066", "\u200f", "\ud800"])
def test_what_hides_or_reorders_text_is_made_visible(hidden):
    assert printable(f"a{hidden}b") == "a\ufffdb"


def test_names_of_facts_are_words_and_sizes_have_a_unit():
    told = {"memory_bytes": 25_276_510_208, "cpu_flags": ["avx2", "fma"], "peak_bytes": None}
    assert facts(told) == [("memory", "25.3 GB"), ("cpu flags", "avx2, fma"), ("peak bytes", "–")]
