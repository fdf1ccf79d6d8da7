"""What the exhibits hold, kind by kind: what checks promise, and pages and digests rely on."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edgecompress.core.exhibit import Exhibit

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Counts = tuple[Count, ...]
Matrix = tuple[Counts, ...]
Cell = str | int | float | None


class Content(BaseModel):
    """One kind of content; a number is never NaN, and nothing unknown is passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Confusion(Content):
    """How often each decision was taken: row = truth, column = decision."""

    labels: tuple[str, ...] = Field(min_length=1)
    ours: Matrix
    teacher: Matrix

    @model_validator(mode="after")
    def _square(self) -> Self:
        n = len(self.labels)
        for matrix in (self.ours, self.teacher):
            if [len(row) for row in matrix] != [n] * n:
                raise ValueError(f"a confusion of {n} labels has {n} rows of {n} counts")
        return self


class Bin(Content):
    """Rows of about the same confidence; without rows there is nothing to average."""

    low: Share
    high: Share
    n: Count
    confidence: Share | None
    accuracy: Share | None


class Reliability(Content):
    """How right each model is where it is how sure."""

    ours: tuple[Bin, ...] = Field(min_length=1)
    teacher: tuple[Bin, ...] = Field(min_length=1)


class Coverage(Content):
    """(coverage, accuracy) as the least sure rows are left out, from all rows on down."""

    ours: tuple[tuple[Share, Share], ...] = Field(min_length=1)
    teacher: tuple[tuple[Share, Share], ...] = Field(min_length=1)


class Latencies(Content):
    """How many texts took how long; both models share the edges, in milliseconds."""

    edges: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=2)
    ours: Counts
    teacher: Counts

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if any(len(self.edges) != len(counts) + 1 for counts in (self.ours, self.teacher)):
            raise ValueError(f"{len(self.edges)} edges bound {len(self.edges) - 1} counts")
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError("edges rise from one to the next")
        return self


class Attacked(Content):
    """One text before and after: what stayed, what was taken out, what was put in."""

    model_config = ConfigDict(populate_by_name=True)

    origin: str
    label: str
    before: str = Field(alias="from")
    after: str = Field(alias="to")
    queries: Count
    score_before: float
    score_after: float
    diff: tuple[tuple[Literal["same", "gone", "new"], str], ...]


class Adversarial(Content):
    """Texts that an attack has changed the candidate's decision with."""

    attack: str
    rows: tuple[Attacked, ...]


class Answered(Content):
    """One text, its label, and what each model says."""

    origin: str
    text: str
    label: str
    teacher: str
    ours: str


class Texts(Content):
    """Texts worth reading, such as those on which only the teacher is right."""

    rows: tuple[Answered, ...]


class Column(Content):
    """Of a table; a unit of "" is for words."""

    name: str
    unit: str


class Table(Content):
    """Rows of cells, the worst first where there is a worst."""

    columns: tuple[Column, ...] = Field(min_length=1)
    rows: tuple[tuple[Cell, ...], ...]

    @model_validator(mode="after")
    def _even(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"each row of this table has {len(self.columns)} cells")
        return self


KINDS: dict[str, type[Content]] = {
    "confusion": Confusion,
    "reliability": Reliability,
    "coverage": Coverage,
    "latency": Latencies,
    "adversarial": Adversarial,
    "texts": Texts,
    "table": Table,
}


class Plain(Content):
    """Anything else: shown as it stands rather than dropped."""

    values: dict[str, Any]


def content_of(exhibit: Exhibit) -> Content:
    """Its content as its kind promises it, or plain where the kind is new or the promise broken."""
    kind = KINDS.get(exhibit.kind, Plain)
    try:
        return kind.model_validate(dict(exhibit.content))
    except ValidationError:
        return Plain(values=dict(exhibit.content))
