"""Verb `bench` on models of ten words."""

import json

import numpy as np
import pytest

from edgecompress.core.errors import DataError, InputError
from edgecompress.core.gate import Outcome
from edgecompress.core.measurement import exact
from edgecompress.core.progress import Silent
from edgecompress.runtime.bundle import seal_bundle
from edgecompress.runtime.golden import write_golden
from edgecompress.workflow import service
from edgecompress.workflow.bench import Bench, Opponent, bench, texts_of
from tests.runtime.conftest import TABLE, folder, make_model, tokenizer

__all__ = ["folder", "make_model", "tokenizer"]

TEXTS = ["a good film", "a bad film", "not good", "films"] * 30


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch):
    """Starting Python fourteen times is for tests/core/test_starts.py."""
    monkeypatch.setattr(service, "cold_starts", lambda model, progress: [])
    monkeypatch.setattr(service, "import_time", lambda progress: exact("import_ms", 1, "ms", ""))


def judged(path, opponent):
    report = bench(Bench(path, TEXTS, rows=100, against=opponent), Silent())
    return report, {v.measured.name: v for v in report.gate.verdicts if not v.measured.part}


def test_a_model_alone_is_measured_and_not_judged(make_model):
    report, found = judged(make_model(), None)
    assert report.gate.outcome is Outcome.UNDECIDED  # an empty gate has shown nothing
    assert found["size_bytes"].measured.value == (report.model.bytes)
    assert report.texts == {"rows": 120, "tokens_p50": 4.5, "tokens_max": 5}
    assert found["latency_p50_ms"].measured.value < found["latency_p95_ms"].measured.value


def test_the_overhead_is_what_predict_adds_to_its_parts(make_model):
    _, found = judged(make_model(), None)
    parts_ms = sum(found[name].measured.value for name in ("graph_ms", "tokenizing_ms"))
    whole_ms = found["answer_cpu_ms"].measured.value
    overhead_ms = found["overhead_us"].measured.value / 1000
    assert overhead_ms == pytest.approx(whole_ms - parts_ms, abs=0.02)


def test_a_model_is_not_slower_than_itself(make_model):
    path = make_model()
    report, found = judged(path, Opponent(path, slower_at_most=1.0, flips_at_most=0.05))
    assert report.gate.outcome is Outcome.HOLDS
    assert found["label_flips"].measured.value == 0


def test_a_model_that_answers_otherwise_is_no_winner(make_model, tmp_path_factory):
    path = make_model()
    other = tmp_path_factory.mktemp("other")
    for file in path.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    make_model(table=np.ascontiguousarray(TABLE[:, ::-1]))
    _, found = judged(path, Opponent(other, slower_at_most=1.0, flips_at_most=0.05))
    assert found["label_flips"].outcome is Outcome.BROKEN
    assert found["label_flips"].measured.value == 0.75  # "films" says nothing: a tie stays


def test_models_with_other_labels_are_no_opponents(make_model, tmp_path_factory):
    path = make_model()
    other = tmp_path_factory.mktemp("other")
    for file in path.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    make_model(labels=("bad", "good"))
    with pytest.raises(InputError, match="only models with the same labels"):
        judged(path, Opponent(other))


def test_a_bundle_brings_its_own_texts(make_model):
    path = make_model()
    write_golden(path, ["good", ("a film", "not bad")])
    seal_bundle(path, sequence=1)
    assert texts_of(path, None) == ["good", ("a film", "not bad")]


def test_another_folder_needs_texts(make_model):
    with pytest.raises(InputError, match="give some with --texts"):
        texts_of(make_model(), None)


def test_pairs_are_read_from_a_second_column(tmp_path):
    file = tmp_path / "pairs.jsonl"
    rows = [{"text": "a", "text_pair": "b"}, {"text": "c", "text_pair": "d"}]
    file.write_text("\n".join(map(json.dumps, rows)))
    assert texts_of(tmp_path, file) == [("a", "b"), ("c", "d")]


def test_a_row_without_a_text_is_refused(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "a"}\n{"text": null}\n')
    with pytest.raises(DataError, match=r"rows.jsonl: every row needs a `text`"):
        texts_of(tmp_path, file)
