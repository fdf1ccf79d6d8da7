"""Hub datasets into tables, with the `datasets` library; loaded late, see `late`."""

from pathlib import Path
from typing import Final

import datasets
import huggingface_hub
from datasets.exceptions import DatasetsError
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from edgecompress.core.errors import DataError, OfflineError
from edgecompress.data.table import Table

# README.md tells `datasets` which files make up which configuration and split.
WANTED: Final = ["README.md", *(f"*.{kind}*" for kind in ("parquet", "csv", "tsv", "json", "txt"))]


def fetch(dataset: str, revision: str, *, offline: bool) -> Path:
    """The folder with the data files of a dataset at one commit, from the hub or its cache.

    Raises:
        OfflineError: it must be fetched, and the network is forbidden or does not answer.
    """
    try:
        found = huggingface_hub.snapshot_download(
            dataset,
            repo_type="dataset",
            revision=revision,
            allow_patterns=WANTED,  # data only, never code
            local_files_only=offline,
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise OfflineError(
            f"hub:{dataset}@{revision} is not in the hub cache and cannot be fetched: {reason}; "
            "fetch it once with network access, or name a file"
        ) from None
    return Path(found)


def read_split(folder: Path, name: str, config: str | None, split: str) -> Table:
    """Read one split of a dataset's folder; "lines" are rows, counted from 1.

    The classes of a ClassLabel column come by their names.

    Raises:
        DataError: there is no such configuration or split, or `datasets` cannot read the files.
    """
    try:
        rows = datasets.load_dataset(str(folder), config, split=split)
    except (ValueError, FileNotFoundError, DatasetsError) as error:
        raise DataError(f"{name}: {' '.join(str(error).split())[:300]}") from error
    columns = {column: _values(rows, column) for column in rows.column_names}
    return Table(f"{name}/{split}", columns, range(1, len(rows) + 1))


def _values(rows: "datasets.Dataset", column: str) -> list[object]:
    values = list(rows[column])
    feature = rows.features[column]
    if not isinstance(feature, datasets.ClassLabel):
        return values
    # -1 marks a row that has no label
    return [None if v is None or v < 0 else feature.int2str(v) for v in values]
