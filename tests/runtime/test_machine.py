import json
import os
from pathlib import Path

import pytest

from edgecompress.runtime import machine
from edgecompress.runtime.machine import (
    environment,
    fingerprint,
    processor,
    processor_kind,
    saturates_int8,
)


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


def test_more_cores_make_another_machine_but_no_other_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = (processor(), fingerprint())
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 1000)
    assert processor() == told[0]
    assert fingerprint() != told[1]


def test_a_processor_is_named_with_the_flags_that_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text("model name\t: Abacus 3\nflags\t: sse fma avx2\n")
    monkeypatch.setattr(machine, "CPU_INFO", tmp_path / "cpuinfo")
    assert processor() == "Abacus 3 avx2 fma"


@pytest.mark.parametrize(
    ("architecture", "cpu_info", "saturates", "kind"),
    [
        ("x86_64", "flags\t: sse avx2 fma\n\nflags\t: avx512_vnni\n", True, "x86"),
        ("x86_64", "flags\t: avx2 avx_vnni\n", False, "x86-vnni"),
        ("x86_64", "flags\t: avx2 avx512_vnni\n", False, "x86-vnni"),
        ("x86_64", "", True, "x86"),  # nothing known: rather slow than wrong
        ("aarch64", "Features\t: asimd\n", False, "arm64"),
    ],
)
def test_8_bit_products_overflow_on_x86_without_vnni(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    architecture: str,
    cpu_info: str,
    saturates: bool,
    kind: str,
) -> None:
    (tmp_path / "cpuinfo").write_text(cpu_info)
    monkeypatch.setattr(machine, "CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(machine.platform, "machine", lambda: architecture)
    assert saturates_int8() is saturates
    assert processor_kind() == kind


def test_an_unknown_system_is_described_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "CPU_INFO", Path("/nowhere/cpuinfo"))
    assert environment()["cpu_flags"] == []
    assert environment()["cpu"]


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ((), 8),  # no control groups
        (("max 100000",), 8),  # no share is set
        (("250000 100000",), 2),  # 2.5 cores: whole ones count
        (("50000 100000",), 1),  # half a core is one worker
        (("9900000 100000",), 8),  # a share of a larger machine
        (("-1", "100000"), 8),  # version 1: no share is set
        (("300000", "100000"), 3),
        (("rubbish",), 8),
    ],
)
def test_a_container_may_use_its_share_of_the_cores(tmp_path, monkeypatch, files, cores):
    paths = [tmp_path / f"quota {number}" for number in range(len(files))]
    for path, content in zip(paths, files, strict=True):
        path.write_text(content + "\n")
    quotas = ((tmp_path / "of another version",), tuple(paths) or (tmp_path / "nothing",))
    monkeypatch.setattr(machine, "CPU_QUOTAS", quotas)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda pid: set(range(8)))
    assert machine.usable_cores() == cores
