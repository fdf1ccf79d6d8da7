"""Recipe to bundle to answers, as the README promises."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from edgecompress.runtime import EdgeModel
from tests.security.conftest import make_keys


def report_of(released):
    return json.loads((released.bundle / ".edgecompress/report.json").read_text())


def test_the_last_line_is_the_bundle(released):
    assert released.done.stdout.strip().splitlines()[-1] == str(released.bundle)


def test_the_bundle_holds_what_the_contract_names(released):
    names = {
        p.relative_to(released.bundle).as_posix() for p in released.bundle.rglob("*") if p.is_file()
    }
    assert names >= {
        "README.md",
        "config.json",
        "model.onnx",
        "tokenizer.json",
        "tokenizer_config.json",
        ".edgecompress/manifest.json",
        ".edgecompress/report.json",
        ".edgecompress/report.html",
        ".edgecompress/junit.xml",
        ".edgecompress/summary.md",
        ".edgecompress/recipe.resolved.yaml",
        ".edgecompress/golden.jsonl",
        ".edgecompress/provenance.json",
        ".edgecompress/bom.cdx.json",
    }


def test_the_provenance_is_about_the_files_beside_it(released):
    meta = released.bundle / ".edgecompress"
    told = json.loads((meta / "provenance.json").read_text())
    sealed = {
        f["path"]: f["sha256"] for f in json.loads((meta / "manifest.json").read_text())["files"]
    }
    shipped = {
        path: digest for path, digest in sealed.items() if not path.startswith(".edgecompress")
    }
    assert {s["name"]: s["digest"]["sha256"] for s in told["subject"]} == shipped


def test_the_provenance_names_every_role_and_its_rows(released):
    told = json.loads((released.bundle / ".edgecompress/provenance.json").read_text())
    built = told["predicate"]["buildDefinition"]
    rows = {
        d["name"]: d["annotations"]["rows"]
        for d in built["resolvedDependencies"]
        if d["name"].startswith("data/")
    }
    seen = report_of(released)["data"]
    assert rows == {name: seen[name.removeprefix("data/")]["rows"] for name in rows}
    asked = built["externalParameters"]["recipe"]["data"]
    assert set(rows) == {f"data/{role}" for role, ref in asked.items() if ref}  # no `ood` here


def test_a_signed_release_runs_where_only_signed_ones_may(released, command):
    pytest.importorskip("model_signing", reason="needs the extra sign")
    keys = make_keys(command.folder, "publisher")
    out = command.folder / "signed"
    done = command(
        "release", released.recipe, "--out", out, "--sign-key", keys.private, "--sequence", "7"
    )
    assert done.returncode == 0, done.stderr
    strict = replace(
        command, extra={"EDGECOMPRESS_KEY": str(keys.public), "EDGECOMPRESS_AT_LEAST": "7"}
    )
    assert "release 7" in strict("verify", out).stdout
    assert strict("predict", out, "a good film").returncode == 0
    refused = strict("predict", released.bundle, "a good film")
    assert refused.returncode == 6
    assert "not signed" in refused.stderr


def test_a_second_release_finds_every_step(released):
    done = released.command("release", released.recipe, "--out", released.bundle)
    assert done.returncode == 0
    assert done.stderr.count(": cached") == 4
    assert "already holds this release" in done.stderr


def test_stdout_is_one_document_with_json(released):
    done = released.command("run", released.recipe, "--json")
    assert json.loads(done.stdout)["verdict"] == "holds"


def test_events_are_one_document_a_line(released):
    done = released.command("--json=events", "run", released.recipe)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == [
        *("run-started", *["stage-found"] * 4),
        *["check-started", "check-judged"] * 5,
        *("gate-judged", "report"),
    ]
    kept = released.command.store / "runs" / events[0]["run"] / "events.jsonl"
    assert [json.loads(line) for line in kept.read_text().splitlines()] == events[:-1]


def test_a_run_that_fails_tells_why_in_its_events(released, tmp_path):
    broken = tmp_path / "recipe.yaml"
    broken.write_text(released.recipe.read_text())
    done = released.command("--json=events", "run", broken, "--until", "nowhere")
    last = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, last["event"], last["error"]) == (2, "run-stopped", "InputError")
    assert last["why"].startswith("--until nowhere: no such step")


def test_every_stage_tells_what_it_costs(released):
    stages = report_of(released)["stages"]
    assert [s["kind"] for s in stages] == ["finetune", "distill", "export", "quantize"]
    for stage in stages:
        assert {"accuracy", "label_loyalty", "size_bytes"} <= set(stage["metrics"])
    untimed = [stage for stage in stages if "latency_p50_ms" not in stage["metrics"]]
    assert len(untimed) == released.done.stderr.count("no latency in the stage table")


def test_int8_is_smaller_than_what_it_came_from(released):
    sizes = {s["kind"]: s["metrics"]["size_bytes"]["value"] for s in report_of(released)["stages"]}
    assert sizes["quantize"] < 0.6 * sizes["export"]


def test_every_judged_number_lies_in_its_interval(released):
    for check in report_of(released)["checks"]:
        assert check["low"] <= check["value"] <= check["high"]


def test_predict_answers_each_line_of_stdin_in_order(released):
    texts = ["a good film", "a dull film", "the film is not bad"]
    done = released.command("predict", released.bundle, stdin="\n".join(texts) + "\n")
    labels = [json.loads(line)["label"] for line in done.stdout.splitlines()]
    assert labels == [answer["label"] for answer in EdgeModel.load(released.bundle).predict(texts)]


def test_predict_reads_a_file_of_json_lines(released, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "a good film"}\n{"text": "a dull film"}\n')
    done = released.command("predict", released.bundle, "--input", rows)
    assert [set(json.loads(line)) for line in done.stdout.splitlines()] == [
        {"label", "score", "scores"}
    ] * 2


def test_the_runtime_tests_itself_on_the_device(released):
    done = subprocess.run(
        [sys.executable, "-m", "edgecompress.runtime", str(released.bundle)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_an_answer_does_not_depend_on_the_texts_beside_it(released):
    model = EdgeModel.load(released.bundle)
    together = model.logits(["a good film", "a very long and rather dull film indeed"])
    np.testing.assert_array_equal(together[0], model.logits(["a good film"])[0])


def test_run_until_stops_there(command, released):
    done = command("run", released.recipe, "--until", "distill")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["step", "finetune", "distill"]


def test_plan_finds_what_was_made(command, released):
    done = command("plan", released.recipe, "--json")
    assert {step["state"] for step in json.loads(done.stdout)["steps"]} == {"cached"}


def test_a_bundle_compared_with_itself_differs_in_nothing(command, released, repository):
    done = command(
        "compare", released.bundle, released.bundle, "--data", "resource:tiny-reviews", "--split",
        "test", "--json",
    )  # fmt: skip
    found = {m["name"]: m["value"] for m in json.loads(done.stdout)["comparison"]}
    assert (found["accuracy_drop"], found["label_loyalty"]) == (0.0, 1.0)


def test_a_run_compared_with_the_bundle_it_became_differs_in_nothing(command, released):
    runs = sorted((command.store / "runs").glob("*/report.json"))
    done = command("compare", runs[0].parent.name, released.bundle, "--json")
    found = {m["name"]: m["value"] for m in json.loads(done.stdout)["comparison"]}
    assert (found["label_loyalty"], found["size_ratio"]) == (1.0, 1.0)
