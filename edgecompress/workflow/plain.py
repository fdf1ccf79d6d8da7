"""The student that a searched recipe itself writes down, measured as its candidates are."""

from typing import Any

from edgecompress.core.artifact import Artifact
from edgecompress.core.errors import MeasureError, StageError
from edgecompress.models.encoder_config import EncoderConfig
from edgecompress.search.cells import EXPANSION, CellGenome, CellSpace
from edgecompress.search.course import Candidate
from edgecompress.search.subnetworks import Cut, Subnetwork, SubnetworkSpace
from edgecompress.workflow.contestants import contestant
from edgecompress.workflow.latencies import AnySpace, Made
from edgecompress.workflow.plan import plan_recipe
from edgecompress.workflow.search import Found
from edgecompress.workflow.workspace import Workspace


def plain_student(found: Found, ws: Workspace) -> Candidate[Any] | None:
    """On the rows that candidates were chosen by; None where the store does not have it."""
    steps = plan_recipe(found.file, ws).steps
    made = [step.artifact for step in steps if not step.step.aside]
    whole = [artifact for artifact in made if artifact is not None]
    if len(whole) < len(made):
        return None
    network = next(artifact for artifact in reversed(whole) if artifact.kind == "torch-model")
    genome = _genome(network, found.space)
    costs = {} if genome is None else found.course.costs(genome)
    who = contestant(whole[-1], "the recipe's own student")
    values = found.frame.trained(who)
    try:
        if "robustness" in found.course.settings.objectives:
            values |= found.frame.attacked(who)
    except MeasureError as error:
        ws.progress.warn(f"the recipe's own student stays out of the report: {error}")
        return None
    return Candidate("plain", None, 0, costs, {0: values})


def _genome(model: Artifact, space: AnySpace) -> Subnetwork | CellGenome | None:
    try:
        return genome_of(Made.of(model).config, space)
    except StageError:
        return None  # of a family whose layers cannot be taken apart, or made of cells


def genome_of(config: EncoderConfig, space: AnySpace) -> Subnetwork | CellGenome | None:
    """A place in the space for a model that was made without it; None where it has none."""
    same = (config.hidden, config.vocab_size) == (space.shape.hidden, space.shape.vocabulary)
    if not same or config.ranks:
        return None
    return _as_cells(config, space) if isinstance(space, CellSpace) else _as_cuts(config, space)


def _as_cells(config: EncoderConfig, space: CellSpace) -> CellGenome | None:
    """BERT's own layer is a cell of two nodes, as long as nothing was cut out of it."""
    width = space.shape.hidden
    widths = set(zip(config.heads, config.intermediate, strict=True))
    uncut = widths == {(width // config.head_size, EXPANSION * width)}
    if not uncut or config.embedding_rank != space.shape.rank or width not in space.widths:
        return None
    return CellGenome((("attention", (0,)), ("feed_forward", (1,))), config.layers, width)


def _as_cuts(config: EncoderConfig, space: SubnetworkSpace) -> Subnetwork | None:
    """Layers are numbered anew: what it costs does not hang on which they were."""
    rank = None if config.embedding_rank == space.shape.rank else config.embedding_rank
    if rank not in space.ranks:
        return None
    widths = zip(config.heads, config.intermediate, strict=True)
    return Subnetwork(tuple(Cut(k, heads, n) for k, (heads, n) in enumerate(widths)), rank)
