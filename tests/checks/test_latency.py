"""Check `latency`."""

import numpy as np
import pytest
from pydantic import ValidationError

from edgecompress.checks import latency
from edgecompress.core.case import Case
from edgecompress.core.errors import MeasureError
from edgecompress.core.exhibit import measurements_of
from edgecompress.recipe.budget import Latency
from edgecompress.report.contents import Latencies, content_of
from tests.fakes import Busy, case, contestant, texts


def measure(ours, theirs, pairs=80):
    case = Case(
        contestant("candidate", ours),
        contestant("teacher", theirs),
        {"test": texts([0] * 40)},
        ("a", "b"),
        seed=7,
    )
    settings = Latency(check="latency", pairs=pairs)
    return {m.name: m for m in measurements_of(latency.measure(case, settings))}


def test_a_teacher_that_works_four_times_as_long_is_four_times_slower():
    found = measure(Busy(0.0005), Busy(0.0020))["latency_ratio"]
    assert found.value == pytest.approx(4.0, rel=0.15)


def test_twins_are_equally_fast():
    found = measure(Busy(0.0005), Busy(0.0005))["latency_ratio"]
    assert found.low <= 1.02
    assert found.high >= 0.98


def test_a_machine_on_which_a_model_is_not_as_fast_as_itself_cannot_judge():
    class Moody(Busy):
        """Anything from 0.05 to 5 milliseconds, whatever it is asked."""

        draws = np.random.default_rng(1)

        def logits(self, rows):
            self.seconds = float(np.exp(self.draws.uniform(np.log(5e-5), np.log(5e-3))))
            return super().logits(rows)

    with pytest.raises(MeasureError, match="too noisy to judge"):
        measure(Moody(0.0), Busy(0.0005), pairs=72)


def test_fewer_pairs_than_p95_needs_are_refused_by_the_recipe():
    # see tests/core/test_intervals.py: 72 values for a two-sided interval of p95
    with pytest.raises(ValidationError, match="greater than or equal to 72"):
        Latency(check="latency", pairs=71)


@pytest.mark.parametrize(
    ("ours", "teacher"),
    [([0.5, 0.7, 1.1, 90.0], [6.0, 6.5, 7.0, 9.0]), ([1.0] * 4, [1.0] * 4)],
)
def test_every_time_lies_in_a_bin_that_both_models_share(ours, teacher):
    shown = latency.distribution(np.array(ours), np.array(teacher), "test")
    content = content_of(shown)
    assert isinstance(content, Latencies)
    assert (sum(content.ours), sum(content.teacher)) == (4, 4)


def test_bins_are_equally_wide_on_a_logarithmic_scale():
    shown = latency.distribution(np.array([1.0, 2.0]), np.array([50.0, 100.0]), "test")
    steps = np.diff(np.log(shown.content["edges"]))
    # from 1 to 100 in 40 bins
    assert steps == pytest.approx(np.log(100) / 40, rel=1e-2)


def test_the_speed_of_another_kind_of_processor_is_not_judged(monkeypatch):
    monkeypatch.setattr(latency, "processor_kind", lambda: "x86-vnni")
    here = case([0], [0], [0])
    found = latency.measure(here, Latency(check="latency", processor="arm64"))
    assert {one.name for one in found} == {"latency_ratio", "latency_p50_ms", "latency_p95_ms"}
    assert {one.why for one in found} == {"this processor is x86-vnni, the model is for arm64"}
