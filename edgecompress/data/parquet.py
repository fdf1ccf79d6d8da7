"""Parquet into tables, with pyarrow; loaded late, see `late`."""

import io

import pyarrow
import pyarrow.parquet

from edgecompress.core.errors import DataError
from edgecompress.data.table import Table


def read_parquet(data: bytes, name: str) -> Table:
    """Read all columns; "lines" are rows, counted from 1.

    Raises:
        DataError: the bytes are no parquet file, or a damaged one.
    """
    try:
        table = pyarrow.parquet.read_table(io.BytesIO(data))
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"{name}: not a whole parquet file: {reason}") from None
    columns = {column: table[column].to_pylist() for column in table.column_names}
    return Table(name, columns, range(1, table.num_rows + 1))
