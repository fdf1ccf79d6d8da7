"""From a released bundle to the work of all contenders: its network, its texts, other bundles."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.contenders import OURS
from benchmarks.contenders.work import Rows, Work
from edgecompress.core.errors import InputError
from edgecompress.core.progress import Progress
from edgecompress.core.texts import TextSet
from edgecompress.data.resources import Resources
from edgecompress.data.roles import Data
from edgecompress.recipe.reading import RecipeFile
from edgecompress.runtime.bundle import META, verify_bundle
from edgecompress.runtime.text import TextEncoder
from edgecompress.store.store import Store
from edgecompress.workflow.places import cache_folder, store_folder

CALIBRATION_ROWS = 300
SEED = 7

TextsByRole = Mapping[str, TextSet]


def prepare(folder: Path, bundles: Mapping[str, Path], network: Path, texts: TextsByRole) -> Work:
    """Write work.json, test.npz and calibration.npz below `folder`.

    Args:
        bundles: ours, and others of ours by name.
        network: the torch model that the bundle was exported from.
        texts: of the roles test and calibration.
    """
    reads = TextEncoder(bundles[OURS])
    folder.mkdir(parents=True, exist_ok=True)
    for role, rows in texts.items():
        _encoded(rows, reads).save(folder / f"{role}.npz")
    told = [str(network), *(f"{name} {verify_bundle(at).digest}" for name, at in bundles.items())]
    told += [hashlib.sha256((folder / f"{role}.npz").read_bytes()).hexdigest() for role in texts]
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()
    work = Work(folder, network, bundles, reads.vocab_size, digest)
    work.save()
    return work


def texts_of(file: RecipeFile, rows: int, progress: Progress) -> TextsByRole:
    """Fixed draws from the recipe's test texts, and from its training texts for calibration."""
    data = Data(file.recipe, file.folder, Resources(cache_folder(), progress), progress)
    wanted = {"test": ("test", rows), "calibration": ("train", CALIBRATION_ROWS)}
    return {role: _drawn(data.load(source), most) for role, (source, most) in wanted.items()}


def network_of(bundle: Path, store: Path | None, progress: Progress) -> Path:
    """The last torch model on the way to the bundle, which its own report names.

    Raises:
        InputError: the store does not hold it any more.
    """
    report = json.loads((bundle / META / "report.json").read_bytes())
    kept = Store(store_folder(store), progress)
    for stage in reversed(report["stages"]):
        found = kept.find(stage["key"])
        if found and found.kind == "torch-model":
            return found.path
    raise InputError(
        f"{bundle}: the store {store_folder(store)} holds no torch model of it; run its recipe "
        "again, or give another --store or --network"
    )


def _drawn(texts: TextSet, most: int) -> TextSet:
    """At random, so that a file ordered by label gives all of them."""
    places = np.random.default_rng(SEED).permutation(len(texts))[:most]
    return replace(texts, texts=tuple(texts.texts[i] for i in places), labels=texts.labels[places])


def _encoded(texts: TextSet, reads: TextEncoder) -> Rows:
    encoded = reads.encode(texts.texts)
    return Rows(
        [np.array(one.ids, np.int64) for one in encoded],
        [np.array(one.type_ids, np.int64) for one in encoded],
        texts.labels,
    )
