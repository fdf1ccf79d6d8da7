"""Which exit code a judged report becomes, whichever verb has judged."""

from edgecompress.core.gate import Outcome
from edgecompress.runtime.errors import ExitCode

EXIT_OF = {
    Outcome.HOLDS: ExitCode.OK,
    Outcome.BROKEN: ExitCode.GATE_BROKEN,
    Outcome.UNDECIDED: ExitCode.UNDECIDED,
}
