"""Verb `doctor`: what this machine is, what is installed, and whether it can time anything.

Works on a device with the base install: nothing here needs an extra.
"""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgecompress.runtime.machine import environment, usable_cores
from edgecompress.runtime.timing import Elapsed, time_call

EXTRAS = {
    "build": ("torch", "transformers", "accelerate", "datasets", "onnx", "pydantic", "scipy"),
    "attack": ("textattack",),
    "search": ("ray",),
    "inc": ("neural-compressor",),
    "openvino": ("openvino", "nncf"),
    "serve": ("starlette", "uvicorn", "prometheus-client"),
    "verify": ("cryptography",),
    "sign": ("model-signing", "pyopenssl", "cryptography"),
    "hub": ("huggingface-hub",),
    "mlflow": ("mlflow-skinny", "sqlalchemy", "alembic"),
}
NOISE_S: Final = 2.0  # that measuring it may take


@dataclass(frozen=True)
class Finding:
    """One line of the table."""

    what: str
    seen: str
    fine: bool = True  # False: a run would not get through
    advice: str = ""


def examine(store: Path) -> list[Finding]:
    """Look at the machine, the packages, the store and the clock's noise."""
    return [*_machine(environment()), *_extras(), *_store(store), _noise()]


def _machine(seen: dict[str, Any]) -> list[Finding]:
    flags, cores = set(seen["cpu_flags"]), seen["cores"]
    share = "" if usable_cores() == cores else f", of which its container grants {usable_cores()}"
    int8 = bool(flags & {"avx512_vnni", "avx_vnni", "asimddp"})
    bf16 = bool(flags & {"avx512_bf16", "amx_bf16", "bf16"})
    return [
        Finding("cpu", f"{seen['cpu']}, {cores} cores for this process{share}"),
        Finding("cpu flags", " ".join(seen["cpu_flags"]) or "none that matter here"),
        Finding("memory", f"{seen['memory_bytes'] / 1e9:.1f} GB"),
        Finding("system", seen["system"]),
        Finding(
            "int8 dot product",
            "yes" if int8 else "no: the runtime guards against saturation, at half the speed",
        ),
        Finding("bf16 training", "yes" if bf16 else "no: training runs in fp32, half as fast"),
        *(Finding(name, version) for name, version in seen["versions"].items()),
    ]


def _extras() -> list[Finding]:
    found = []
    for extra, packages in EXTRAS.items():
        versions = {name: _version(name) for name in packages}
        missing = [name for name, version in versions.items() if version is None]
        told = ", ".join(f"{name} {version}" for name, version in versions.items())
        seen = f"missing {', '.join(missing)}" if missing else told
        advice = f'pip install "edgecompress[{extra}]"' if missing else ""
        found.append(Finding(f"extra {extra}", seen, advice=advice))
    return found


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _store(store: Path) -> list[Finding]:
    nearest = next(p for p in (store, *store.parents) if p.exists())
    writable = os.access(nearest, os.W_OK)
    free = shutil.disk_usage(nearest).free / 1e9
    advice = "" if writable else "choose another with --store or EDGECOMPRESS_STORE"
    room = "" if free > 5 else "a run needs about 5 GB: free some, or `cache prune`"
    return [
        Finding("store", str(store), writable, advice),
        Finding("free disk", f"{free:.1f} GB", free > 5, room),
        *_health(store),
    ]


def _health(store: Path) -> Iterator[Finding]:
    """What lies in the store, without hashing it and without making one."""
    if not (store / "objects").is_dir():
        return
    try:
        upkeep, place = (import_module(f"edgecompress.store.{n}") for n in ("upkeep", "place"))
    except ModuleNotFoundError:
        return  # a device, which has no store of its own
    kept = upkeep.entries(place.Place(store))
    unreadable = sum(1 for _ in (store / "objects").glob("*/*")) - len(kept)
    aside = sum(1 for _ in (store / "quarantine").glob("*"))
    unfinished = sum(1 for _ in (store / "scratch").glob("*"))
    size = sum(entry.size_bytes for entry in kept) / 1e9
    damaged = f"; {unreadable} unreadable, {aside} set aside as damaged" * bool(unreadable + aside)
    yield Finding(
        "store health",
        f"{len(kept)} objects, {size:.1f} GB; {unfinished} unfinished{damaged}",
        advice="look at the disk; `cache verify` hashes every object" if damaged else "",
    )


def _noise() -> Finding:
    """Time one fixed product of matrices: how far do its repetitions lie apart?"""
    left = np.ones((192, 192), np.float32)
    times: list[Elapsed] = []
    until = time.monotonic() + NOISE_S
    while len(times) < 300 and (time.monotonic() < until or len(times) < 30):
        times.append(time_call(lambda: left @ left @ left))
    settled = np.array(times[len(times) // 6 :])  # the first ones warm the caches
    wall, cpu = np.quantile(settled, 0.9, axis=0) / np.median(settled, axis=0)
    return Finding(
        "timing noise",
        f"p90 is {wall:,.2f} times the median by the wall clock, {cpu:.2f} by CPU time",
        advice="" if cpu < 1.25 else "stop other work before judging latency",
    )
