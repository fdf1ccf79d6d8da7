"""Axes begin and end at round numbers, and marks lie where their numbers are."""

import pytest

from edgecompress.report.plots import (
    OURS,
    count_axis,
    curve,
    histogram,
    log_axis,
    scatter,
    share_axis,
)


@pytest.mark.parametrize(
    ("lowest", "highest", "texts"),
    [
        (0.0, 1.0, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        (0.53, 1.0, ["50 %", "60 %", "70 %", "80 %", "90 %", "100 %"]),
        (0.809, 0.864, ["80 %", "82 %", "84 %", "86 %", "88 %"]),
        (1.0, 1.0, ["99 %", "100 %"]),
        (0.3, 0.3, ["29 %", "30 %"]),
    ],
)
def test_a_share_axis_has_round_ends_and_few_ticks(lowest, highest, texts):
    axis = share_axis("accuracy", lowest, highest)
    assert [tick.text for tick in axis.ticks] == texts
    assert axis.place(lowest) >= -1e-6
    assert axis.place(highest) <= 100 + 1e-6


def test_upright_axes_grow_upwards():
    ticks = share_axis("accuracy", 0.5, flip=True).ticks
    assert (ticks[0].text, ticks[0].at) == ("50 %", "100.00%")


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.4, 12.0, ["0.5 ms", "1 ms", "2 ms", "5 ms", "10 ms"]),
        (0.02, 4000.0, ["0.1 ms", "1 ms", "10 ms", "100 ms", "1,000 ms"]),
        (0.61, 0.64, ["0.61 ms", "0.64 ms"]),
    ],
)
def test_a_logarithmic_axis_names_round_numbers_or_its_ends(low, high, texts):
    assert [tick.text for tick in log_axis("time", low, high, "ms").ticks] == texts


def test_a_number_too_near_the_one_before_it_is_not_shown_on_a_phone():
    ticks = log_axis("time", 0.25, 40.0, "ms").ticks
    assert [(tick.text, tick.tight) for tick in ticks] == [
        ("0.5 ms", False),
        ("1 ms", True),
        ("2 ms", False),
        ("5 ms", False),
        ("10 ms", True),
        ("20 ms", False),
    ]


def test_ten_times_as_much_is_as_far_everywhere():
    axis = log_axis("time", 0.1, 10, "ms")
    assert [axis.place(v) for v in (0.1, 1, 10)] == pytest.approx([0, 50, 100])


def test_a_curve_runs_from_left_to_right():
    axes = share_axis("x", 0.0), share_axis("y", 0.5)
    drawn = curve(OURS, axes, [(1.0, 0.5), (0.5, 1.0)])
    assert drawn.line == "50.00,0.00 100.00,100.00"


def test_a_dot_lies_where_both_its_numbers_are():
    axes = share_axis("x", 0.0), share_axis("y", 0.5)
    (dot,) = scatter(OURS, axes, [(0.5, 0.75)]).dots
    assert (dot.x, dot.y) == ("50.00%", "50.00%")


def test_bars_stand_on_the_ground_and_empty_bins_have_none():
    axes = log_axis("time", 1, 100, "ms"), count_axis("texts", 4)
    (bar,) = histogram(OURS, axes, [1, 10, 100], [0, 3]).bars
    assert (bar.x, bar.width, bar.y, bar.height) == ("50.00%", "50.00%", "25.00%", "75.00%")
