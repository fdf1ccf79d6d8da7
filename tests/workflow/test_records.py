"""What lies beside a report."""

import json

from ruamel.yaml import YAML

from edgecompress.workflow.records import write_record


def test_the_events_of_the_run_are_one_document_a_line(ws, smoke, tmp_path):
    journal = ws.store.journal("run-1")
    journal.write("run-started", recipe="smoke")
    with journal.path.open("a") as file:
        file.write('{"event": "torn by a k')
    write_record(smoke().recipe, journal, tmp_path)
    (line,) = (tmp_path / "events.jsonl").read_text().splitlines()
    assert json.loads(line) == journal.events()[0]


def test_the_recipe_has_its_defaults_written_out(ws, smoke, tmp_path):
    write_record(smoke().recipe, ws.store.journal("run-1"), tmp_path)
    told = YAML(typ="safe").load(tmp_path / "recipe.resolved.yaml")
    assert told["name"] == "smoke"
    assert told["release"]["card"] is True  # which the recipe does not say
