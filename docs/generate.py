"""Write the reference pages from the code, or check that they have not drifted from it."""

import argparse
import inspect
import sys
from pathlib import Path
from typing import Any

import click

from edgecompress.cli.main import VERBS, Verbs, cli
from edgecompress.core.errors import MEANINGS, EdgeCompressError, ExitCode
from edgecompress.recipe.checks import CHECKS
from edgecompress.recipe.described import default_of, page_of, type_of
from edgecompress.recipe.reading import json_schema
from edgecompress.recipe.schema import Recipe
from edgecompress.recipe.stages import STAGES
from edgecompress.serving.metrics import Metrics
from edgecompress.serving.openapi import ERRORS, document
from edgecompress.serving.problems import CODES
from edgecompress.serving.settings import Limits

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py; change the code instead. -->\n"


def stages() -> str:
    """One heading for each stage, with what it takes and gives and its settings."""
    parts = ["# Stages\n", NOTE]
    for kind, settings in STAGES.items():
        parts += [
            f"\n## {kind}\n",
            inspect.cleandoc(settings.__doc__ or ""),
            f"\nTakes {' or '.join(settings.takes)}, gives {settings.gives}; "
            f"the result loads as: {settings.loads_as}. "
            f"File: `edgecompress/stages/{kind.replace('-', '_')}.py`.\n",
            _table(settings.model_json_schema(by_alias=True), skip="kind"),
        ]
    return "\n".join(parts)


def checks() -> str:
    """One heading for each check, with its limits."""
    parts = ["# Checks\n", NOTE]
    for name, settings in CHECKS.items():
        limits = ", ".join(
            f"`{key}` limits `{of.measurement}`" for key, of in settings.limited.items()
        )
        parts += [
            f"\n## {name}\n",
            inspect.cleandoc(settings.__doc__ or ""),
            f"\nLimits: {limits}. File: `edgecompress/checks/{name}.py`.\n",
            _table(settings.model_json_schema(by_alias=True), skip="check"),
        ]
    return "\n".join(parts)


def recipe() -> str:
    """Every section of a recipe that is not a stage or a check."""
    schema = json_schema()
    told = {s.__name__ for s in (*STAGES.values(), *CHECKS.values())}
    parts = ["# Recipe\n", NOTE, "\n## top level\n", _table(schema)]
    for name, section in schema["definitions"].items():
        if name not in told:
            parts += [f"\n## {name}\n", section.get("description", ""), "", _table(section)]
    parts.append(f"\nThe top-level keys are those of `{Recipe.__name__}` in `recipe/schema.py`.\n")
    return "\n".join(parts)


def exit_codes() -> str:
    """The table of codes, and which errors become which."""
    rows = ["# Exit codes\n", NOTE, "\n| code | name | means | errors |", "|--:|---|---|---|"]
    errors = _subclasses(EdgeCompressError)
    for code in ExitCode:
        names = ", ".join(f"`{e.__name__}`" for e in errors if e.exit_code == code)
        rows.append(f"| {int(code)} | {code.name} | {MEANINGS[code]} | {names} |")
    return "\n".join(rows) + "\n"


def command_line() -> str:
    """The help text of every verb."""
    assert isinstance(cli, Verbs)
    context = click.Context(cli, info_name="edgecompress", max_content_width=96)
    parts = ["# Command line\n", NOTE]
    for verb in VERBS:
        command = cli.get_command(context, verb)
        assert command is not None
        parts += [f"\n## {verb}\n", _help(command, click.Context(command, context, verb))]
        if isinstance(command, click.Group):
            for name, sub in command.commands.items():
                inner = click.Context(command, context, verb)
                parts.append(_help(sub, click.Context(sub, inner, name)))
    return "\n".join(parts)


def http() -> str:
    """Every address of `serve`, every status, every metric."""
    parts = ["# HTTP\n", NOTE, "\n| method | address | gives |", "|---|---|---|"]
    for path, methods in document("NAME", ("negative", "positive"), Limits())["paths"].items():
        parts += [f"| {m.upper()} | `{path}` | {told['summary']} |" for m, told in methods.items()]
    parts += [
        "\nNAME is that of the model. The forms of bodies: `/openapi.json` of the server.",
        "\n| status | code | of `/v1/predict` and `infer` |",
        "|--:|---|---|",
        *(f"| {status} | `{CODES[status]}` | {told} |" for status, told in ERRORS.items()),
        "\n| metric | counts |",
        "|---|---|",
        *(f"| `{name}` | {told} |" for name, told in Metrics().described()),
    ]
    return "\n".join(parts) + "\n"


def decisions() -> str:
    """The titles of all decision records."""
    parts = ["# Decisions\n", NOTE, "\nWhy things are as they are; one page each.\n"]
    for record in sorted((FOLDER.parent / "decisions").glob("*.md")):
        heading = record.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        parts.append(f"- [{heading.replace(' — ', ' ')}](../decisions/{record.name})")
    return "\n".join(parts) + "\n"


def _help(command: click.Command, context: click.Context) -> str:
    return f"```text\n{command.get_help(context).rstrip()}\n```\n"


def _table(schema: dict[str, Any], skip: str = "") -> str:
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    sections = schema.get("$defs", {})
    for key, prop in schema.get("properties", {}).items():
        if key != skip:
            needed = key in schema.get("required", ())
            default = "required" if needed else default_of(prop, sections)
            meaning = prop.get("description", "").replace("|", "\\|")
            rows.append(f"| `{key}` | {type_of(prop, _link)} | {default} | {meaning} |")
    return "\n".join(rows) + "\n"


def _link(section: str) -> str:
    return f"[{section}]({page_of(section)})"


def _subclasses(root: type[EdgeCompressError]) -> list[type[EdgeCompressError]]:
    found = [root]
    for sub in root.__subclasses__():
        found += _subclasses(sub)
    return found


PAGES = {
    "stages.md": stages,
    "checks.md": checks,
    "recipe.md": recipe,
    "exit-codes.md": exit_codes,
    "command-line.md": command_line,
    "http.md": http,
    "decisions.md": decisions,
}


def main() -> int:
    """Exit code 1 when --check finds a page that differs from what the code would write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    check = parser.parse_args().check
    drifted = []
    for name, write in PAGES.items():
        path, text = FOLDER / name, write()
        if check and (not path.exists() or path.read_text() != text):
            drifted.append(name)
        elif not check:
            path.write_text(text)
    if drifted:
        print(f"drifted: {', '.join(drifted)}; run: python docs/generate.py", file=sys.stderr)
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main())
