"""Somebody who reads a page, types its blocks into one shell, and compares what comes out."""

import re
import subprocess
from collections.abc import Iterator, Mapping
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

FILE_NAME = re.compile(r"# (\S+\.\w+)\n")  # the first line of a block that is a file
STEP: TypeAdapter[Any] = TypeAdapter(AnyStage | AnyCheck)


@dataclass
class Reader:
    """`sh` is run, `text` and `json` are what it said, `yaml` is a recipe or a part of one.

    A block that begins with `# NAME.yaml` is saved under that name. A part of a recipe is put in
    the place of the same part of `base`.
    """

    folder: Path
    environment: Mapping[str, str]
    base: Path
    said: str = field(default="", init=False)

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
        for example in document.examples():
            try:
                example.evaluate()
            except SkipTest:
                continue

    def type_in(self, example: Example) -> str | None:
        """Run a block of shell; it fails where any of its commands does."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", example.parsed],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=dict(self.environment),
            cwd=self.folder,
            check=False,
        )
        self.said = done.stdout
        return f"exit code {done.returncode}\n{self.said}" if done.returncode else None

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
