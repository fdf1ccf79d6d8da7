"""Verb `doctor`: what this machine is, what is installed, and whether it can time anything.

Works on a device with the base install: nothing here needs an extra.
"""

import os
import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from edgecompress.runtime.machine import environment
from edgecompress.runtime.timing import time_call

EXTRAS = {
    "build": ("torch", "transformers", "accelerate", "datasets", "onnx", "pydantic", "scipy"),
    "attack": ("textattack",),
    "search": ("ray",),
    "inc": ("neural-compressor",),
    "openvino": ("openvino", "nncf"),
    "serve": ("starlette", "uvicorn", "prometheus-client"),
    "sign": ("model-signing", "pyopenssl"),
    "hub": ("huggingface-hub",),
}


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
    flags = set(seen["cpu_flags"])
    int8 = bool(flags & {"avx512_vnni", "avx_vnni", "asimddp"})
    bf16 = bool(flags & {"avx512_bf16", "amx_bf16", "bf16"})
    return [
        Finding("cpu", f"{seen['cpu']}, {seen['cores']} cores for this process"),
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
        missing = [name for name in packages if not _installed(name)]
        seen = "installed" if not missing else f"missing {', '.join(missing)}"
        advice = f'pip install "edgecompress[{extra}]"' if missing else ""
        found.append(Finding(f"extra {extra}", seen, advice=advice))
    return found


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _store(store: Path) -> list[Finding]:
    nearest = next(p for p in (store, *store.parents) if p.exists())
    writable = os.access(nearest, os.W_OK)
    free = shutil.disk_usage(nearest).free / 1e9
    advice = "" if writable else "choose another with --store or EDGECOMPRESS_STORE"
    room = "" if free > 5 else "a run needs about 5 GB: free some, or `cache prune`"
    return [
        Finding("store", str(store), writable, advice),
        Finding("free disk", f"{free:.1f} GB", free > 5, room),
    ]


def _noise() -> Finding:
    """Time one fixed product of matrices: how far do its repetitions lie apart?"""
    left = np.ones((192, 192), np.float32)
    times = np.array([time_call(lambda: left @ left @ left) for _ in range(300)])[50:]
    spread = [float(np.quantile(t, 0.9) / median(t) - 1) for t in times.T]
    return Finding(
        "timing noise",
        f"p90 is {spread[0]:.0%} above the median by the wall clock, {spread[1]:.0%} by CPU time",
        advice="" if spread[1] < 0.25 else "stop other work before judging latency",
    )
