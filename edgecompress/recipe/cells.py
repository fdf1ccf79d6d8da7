"""Settings of the stage `cells`: a student made of a small graph of operations, repeated."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from edgecompress.recipe.learning import Student
from edgecompress.recipe.mistakes import Mistake
from edgecompress.recipe.section import Section
from edgecompress.recipe.stage import TORCH

Operation = Literal["attention", "feed_forward", "conv3", "conv5", "gated", "identity"]

MIXING: Final = frozenset({"attention", "conv3", "conv5"})
"""Operations through which one token learns of others."""


class Node(Section):
    """One place of a cell: an operation on the sum of what one or two earlier places give."""

    op: Operation
    reads: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1, max_length=2)] = (
        Field(description="earlier places: 0 is what enters the cell, 1 its first node, ...")
    )


class Cells(Student):
    """Build a student of repeated cells behind the model's own embeddings, and teach it.

    A cell is a directed graph without cycles. Each operation but `identity` stands in a residual
    with a norm behind it, so that `attention` and `feed_forward` in a row are BERT's own layer.
    `conv3` and `conv5` look at as many neighbouring tokens, each channel alone; `gated` multiplies
    a linear map by the sigmoid of another. The last node is what leaves the cell. Word, position
    and segment tables are the model's, all else starts anew, so it takes a long training.
    """

    version: ClassVar[int] = 2
    takes: ClassVar[tuple[str, ...]] = ("torch-model",)
    gives: ClassVar[str] = "torch-model"
    libraries: ClassVar[tuple[str, ...]] = TORCH
    loads_as: ClassVar[str] = "edgecompress"

    kind: Literal["cells"]
    nodes: Annotated[tuple[Node, ...], Field(min_length=1, max_length=16)]
    repeats: int = Field(default=3, ge=1, le=24, description="cells in a row, each with weights")
    width: int | None = Field(
        default=None,
        ge=8,
        le=4096,
        description="of the states between operations, a multiple of `head_size`; default that of "
        "the embeddings",
    )
    head_size: int = Field(default=32, ge=1, le=256, description="width of a head of `attention`")
    expansion: int = Field(
        default=4, ge=1, le=8, description="neurons of `feed_forward`, in multiples of the width"
    )


def cells_mistakes(index: int, stage: Cells) -> Iterator[Mistake]:
    """Of a stage of cells."""
    where = ("stages", index)
    for place, node in enumerate(stage.nodes, start=1):
        at = (*where, "nodes", place - 1, "reads")
        if late := [read for read in node.reads if read >= place]:
            yield Mistake(
                at, f"node {place} reads {late[0]}; only places 0 to {place - 1} are earlier"
            )
        if len(set(node.reads)) < len(node.reads):
            yield Mistake(at, f"node {place} reads one place twice; name it once")
    read = {place for node in stage.nodes for place in node.reads}
    for place in range(1, len(stage.nodes)):
        if place not in read:
            told = f"nobody reads node {place}; let a later node read it, or take it out"
            yield Mistake((*where, "nodes", place - 1), told)
    if not any(node.op in MIXING for node in stage.nodes):
        yield Mistake(
            (*where, "nodes"),
            "no token learns of the others; the head reads the first token, so add one of "
            + ", ".join(sorted(MIXING)),
        )
    if stage.width is not None and stage.width % stage.head_size:
        told = f"{stage.width} is no multiple of head_size {stage.head_size}"
        yield Mistake((*where, "width"), told)
    for part in ("attention", "relations"):
        if getattr(stage.objective, part):
            told = "cells need not attend as a teacher's layers do; set 0"
            yield Mistake((*where, "objective", part), told)
