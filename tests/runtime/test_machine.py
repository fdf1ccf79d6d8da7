import json
import os
from pathlib import Path

from edgecompress.runtime.machine import environment, fingerprint


def test_the_environment_is_plain_json() -> None:
    seen = environment()
    assert json.loads(json.dumps(seen)) == seen
    assert {"cpu", "cpu_flags", "cores", "memory_bytes", "versions"} <= seen.keys()
    assert {"python", "onnxruntime", "tokenizers", "numpy"} <= seen["versions"].keys()


def test_cores_are_those_this_process_may_use() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert environment()["cores"] == 1
    finally:
        os.sched_setaffinity(0, before)


def test_flags_are_read_off_the_kernel() -> None:
    flags = Path("/proc/cpuinfo").read_text().split()
    assert set(environment()["cpu_flags"]) <= set(flags)


def test_the_fingerprint_stays_while_the_machine_does() -> None:
    assert fingerprint() == fingerprint()
    assert len(fingerprint()) == 64
