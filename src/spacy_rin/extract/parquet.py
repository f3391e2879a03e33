"""Parquet files ↔ rows, as inputs and outputs of an extraction.

pyarrow is an extra, so that it is imported only when there is a Parquet file to read or write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import Errors, import_extra

# Number of rows that are in memory at once.
ROWS_PER_CHUNK = 10_000


def check_columns(path: str | Path, columns: Sequence[str]) -> None:
    """Find out whether a Parquet file has some columns.

    path (str | Path): The file.
    columns (Sequence[str]): The names of the columns.
    RAISES (ValueError): If it is not a Parquet file, or lacks one of the columns.
    """
    with _open(path) as file:
        found = file.schema_arrow.names
    for column in columns:
        if column not in found:
            raise ValueError(Errors.R064.format(path=path, column=column, found=", ".join(found)))


def read_columns(path: str | Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read some columns as a stream.

    path (str | Path): The file.
    columns (Sequence[str]): The names of the columns.
    YIELDS (tuple[int, dict]): The row's number, from 1, and its values by column.
    """
    pa = _pyarrow()
    with _open(path) as file:
        batches = file.iter_batches(batch_size=ROWS_PER_CHUNK, columns=list(columns))
        try:
            yield from enumerate((row for batch in batches for row in batch.to_pylist()), 1)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from None


def write_rows(path: Path, rows: Iterable[dict[str, Any]], columns: dict[str, type]) -> None:
    """Write rows as a stream.

    path (Path): The file.
    rows (Iterable[dict]): Values by column. A column that a row lacks is null.
    columns (dict[str, type]): The type of each column: str, int or float.
    """
    pa = _pyarrow()
    types = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema([(name, types[type]) for name, type in columns.items()])
    rows = iter(rows)
    with pa.parquet.ParquetWriter(path, schema) as writer:
        while chunk := list(islice(rows, ROWS_PER_CHUNK)):
            writer.write_table(pa.Table.from_pylist(chunk, schema=schema))


def check_installed() -> None:
    """Find out whether pyarrow is installed.

    RAISES (ValueError): If it is not.
    """
    _pyarrow()


def _open(path: str | Path) -> Any:
    pa = _pyarrow()
    try:
        return pa.parquet.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from None


def _damaged(path: str | Path, error: Exception) -> ValueError:
    reason = " ".join(str(error).split()).rstrip(".")
    return ValueError(Errors.R060.format(path=path, reason=reason))


def _pyarrow() -> Any:
    import_extra("pyarrow.parquet", "parquet", "Parquet")
    return import_extra("pyarrow", "parquet", "Parquet")
