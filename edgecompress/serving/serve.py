"""What `edgecompress serve` does: refuse what cannot be served, then serve it."""

from edgecompress.runtime.bundle import verify_bundle
from edgecompress.runtime.errors import ExitCode
from edgecompress.serving.crew import lead
from edgecompress.serving.logs import start_log
from edgecompress.serving.server import bind, work
from edgecompress.serving.settings import Settings


def serve(settings: Settings) -> ExitCode:
    """Serve until a signal; the exit code.

    Raises:
        InputError: there is no such folder.
        IntegrityError: a file is not the sealed one, or the model answers otherwise.
        EnvironmentFault: the address is taken, or the back end is not installed.
    """
    verify_bundle(settings.bundle)  # before anything is started
    start_log(quiet=settings.quiet)
    with bind(settings) as listening:
        if settings.workers == 1:
            return work(settings, listening)
        return lead(settings, listening)
