"""The machine under a number: a latency or an int8 answer means little without it."""

import hashlib
import os
import platform
from importlib import metadata
from itertools import takewhile
from pathlib import Path
from typing import Any

CPU_INFO = Path("/proc/cpuinfo")
CPU_QUOTAS = (  # of a container: microseconds of CPU time in each period, control groups 2 and 1
    (Path("/sys/fs/cgroup/cpu.max"),),
    (Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")),
)

# What decides how fast, and how exactly, 8-bit and 16-bit products are computed.
FLAGS_THAT_MATTER = frozenset(
    {
        *("avx", "avx2", "fma", "avx512f", "avx512bw", "avx512_bf16", "avx512_fp16", "avx512_vnni"),
        *("avx_vnni", "avx_vnni_int8", "amx_bf16", "amx_int8", "amx_tile"),
        *("asimd", "asimddp", "asimdhp", "bf16", "i8mm", "sve", "sve2"),
    }
)
X86 = ("x86_64", "AMD64")
EXACT_INT8_FLAGS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
PACKAGES = ("edgecompress", "numpy", "onnxruntime", "tokenizers")


def environment() -> dict[str, Any]:
    """JSON values for a report: cpu, cpu_flags, cores, memory_bytes, system, versions."""
    seen = _cpu_info()
    return {
        "cpu": seen.get("model name") or platform.processor() or platform.machine(),
        "cpu_flags": sorted(FLAGS_THAT_MATTER & set(_flags(seen))),
        "cores": len(os.sched_getaffinity(0)),  # for this process; the host may have more
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "versions": {"python": platform.python_version(), **_versions()},
    }


def usable_cores() -> int:
    """Cores that this process may keep busy: those it may run on, or its container's share of them.

    A share counts in whole cores, one at least: two workers on 1.5 cores wait for each other.
    """
    cores = len(os.sched_getaffinity(0))
    for files in CPU_QUOTAS:
        try:
            quota_us, period_us = " ".join(f.read_text(encoding="ascii") for f in files).split()
            if int(quota_us) > 0:
                return max(1, min(cores, int(quota_us) // int(period_us)))
        except (OSError, ValueError):
            continue  # another version of control groups, or "max": no share is set
    return cores


def fingerprint() -> str:
    """64 hexadecimal characters: the same where measurements may be compared.

    Hardware only. Libraries have versions of their own, and a reboot changes nothing.
    """
    seen = _cpu_info()
    told = (seen.get("model name"), sorted(_flags(seen)), os.cpu_count(), platform.machine())
    return hashlib.sha256(repr(told).encode()).hexdigest()


def processor() -> str:
    """What the arithmetic of one thread hangs on, for readers: where it is equal, answers are.

    Unlike a fingerprint it leaves out how many cores there are.
    """
    seen = _cpu_info()
    flags = sorted(FLAGS_THAT_MATTER & set(_flags(seen)))
    return " ".join([seen.get("model name") or platform.machine(), *flags])


def processor_kind() -> str:
    """What 8-bit products cost and give here: "x86-vnni", "x86", "arm64", or the machine's name."""
    machine = platform.machine()
    if machine in X86:
        return "x86" if saturates_int8() else "x86-vnni"
    return "arm64" if machine in ("aarch64", "arm64") else machine


def saturates_int8() -> bool:
    """Whether 8-bit products can overflow here: on x86 without VNNI, pairs are added in 16 bits."""
    flags = set(_flags(_cpu_info()))
    return platform.machine() in X86 and not flags & EXACT_INT8_FLAGS


def _flags(seen: dict[str, str]) -> list[str]:
    return (seen.get("flags") or seen.get("Features") or "").split()  # x86, or Arm


def _cpu_info() -> dict[str, str]:
    """What Linux says of the first processor; nothing on other systems."""
    try:
        with CPU_INFO.open(encoding="utf-8", errors="replace") as lines:
            first = list(takewhile(str.strip, lines))
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found
