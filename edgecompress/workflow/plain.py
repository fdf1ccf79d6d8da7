"""The student that a searched recipe itself writes down, measured as its candidates are."""

from typing import Any

from edgecompress.core.artifact import Artifact
from edgecompress.core.errors import MeasureError, StageError
from edgecompress.search.cells import EXPANSION, CellGenome, CellSpace
from edgecompress.search.course import Candidate
from edgecompress.search.subnetworks import Cut, Subnetwork
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
    genome = genome_of(network, found.course.evolution.space)
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


def genome_of(model: Artifact, space: AnySpace) -> Subnetwork | CellGenome | None:
    """A place in the space for a model that was made without it; None where it has none.

    Layers of a subnetwork are numbered anew: what it costs does not hang on which they were.
    """
    try:
        config = Made.of(model).config
    except StageError:
        return None
    shape = space.shape
    if (config.hidden, config.vocab_size) != (shape.hidden, shape.vocabulary):
        return None
    if isinstance(space, CellSpace):
        whole = {
            (heads * config.head_size, n)
            for heads, n in zip(config.heads, config.intermediate, strict=True)
        }
        usual = whole == {(shape.hidden, EXPANSION * shape.hidden)}
        if not usual or config.embedding_rank != shape.rank or shape.hidden not in space.widths:
            return None
        nodes = (("attention", (0,)), ("feed_forward", (1,)))  # BERT's own layer
        return CellGenome(nodes, config.layers, shape.hidden)
    rank = None if config.embedding_rank == shape.rank else config.embedding_rank
    if rank not in space.ranks:
        return None
    widths = zip(config.heads, config.intermediate, strict=True)
    return Subnetwork(tuple(Cut(k, heads, n) for k, (heads, n) in enumerate(widths)), rank)
