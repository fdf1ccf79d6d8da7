"""Self-test on the device: `python -m edgecompress.runtime BUNDLE [--key PUB] [--json]`.

Hashes every file against the manifest, checks the signature if a key is given, answers the golden
texts again, and times that.
Exit code: 0 all is well, 2 the call was wrong, 6 the bundle is damaged or answers otherwise.

`--probe` is for measuring from outside: it starts, answers one text and prints one JSON object with
load_ms, first_answer_ms, cold_start_ms (from the start of the process to the answer) and
peak_rss_bytes. It takes a folder that is no bundle, too. `--started-ns`, the caller's
`time.monotonic_ns()` just before it starts us, makes cold_start_ms exact; without it the kernel's
start time is used, which counts in steps of 10 ms.
"""

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from edgecompress.runtime.admission import Demands, admit
from edgecompress.runtime.bundle import is_bundle
from edgecompress.runtime.errors import EdgeCompressError, ExitCode, IntegrityError
from edgecompress.runtime.golden import check_golden, golden_text, read_golden
from edgecompress.runtime.machine import environment
from edgecompress.runtime.model import SESSIONS, EdgeModel
from edgecompress.runtime.text import Text
from edgecompress.runtime.timing import percentile, time_call

TIMINGS = 300
WARM_UP = 10
PROBE_TEXT = "a text of about the length that people write in a review"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the self-test or the probe; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.probe:
            print(json.dumps(probe(options)))
        else:
            _print(self_test(options), as_json=options.json)
    except EdgeCompressError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception:  # Python's own exit code would be 1, which says that a gate does not hold
        traceback.print_exc()
        return ExitCode.BUG
    return ExitCode.OK


def self_test(options: argparse.Namespace) -> dict[str, Any]:
    """What the bundle is and how it does here, as JSON values.

    Raises:
        IntegrityError: a file is not the sealed one, or the answers are not the golden ones.
    """
    folder = options.bundle
    admitted = admit(folder, Demands.here(options.key, options.at_least))
    manifest = admitted.manifest
    model = EdgeModel.load(folder, options.threads, backend=options.backend, key=options.key)
    answers = read_golden(folder)
    golden = check_golden(model, answers)
    if not golden.holds:
        raise IntegrityError(f"{folder}: answers as another model would: {golden}")
    return {
        "bundle": str(folder),
        "digest": manifest.digest,
        "sequence": manifest.sequence,
        "files": len(manifest.files),
        "signer": admitted.signer,
        "golden": {
            "texts": golden.texts,
            "other_labels": golden.other_labels,
            "max_abs": golden.max_abs,
            "drift": golden.drift,
        },
        "latency_ms": _latency_ms(model, [golden_text(answer) for answer in answers]),
        "threads": options.threads,
        "environment": environment(),
    }


def probe(options: argparse.Namespace) -> dict[str, float]:
    """Load, answer one text, and tell what that took."""
    begun, folder = time.monotonic_ns(), options.bundle
    model = EdgeModel.load(
        folder, options.threads, verify=is_bundle(folder), backend=options.backend
    )
    loaded = time.monotonic_ns()
    model.predict([PROBE_TEXT])
    answered = time.monotonic_ns()
    started = options.started_ns or _process_start_ns()
    return {
        "load_ms": (loaded - begun) / 1e6,
        "first_answer_ms": (answered - loaded) / 1e6,
        "cold_start_ms": (answered - started) / 1e6,
        "peak_rss_bytes": _peak_rss_bytes(),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m edgecompress.runtime",
        description="Test a bundle on this device: its files, its answers, its speed.",
        epilog="Exit code: 0 all is well, 2 the call was wrong, 6 the bundle is damaged.",
    )
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", metavar="FILE", help="public key that must have signed it")
    parser.add_argument("--at-least", type=int, metavar="N", help="the oldest release to accept")
    parser.add_argument("--threads", type=int, default=1, help="threads one answer may use")
    parser.add_argument("--backend", choices=SESSIONS, default="onnxruntime")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--probe", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--started-ns", type=int, help=argparse.SUPPRESS)
    return parser


def _latency_ms(model: EdgeModel, texts: Sequence[Text]) -> dict[str, float]:
    """Wall time of single texts, the golden ones over and over."""
    for number in range(WARM_UP):
        model.predict([texts[number % len(texts)]])
    calls = [partial(model.predict, [texts[number % len(texts)]]) for number in range(TIMINGS)]
    taken = [time_call(call).wall_s * 1000 for call in calls]
    return {"p50": percentile(taken, 0.50), "p95": percentile(taken, 0.95)}


def _print(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found))
        return
    machine, golden, latency = found["environment"], found["golden"], found["latency_ms"]
    print(f"files    {found['files']} as sealed; release {found['sequence']}, {found['digest']}")
    print(f"answers  {golden['texts']} golden texts, drift {golden['drift']:.4f}")
    print(f"latency  p50 {latency['p50']:.2f} ms, p95 {latency['p95']:.2f} ms a text")
    print(f"machine  {machine['cpu']}, {found['threads']} of {machine['cores']} cores used")


def _process_start_ns() -> int:
    """When the kernel started this process, on the clock of `time.monotonic_ns`."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace")
    ticks = int(fields.rpartition(")")[2].split()[19])  # field 22 of proc(5), after the name
    since_boot_ns = ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    slept_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    return since_boot_ns - slept_ns


def _peak_rss_bytes() -> int:
    """High-water mark of resident memory since this program began.

    Not `getrusage`, whose mark is inherited from the process that started us.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024  # the kernel says "kB" and means KiB


if __name__ == "__main__":
    sys.exit(main())
