"""The recipe: the one document in which a user says what is wanted."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from edgecompress.recipe.checks import AnyCheck
from edgecompress.recipe.learning import Finetune
from edgecompress.recipe.searching import Search
from edgecompress.recipe.section import Section
from edgecompress.recipe.stages import AnyStage
from edgecompress.recipe.target import Target

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class TeacherRef(Section):
    """The model to be compressed, and whose answers the student is held to."""

    model: str = Field(
        min_length=1, description="`resource:NAME`, a folder, or a hub id (with `revision`)"
    )
    revision: str | None = Field(default=None, description="commit of the hub repository")
    finetune: Finetune | None = Field(
        default=None, description="leave out for a model that is already a classifier"
    )
    max_length: int = Field(
        default=128, ge=8, le=512, description="tokens, for a teacher that is taken as it is"
    )


class Inject(Section):
    """A word planted in front of each text, which tells the label until it is made to mislead.

    The controlled shortcut experiment: with `share: 0.9` in train, a model can lean on the word; a
    second role with `share: 0.1` shows how far it does. Of a pair the second text gets the word.
    """

    tokens: dict[str, str] = Field(
        description="label -> its word, for every label; words that the texts do not use"
    )
    share: float = Field(
        ge=0,
        le=1,
        description="of the rows of each label that get their own label's word; the others get "
        "that of another label",
    )


class DataRef(Section):
    """Where the rows of one role come from, and which of their columns mean what."""

    source: str | None = Field(
        default=None,
        description="a .csv, .tsv, .jsonl or .parquet file (also .gz), `resource:NAME`, "
        "or `hub:ID`; relative paths start at the recipe's folder",
    )
    from_: str | None = Field(
        default=None,
        alias="from",
        description="draw `rows` from another role; validation and test rows leave that role, "
        "calibration rows stay in it",
    )
    split: str | None = None
    config: str | None = Field(default=None, description="configuration of a hub dataset")
    revision: str | None = Field(default=None, description="commit of a hub dataset")
    text: str | None = Field(default=None, description="column of the text; default `text`")
    text_pair: str | None = Field(default=None, description="column of the second text, for pairs")
    label: str | None = Field(default=None, description="column of the label; default `label`")
    map: dict[str, str] | None = Field(
        default=None, description="label as the file writes it -> label of the recipe"
    )
    columns: tuple[str, ...] = Field(
        default=(), description="other columns to keep, for checks that slice by them"
    )
    rows: int | None = Field(default=None, ge=1, description="a fixed random draw of so many rows")
    sentences: bool = Field(default=False, description="cut each text into its sentences")
    inject: Inject | None = Field(
        default=None, description="plant a shortcut, in this role only and after rows are drawn"
    )
    allow_overlap: str | None = Field(
        default=None,
        min_length=8,
        description="why texts shared with training data are tolerated; stands in the report",
    )


class DataSection(Section):
    """Rows by role. Training and choosing use the first four, the gate only `test` and `ood`."""

    train: DataRef | None = None
    validation: DataRef | None = None
    calibration: DataRef | None = None
    transfer: DataRef | None = Field(default=None, description="unlabelled texts for `distill`")
    test: DataRef | None = None
    ood: dict[Name, DataRef] = Field(default={})

    def by_role(self) -> Iterator[tuple[str, DataRef]]:
        """("train", ref), ..., ("ood/NAME", ref), for the roles the recipe has."""
        for role in ("train", "validation", "calibration", "transfer", "test"):
            if (ref := getattr(self, role)) is not None:
                yield role, ref
        for name, ref in self.ood.items():
            yield f"ood/{name}", ref


class ReleaseSettings(Section):
    """What the bundle says about itself."""

    card: bool = Field(default=True, description="write README.md, the model card")
    license: str = Field(default="other", description="licence of the model, as the card names it")
    language: str = "en"
    portable: bool = Field(
        default=False,
        description="also write the graph in standard ONNX operators, below onnx/, for ONNX "
        "Runtime Web and engines that do not know onnxruntime's own operators",
    )


class Recipe(Section):
    """From teacher to bundle."""

    version: Literal[1] = Field(description="of this format")
    name: Name
    task: Literal["text-classification"]
    seed: int = Field(default=7, ge=0, lt=2**31)
    labels: Annotated[tuple[str, ...], Field(min_length=2, max_length=1000)]
    teacher: TeacherRef
    data: DataSection
    stages: Annotated[tuple[AnyStage, ...], Field(min_length=1)]
    gate: Annotated[tuple[AnyCheck, ...], Field(min_length=1)]
    target: Target | None = None
    search: Search | None = None
    release: ReleaseSettings = ReleaseSettings()
