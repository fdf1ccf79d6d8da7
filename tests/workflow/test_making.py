"""What a bundle says about its making, of a real recipe before any step is made."""

import hashlib
import json

import pytest

from edgecompress.core.gate import GateReport
from edgecompress.core.report import ModelFacts, RunReport
from edgecompress.data.tiny import make_tiny_bert
from edgecompress.workflow.making import BILL, PROVENANCE, write_making
from edgecompress.workflow.run import start


@pytest.fixture
def folder(tmp_path):
    (folder := tmp_path / "bundle/.edgecompress").mkdir(parents=True)
    (folder / "report.json").write_text("{}")
    (folder.parent / "model.onnx").write_bytes(b"weights")
    return folder.parent


def making_of(folder, file, ws):
    facts = ModelFacts("smoke", "1" * 64, 1, 1, "model.onnx")
    versions = {"versions": {"edgecompress": "0.1.0", "python": "3.11.7", "absentee": "absent"}}
    write_making(
        folder,
        start(file, ws),
        RunReport("smoke", "2" * 64, facts, facts, versions, GateReport(())),
        4,
    )
    return json.loads((folder / PROVENANCE).read_text()), json.loads((folder / BILL).read_text())


def test_resources_are_named_by_their_pins(folder, smoke, ws):
    drawn = (
        'validation:  {source: "resource:tiny-reviews", split: validation}',
        "validation: {from: train, rows: 40}",
    )
    told, _ = making_of(folder, smoke(drawn), ws)
    sources = {d["name"]: d for d in told["predicate"]["buildDefinition"]["resolvedDependencies"]}
    assert sources["teacher"]["annotations"]["pin"] == f"resource:{ws.resources.pin('tiny-bert')}"
    assert sources["data/train"]["annotations"]["pin"] == ws.resources.pin("tiny-reviews")
    assert sources["data/validation"]["uri"] == "role:train"
    assert "absentee" not in sources


def test_only_what_runs_is_a_subject(folder, smoke, ws):
    told, bill = making_of(folder, smoke(), ws)
    digest = hashlib.sha256(b"weights").hexdigest()
    assert told["subject"] == [{"name": "model.onnx", "digest": {"sha256": digest}}]
    assert bill["metadata"]["component"]["hashes"][0]["content"] == digest
    assert bill["metadata"]["component"]["version"] == "4"


def test_files_and_folders_are_named_by_their_digests(folder, smoke, ws, tmp_path):
    make_tiny_bert(tmp_path / "model")
    rows = [{"text": f"a {word} film", "label": word} for word in ("negative", "positive")] * 40
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    file = smoke(
        ("resource:tiny-bert", "model"),
        (
            'test:        {source: "resource:tiny-reviews", split: test}',
            "test: {source: rows.jsonl}",
        ),
    )
    told, bill = making_of(folder, file, ws)
    sources = {d["name"]: d for d in told["predicate"]["buildDefinition"]["resolvedDependencies"]}
    assert len(sources["teacher"]["digest"]["edgecompressFolder"]) == 64
    expected = hashlib.sha256((tmp_path / "rows.jsonl").read_bytes()).hexdigest()
    assert sources["data/test"]["digest"] == {"sha256": expected}
    (test,) = (c for c in bill["components"] if c["name"] == "data/test")
    assert test["hashes"] == [{"alg": "SHA-256", "content": expected}]
