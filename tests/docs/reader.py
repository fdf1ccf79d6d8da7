"""Somebody who reads a page, types its blocks into one shell, and compares what comes out."""

import os
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import SkipTest

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from sybil import Document, Example
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser

from edgecompress.core.errors import RecipeError
from edgecompress.recipe.checks import AnyCheck
from edgecompress.recipe.reading import read_recipe
from edgecompress.recipe.stages import AnyStage

PORT = re.compile(r"\b8000\b")  # a reader's; another program may have it here
NOISE = re.compile(r"^warning: .*machine is too noisy to judge.*\n", re.MULTILINE)  # of no page
FILE_NAME = re.compile(r"# (\S+\.\w+)\n")  # the first line of a block that is a file
STEP: TypeAdapter[Any] = TypeAdapter(AnyStage | AnyCheck)


def free_port() -> str:
    """One that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@dataclass
class Reader:
    """`sh` is run, `text` and `json` are what it said, `yaml` is a recipe or a part of one.

    A block that begins with `# NAME.yaml` is saved under that name. A part of a recipe is put in
    the place of the same part of `base`. What a block leaves running ends with the page; port 8000
    is a free one. A warning that other work disturbs what is timed is left out: pages tell of a
    quiet machine.
    """

    folder: Path
    environment: Mapping[str, str]
    base: Path
    said: str = field(default="", init=False)
    port: str = field(default_factory=free_port, init=False)
    started: list[int] = field(default_factory=list, init=False)  # process groups

    def read(self, page: Path) -> None:
        """Follow a page to its end.

        Raises:
            SybilFailure: names the line of the block that does not do what the page says.
        """
        document = Document.parse(
            str(page),
            SkipParser(),
            PythonCodeBlockParser(),
            CodeBlockParser("sh", self.type_in),
            CodeBlockParser("text", self.compare),
            CodeBlockParser("json", self.compare),
            CodeBlockParser("yaml", self.write_down),
        )
        try:
            for example in document.examples():
                with suppress(SkipTest):
                    example.evaluate()
        finally:
            self.leave()

    def type_in(self, example: Example) -> str | None:
        """Run a block of shell; it fails where any of its commands does.

        Its words go to a file: a pipe would stay open as long as what it leaves running.
        """
        with tempfile.TemporaryFile("w+", encoding="utf-8") as words:
            with subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", PORT.sub(self.port, example.parsed)],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                cwd=self.folder,
                process_group=0,
            ) as bash:
                pass  # until it ends; what it leaves running goes on
            words.seek(0)
            self.said = NOISE.sub("", re.sub(rf"\b{self.port}\b", "8000", words.read()))
        with suppress(ProcessLookupError):
            os.killpg(bash.pid, 0)
            self.started.append(bash.pid)
        return f"exit code {bash.returncode}\n{self.said}" if bash.returncode else None

    def leave(self) -> None:
        """End what still runs."""
        while self.started:
            with suppress(ProcessLookupError):
                os.killpg(self.started.pop(), signal.SIGKILL)

    def compare(self, example: Example) -> str | None:
        """What came out, word by word; `...` stands for any words, or for a part of one."""
        if re.fullmatch(_pattern(example.parsed), _words(self.said)):
            return None
        return f"the page shows\n{example.parsed}\nand this came out\n{self.said}"

    def write_down(self, example: Example) -> str | None:
        """Save a file; a recipe, or a part of one, must be without mistakes."""
        if name := FILE_NAME.match(example.parsed):
            (self.folder / name[1]).write_text(example.parsed)
        asked = YAML(typ="safe").load(example.parsed)
        try:
            if isinstance(asked, list):
                for step in asked:
                    STEP.validate_python(step)
            else:
                read_recipe(self._whole(asked))
        except (RecipeError, ValidationError) as error:
            return str(error)
        return None

    def _whole(self, asked: dict[str, Any]) -> Path:
        yaml, place = YAML(typ="safe"), self.folder / "whole.yaml"
        base = {} if "version" in asked else yaml.load(self.base)
        with place.open("w", encoding="utf-8") as file:
            yaml.dump(_merged(base, asked), file)
        return place


def _pattern(shown: str) -> str:
    """A regular expression; each word ends with a space, so that `...` can be none at all."""
    escaped = (re.escape(word).replace(r"\.\.\.", r"\S*") + " " for word in shown.split())
    return "".join("(?:.* )?" if word == r"\S* " else word for word in escaped)


def _words(said: str) -> str:
    return "".join(f"{word} " for word in said.split())


def _merged(base: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Roles and keys of a section replace those of the base; the other ones stay."""
    sections = {
        key: {**base[key], **value}
        for key, value in part.items()
        if isinstance(value, dict) and isinstance(base.get(key), dict)
    }
    return {**base, **part, **sections}


def fences(page: Path) -> Iterator[tuple[int, str]]:
    """Line and language of every block."""
    inside = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if line.lstrip().startswith("```"):
            if not inside:
                yield number, line.strip().removeprefix("```")
            inside = not inside
