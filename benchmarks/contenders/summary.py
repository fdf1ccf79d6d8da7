"""From raw times and answers to the numbers of the table, each with its interval."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import floor
from benchmarks.contenders import CONTENDERS, OURS, REFERENCE, also
from benchmarks.contenders.work import Work
from edgecompress.core.intervals import quantile_bounds, wilson
from edgecompress.core.turns import Clock, ratio_of
from edgecompress.models.encoder_config import EncoderConfig
from edgecompress.runtime.machine import environment
from edgecompress.runtime.timing import percentile

MOST_FLIPS = 0.005  # share of labels; up to it two contenders decide alike
PACKAGES = ("torch", "transformers", "onnxruntime", "openvino", "nncf", "numpy")
SEED = 7

Read = Callable[[str], dict[str, Any]]
Asked = tuple[Sequence[int], Sequence[str]]  # threads, shapes
Times = NDArray[np.float64]


def summary(read: Read, work: Work, names: Sequence[str], asked: Asked) -> dict[str, Any]:
    """Everything that peers.json holds."""
    config = _config(work)
    allowed = floor.measure(config)
    lengths = [len(row) for row in work.rows("test").ids]
    return {
        "bundle": work.bundles[OURS].name,
        "texts": {
            "rows": len(lengths),
            "tokens_p50": int(np.median(lengths)),
            "tokens_max": max(lengths),
        },
        "contenders": {name: _of_contender(name, read, work) for name in names},
        "cells": [
            _cell(read, threads, shape)
            for threads in asked[0]
            for shape in asked[1]
            if read(f"t{threads}-{shape}")
        ],
        "floor": {
            "peak_macs_per_s": allowed.peak_macs_per_s,
            "bytes_per_s": allowed.bytes_per_s,
            "weight_bytes": allowed.weight_bytes,
            "of": {shape: _floor_of(shape, allowed, config, lengths) for shape in asked[1]},
        },
        "load": round(os.getloadavg()[0], 2),  # of 1 minute, now; above 1 others were at work
        "environment": environment(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _of_contender(name: str, read: Read, work: Work) -> dict[str, Any]:
    title = (CONTENDERS.get(name) or also(name)).title
    found = read(f"of-{name}")
    if "alone" not in found:
        return {"title": title, "failed": found.get("failed", "was not asked")}
    truth = np.array(read(f"of-{REFERENCE}")["alone"]).argmax(axis=1)
    alone, batched = (np.array(found[way]).argmax(axis=1) for way in ("alone", "batched"))
    right = alone == work.rows("test").labels
    return {
        "title": title,
        "bytes": found["starts"][0]["bytes"],
        "accuracy": _share(right),
        "flips": _share(alone != truth),
        "flips_in_batches": _share(batched != truth),
        **{
            key: _median([start[key] for start in found["starts"]])
            for key in ("cold_start_ms", "peak_rss_bytes")
        },
    }


def _cell(read: Read, threads: int, shape: str) -> dict[str, Any]:
    """One shape on so many threads."""
    raw = read(f"t{threads}-{shape}")["times"]
    taken = {name: _times(one) for name, one in raw.items()}
    block = len(raw[OURS]["wall_s"][0])
    found = {}
    for name, times in taken.items():
        ratio = ratio_of(times, taken[OURS], SEED, block=block)  # its CPU column: of the process
        found[name] = {
            **{
                f"{clock}_p{q * 100:.0f}_ms": _quantile(1000 * times[:, column], q)
                for clock, column in (("wall", Clock.WALL), ("cpu", Clock.THREAD_CPU))
                for q in (0.50, 0.95)
            },
            "times_ours": list(ratio),
            "wall_times_ours": list(
                ratio_of(times, taken[OURS], SEED, clock=Clock.WALL, block=block)
            ),
        }
    return {"threads": threads, "shape": shape, "calls": len(taken[OURS]), "of": found}


def _times(raw: Mapping[str, Any]) -> Times:
    return np.stack([np.concatenate(raw["wall_s"]), np.concatenate(raw["cpu_s"])], axis=1)


def best_of_equals(found: Mapping[str, Any], cell: Mapping[str, Any]) -> str:
    """The fastest contender that decides as PyTorch fp32 does and is not ours; "" for nobody."""
    rivals = [
        name
        for name in cell["of"]
        if not found["contenders"][name]["title"].startswith(OURS)
        and found["contenders"][name].get("flips", [1.0])[0] <= MOST_FLIPS
    ]
    return min(rivals, key=lambda name: float(cell["of"][name]["times_ours"][0]), default="")


def _quantile(values: NDArray[np.float64], q: float) -> list[float]:
    """Value, low, high; without bounds where there are too few values for them."""
    try:
        return [percentile(values, q), *quantile_bounds(values, q)]
    except ValueError:
        return [percentile(values, q)]


def _share(hits: NDArray[np.bool_]) -> list[float]:
    return [float(hits.mean()), *wilson(int(hits.sum()), len(hits))]


def _median(values: Sequence[float]) -> list[float]:
    """And the range."""
    return [float(np.median(values)), min(values), max(values)]


def _floor_of(
    shape: str, allowed: floor.Floor, config: EncoderConfig, lengths: Sequence[int]
) -> dict[str, float]:
    if shape == "real":
        return allowed.ms(config, 1, int(np.median(lengths)))
    batch, tokens = map(int, shape.split("x"))
    return allowed.ms(config, batch, tokens)


def _config(work: Work) -> EncoderConfig:
    told = json.loads((work.bundles[OURS] / "config.json").read_bytes())
    return EncoderConfig.from_json(told["edgecompress"]["encoder"])


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"
