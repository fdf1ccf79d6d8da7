"""What `compare` takes for a model, and what it refuses."""

from dataclasses import replace

import pytest

from edgecompress.core.errors import InputError
from edgecompress.report.json import dumps
from edgecompress.runtime.bundle import seal_bundle
from edgecompress.runtime.golden import write_golden
from edgecompress.runtime.model import EdgeModel
from edgecompress.workflow.compare import golden_texts, model_of
from tests.fakes import Listener
from tests.report.conftest import holding
from tests.runtime.conftest import folder, make_model, tokenizer

__all__ = ["folder", "holding", "make_model", "tokenizer"]

KEY = "a" * 64


@pytest.fixture
def run(ws, holding, make_model):
    """A run of the store, whose last stage made the ten-word model; gives its folder."""
    with ws.store.draft(KEY) as draft:
        for file in make_model().iterdir():
            if file.is_file():
                (draft / file.name).write_bytes(file.read_bytes())
        made = ws.store.seal(draft, KEY, "onnx-model", (), {})
    last = replace(holding.stages[-1], key=KEY)
    digest = EdgeModel.load(made.path, verify=False).digest
    report = replace(
        holding,
        stages=(*holding.stages[:-1], last),
        candidate=replace(holding.candidate, digest=digest),
    )
    place = ws.store.root / "runs/20261120-first"
    place.mkdir()
    (place / "report.json").write_text(dumps(report))
    return place, made.path


def test_a_run_is_what_it_made_by_its_name_or_by_its_folder(run, ws):
    place, made = run
    assert model_of("20261120-first", ws.store.root, Listener()) == made
    assert model_of(str(place), ws.store.root, Listener()) == made


def test_a_folder_with_a_model_is_that_model(make_model, ws):
    assert model_of(str(make_model()), ws.store.root, Listener()) == make_model()


def test_a_run_whose_work_was_pruned_says_so(run, ws):
    ws.store.prune(older_than_days=None, keep=())
    with pytest.raises(InputError, match="20261120-first: what this run made is not in"):
        model_of("20261120-first", ws.store.root, Listener())


def test_a_run_that_judged_a_strangers_model_says_so(run, ws, holding):
    place, _ = run
    stages = (replace(holding.stages[-1], key=KEY),)
    (place / "report.json").write_text(dumps(replace(holding, stages=stages)))
    with pytest.raises(InputError, match="judged a model that was made elsewhere"):
        model_of("20261120-first", ws.store.root, Listener())


def test_nothing_of_that_name_says_where_it_was_looked_for(ws):
    with pytest.raises(InputError, match=r"^typo: no report.json there"):
        model_of("typo", ws.store.root, Listener())


def test_texts_come_from_whichever_is_a_bundle(make_model, tmp_path):
    plain, made = tmp_path / "plain", make_model()
    plain.mkdir()
    with pytest.raises(InputError, match="neither is a bundle.*--data"):
        golden_texts(plain, plain)
    write_golden(made, ["good film", "bad film"])
    seal_bundle(made, sequence=1)
    assert golden_texts(plain, made).texts == ("good film", "bad film")
