"""One model as it is served: what all handlers of a worker share."""

from dataclasses import dataclass

from edgecompress.runtime.bundle import verify_bundle
from edgecompress.runtime.errors import IntegrityError
from edgecompress.runtime.golden import check_golden, golden_text, read_golden
from edgecompress.runtime.model import EdgeModel
from edgecompress.runtime.text import Text
from edgecompress.serving.lane import Lane
from edgecompress.serving.metrics import Metrics
from edgecompress.serving.settings import Limits, Settings

LONGEST = "a " * 100_000  # more tokens than any model reads


@dataclass
class Served:
    """A model that has proved itself, the lane to it, and the state of the worker."""

    name: str
    model: EdgeModel
    sequence: int  # of the release
    limits: Limits
    lane: Lane
    metrics: Metrics
    draining: bool = False  # asked to stop; what comes now is answered, and is the last
    held_bytes: int = 0  # of bodies that are being read


def load(settings: Settings) -> Served:
    """Verify the bundle, load it, and let it answer the golden texts and the longest one.

    After that memory has reached its height, so that it does not grow in service.

    Raises:
        InputError: there is no such folder.
        IntegrityError: a file is not the sealed one, or the answers are not the golden ones.
        EnvironmentFault: the back end is not installed.
    """
    sequence = verify_bundle(settings.bundle).sequence
    model = EdgeModel.load(settings.bundle, settings.threads, backend=settings.backend)
    golden = read_golden(settings.bundle)
    found = check_golden(model, golden)
    if not found.holds:
        raise IntegrityError(f"{settings.bundle}: answers as another model would: {found}")
    example = golden_text(golden[0])
    longest: Text = LONGEST if isinstance(example, str) else (LONGEST, LONGEST)
    model.predict([longest] * (2 if model.batch_invariant else 1))
    metrics = Metrics()
    metrics.loaded(settings.name, model.digest)
    lane = Lane(model, settings.limits.waiting_texts)
    return Served(settings.name, model, sequence, settings.limits, lane, metrics)
