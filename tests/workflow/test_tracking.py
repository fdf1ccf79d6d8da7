"""MLflow gets the whole run once; whatever it does in return, the run stays as it was."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import pytest

from edgecompress.core.errors import InputError, MissingExtra
from edgecompress.workflow import tracking
from edgecompress.workflow.records import write_record
from edgecompress.workflow.reports import FORMS, write_forms
from tests.fakes import Listener
from tests.report.conftest import holding

__all__ = ["holding"]

FILES = [
    *("report.json", "report.html", "junit.xml", "summary.md"),
    *("recipe.resolved.yaml", "events.jsonl"),
]


class Client:
    """MLflow's client, which fails when it is asked to."""

    calls: list[tuple] = []  # noqa: RUF012 - emptied by the fixture
    fails_at = ""

    def __init__(self, tracking_uri):
        self._note("open", tracking_uri)

    def _note(self, *call):
        print("🏃 View run at ...")  # as the real one does, on stdout
        self.calls.append(call)
        if call[0] == self.fails_at:
            raise RuntimeError("the server said\nmany lines")

    def get_experiment_by_name(self, name):
        return None

    def create_experiment(self, name):
        self._note("experiment", name)
        return "1"

    def create_run(self, experiment, start_time, run_name):
        self._note("run", experiment, start_time, run_name)
        return SimpleNamespace(info=SimpleNamespace(run_id="r1"))

    def log_batch(self, run_id, metrics=(), params=(), tags=()):
        self._note("batch", len(metrics), len(params), len(tags))

    def log_artifact(self, run_id, path):
        self._note("file", path.rpartition("/")[2])

    def set_terminated(self, run_id, status, end_time=None):
        self._note("end", status, end_time)


def module(name, **members):
    made = ModuleType(name)
    made.__spec__ = ModuleSpec(name, None)
    vars(made).update(members)
    return made


@pytest.fixture
def client(monkeypatch):
    """Installs a stand-in for MLflow."""
    pair = lambda *values: values  # noqa: E731
    entities = module("mlflow.entities", Metric=pair, Param=pair, RunTag=pair)
    for made in (
        module("mlflow", MlflowClient=Client, entities=entities),
        *(entities, module("sqlalchemy"), module("alembic")),
    ):
        monkeypatch.setitem(sys.modules, made.__name__, made)
    for name, value in tracking.SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(Client, "calls", [])
    return Client


@pytest.fixture
def kept(holding, ws, smoke, tmp_path):
    """The folder of a run."""
    folder = tmp_path / "run"
    write_forms(holding, folder, FORMS)
    journal = ws.store.journal("run-1")
    journal.path.write_text(
        '{"at":"1970-01-01T00:00:01.000+00:00","event":"run-started"}\n'
        '{"at":"1970-01-01T00:00:09.500+00:00","event":"gate-judged"}\n'
    )
    write_record(smoke().recipe, journal, folder)
    return folder


def test_one_run_gets_numbers_recipe_tags_and_files(client, kept, capsys):
    listener = Listener()
    tracking.track(kept, "sqlite:///runs.db", listener)
    assert client.calls[:3] == [
        ("open", "sqlite:///runs.db"),
        ("experiment", "quickstart"),
        ("run", "1", 1000, "quickstart cccccccc"),
    ]
    batches = [call[1:] for call in client.calls if call[0] == "batch"]
    assert [sum(column) > 0 for column in zip(*batches, strict=True)] == [True] * 3
    assert max(map(max, batches)) <= 1000
    assert max(max(params, tags) for _, params, tags in batches) <= 100
    assert [call[1] for call in client.calls if call[0] == "file"] == FILES
    assert client.calls[-1] == ("end", "FINISHED", 9500)
    assert listener.lines == ["MLflow: run r1 at sqlite:///runs.db"]
    assert capsys.readouterr().out == ""  # stdout is for results


@pytest.mark.parametrize("place", ["open", "experiment", "run", "batch", "file", "end"])
def test_a_failing_server_is_a_warning(client, kept, monkeypatch, place):
    monkeypatch.setattr(client, "fails_at", place)
    listener = Listener()
    tracking.track(kept, "http://me:secret@tracker:5000", listener)
    (warning,) = listener.warnings
    assert warning.startswith("not sent to MLflow at http://tracker:5000: the server said; nothing")
    assert f"edgecompress report {kept} --mlflow" in warning


def test_a_run_that_was_sent_by_half_does_not_look_alive(client, kept, monkeypatch):
    monkeypatch.setattr(client, "fails_at", "file")
    tracking.track(kept, "sqlite:///runs.db", Listener())
    assert client.calls[-1] == ("end", "FAILED", None)


def test_a_folder_without_recipe_and_events_is_enough(client, kept):
    (kept / "events.jsonl").unlink()
    (kept / "recipe.resolved.yaml").unlink()
    tracking.track(kept, "sqlite:///runs.db", Listener())
    assert client.calls[-1] == ("end", "FINISHED", None)


def test_nobody_is_asked_for_who_does_not_want_it():
    assert tracking.tracker_address(None, offline=True) is None


def test_without_an_address_it_is_mlflows_own_then_a_file_here(client, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert tracking.tracker_address("", offline=True) == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    assert tracking.tracker_address("", offline=True) == "http://localhost:5000"


@pytest.mark.parametrize("address", ["https://tracker", "databricks", "postgresql://db/runs"])
def test_offline_refuses_the_network_before_any_compute(client, address):
    assert tracking.tracker_address(address, offline=False) == address
    with pytest.raises(InputError, match=r"--mlflow .*: on the network, which --offline forbids"):
        tracking.tracker_address(address, offline=True)


def test_a_missing_extra_is_told_before_any_compute(monkeypatch):
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r'needs mlflow.*pip install "edgecompress\[mlflow\]"'):
        tracking.tracker_address("", offline=False)


@pytest.mark.filterwarnings("ignore")  # MLflow's about the libraries below it
def test_mlflow_itself_takes_all_of_it(kept, tmp_path, monkeypatch):
    for name, value in tracking.SETTINGS.items():
        monkeypatch.setenv(name, value)
    mlflow = pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    monkeypatch.chdir(tmp_path)
    address, listener = f"sqlite:///{tmp_path}/runs.db", Listener()
    tracking.track(kept, address, listener)
    assert listener.warnings == []
    client = mlflow.MlflowClient(tracking_uri=address)
    (run,) = client.search_runs(["1"], filter_string="tags.verdict = 'holds'")
    assert run.data.metrics["accuracy_drop/test.high"] == 0.0208
    assert run.data.params["teacher.model"] == "resource:tiny-bert"
    assert (run.info.status, run.info.start_time, run.info.end_time) == ("FINISHED", 1000, 9500)
    curve = client.get_metric_history(run.info.run_id, "stage/accuracy/validation")
    assert [point.step for point in sorted(curve, key=lambda p: p.step)] == [0, 1, 2, 3]
    assert {file.path for file in client.list_artifacts(run.info.run_id)} == set(FILES)


@pytest.mark.filterwarnings("ignore")  # as above
def test_a_server_that_nobody_listens_at_costs_no_minute(kept, monkeypatch):
    for name, value in {**tracking.SETTINGS, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}.items():
        monkeypatch.setenv(name, value)
    pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    listener = Listener()
    tracking.track(kept, "http://127.0.0.1:9", listener)
    assert "Connection refused; nothing else is lost" in listener.warnings[0]
