"""Parquet and Arrow files → rows like those of a JSON file, as the `datasets` library writes them.

pyarrow is an extra, so that it is imported only when there is such a file to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import Errors, import_extra
from .records import RawRow

PARQUET = b"PAR1"
ARROW_FILE = b"ARROW1"
# The streaming form, which `datasets` uses: a marker before the length of the first message.
ARROW_STREAM = b"\xff\xff\xff\xff"
ROWS_AT_ONCE = 1000


def is_arrow(path: Path) -> bool:
    """Recognise a Parquet or Arrow file.

    path (Path): Any file or folder.
    RETURNS (bool): Whether it begins as these files do.
    """
    return magic(path).startswith((PARQUET, ARROW_FILE, ARROW_STREAM))


def magic(path: Path) -> bytes:
    """Read the first bytes of a file.

    path (Path): Any file or folder.
    RETURNS (bytes): At most eight bytes; none if it is no regular file, or cannot be read.
    """
    if not path.is_file():
        return b""
    try:
        with path.open("rb") as handle:
            return handle.read(8)
    except OSError:
        return b""


def read_arrow(path: Path) -> Iterator[RawRow]:
    """Read a Parquet or Arrow file row by row.

    path (Path): The file.
    YIELDS (RawRow): Each row. An object of lists, as `datasets` stores a list of objects, is
        turned back.
    RAISES (ValueError): If it is broken, or pyarrow is not installed.
    """
    import_extra("pyarrow.parquet", "parquet", "Parquet")
    pa = import_extra("pyarrow", "parquet", "Arrow")
    number = 0
    try:
        for batch in _batches(pa, path):
            for start in range(0, batch.num_rows, ROWS_AT_ONCE):
                for row in batch.slice(start, ROWS_AT_ONCE).to_pylist():
                    number += 1
                    yield f"{path}:{number}", {name: _turned(value) for name, value in row.items()}
    except (pa.ArrowException, OSError) as err:
        raise ValueError(Errors.R200.format(path=path, reason=err)) from err


def _batches(pa: Any, path: Path) -> Iterator[Any]:
    """The record batches of a file, each of a bounded size."""
    begin = magic(path)
    if begin.startswith(PARQUET):
        with pa.parquet.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=ROWS_AT_ONCE)
    elif begin.startswith(ARROW_FILE):
        with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
            yield from map(file.get_batch, range(file.num_record_batches))
    else:
        with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as file:
            yield from file


def _turned(value: Any) -> Any:
    """A list of objects, where a table stores it as an object of equally long lists."""
    lists = list(value.values()) if isinstance(value, dict) else []
    if not lists or not all(isinstance(item, list) for item in lists):
        return value
    if len(set(map(len, lists))) > 1:
        return value
    return [dict(zip(value, items, strict=True)) for items in zip(*lists, strict=True)]
