"""The verbs beside the straight road, and how the command line takes a blow."""

import json
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.conftest import COMMAND


def test_the_store_lists_what_a_run_made(command, released):
    kinds = {entry["kind"] for entry in json.loads(command("cache", "ls", "--json").stdout)}
    made = {"torch-model", "onnx-model", "int8-onnx-model", "findings", "teacher-answers"}
    assert kinds == made


def test_a_sound_store_verifies(command):
    assert command("cache", "verify").stdout == "ok\n"


def test_a_damaged_store_does_not(fresh, released):
    assert fresh("run", released.recipe, "--until", "teacher").returncode == 0
    entry = json.loads(fresh("cache", "ls", "--json").stdout)[0]
    (file, *_) = [p for p in fresh.store.rglob("*") if p.is_file() and entry["key"] in str(p)]
    file.write_bytes(file.read_bytes()[:-1])
    assert fresh("cache", "verify").returncode == 6


def test_pruning_everything_empties_the_store(fresh, released):
    assert fresh("run", released.recipe, "--until", "teacher").returncode == 0
    assert fresh("cache", "prune", "--all").returncode == 0
    assert json.loads(fresh("cache", "ls", "--json").stdout) == []


def test_pruning_needs_to_be_told_what(fresh):
    assert fresh("cache", "prune").returncode == 2


def test_resources_are_listed_with_source_and_licence(command):
    listed = json.loads(command("resources", "ls", "--json").stdout)
    assert [r["name"] for r in listed if not (r["source"] and r["licence"])] == []


def test_what_was_fetched_verifies_and_works_offline(fresh):
    assert fresh("resources", "fetch", "tiny-bert", "tiny-reviews").returncode == 0
    assert fresh("--offline", "resources", "fetch", "tiny-bert").returncode == 0
    assert fresh("resources", "verify").stdout == "ok\n"


def test_a_resource_that_was_changed_is_named(fresh):
    assert fresh("resources", "fetch", "tiny-bert").returncode == 0
    (file,) = (fresh.store.parent / "cache").rglob("model.safetensors")
    file.write_bytes(file.read_bytes()[:-1])
    done = fresh("resources", "verify")
    assert done.returncode == 6
    assert "model.safetensors" in done.stdout


def test_the_schema_is_a_document(command):
    assert json.loads(command("schema").stdout)["title"] == "edgecompress recipe"


def test_doctor_finds_nothing_that_prevents_a_run(command):
    assert command("doctor").returncode == 0


def test_a_reader_that_leaves_early_is_no_error(command):
    running = subprocess.Popen(
        [*COMMAND, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    running.stdout.close()
    assert "Traceback" not in running.communicate()[1]
    assert running.returncode == 0


def test_a_full_disk_behind_stdout_is_the_environments_fault(command):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "schema"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 4
    assert done.stderr == "error: the disk: No space left on device\n"


def test_a_release_needs_the_whole_gate_measured_by_the_shipped_file(command, released):
    """The digest that the report judged is that of the files in the bundle."""
    code = (
        "import sys; from edgecompress.runtime import EdgeModel\n"
        "print(EdgeModel.load(sys.argv[1], verify=False).digest)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(released.bundle)],
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads((released.bundle / ".edgecompress/report.json").read_text())
    assert report["candidate"]["digest"] == done.stdout.strip()
