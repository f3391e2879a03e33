"""Results of documents → a file of triples: JSON lines, CSV or Parquet, by its suffix.

This is the last step of an extraction. The results are the `Entry`s of a complete journal.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from pathlib import Path
from typing import Any

from ..errors import Errors, check_named
from ..files import replacing
from . import parquet
from .journal import Entry
from .rows import COLUMNS, IDS

ROW_KINDS = ("triple", "document")
# The limit of characters in a field of CSV. Python's own is too small for a long text.
LONGEST_FIELD = 2**31 - 1
# The columns that every row of a triple has, in every kind of file.
TRIPLE = COLUMNS.keys() - {"document", "error"}


def check_kind(path: Path, by: str) -> None:
    """Find out, before anything is read, whether there is a writer for an output.

    path (Path): The output.
    by (str): One of `ROW_KINDS`, as `write_output` takes it.
    RAISES (ValueError): If the kind of file or of row is unknown, or if pyarrow is missing.
    """
    if path.suffix not in WRITERS:
        raise ValueError(Errors.R066.format(path=path, suffixes=", ".join(WRITERS)))
    check_named(ROW_KINDS, "by", by)
    if by == "document" and path.suffix != ".jsonl":
        raise ValueError(Errors.R076.format(path=path))
    if path.suffix == ".parquet":
        parquet.check_installed()


def write_output(path: Path, entries: Iterable[Entry], by: str = "triple") -> None:
    """Write a file, whole or not at all.

    path (Path): The final name of the file.
    entries (Iterable[Entry]): The result of each document; read once, as a stream.
    by (str): "triple" for one row per triple; "document" for one JSON line per document, with a
        list of its triples.
    RAISES (OSError): If the file can't be written, e.g. because the disk is full.
    """
    rows = _by_document(entries) if by == "document" else _by_triple(entries)
    try:
        with replacing(path) as temporary:
            WRITERS[path.suffix](temporary, rows)
    except OSError as error:
        raise OSError(Errors.R071.format(path=path, reason=error.strerror or error)) from None


def read_output(path: Path) -> Iterator[dict[str, Any]]:
    """Read back as a stream what `write_output` wrote.

    path (Path): The file.
    YIELDS (dict): One row per triple, with the columns in TRIPLE. Errors are left out.
    RAISES (ValueError): If the file is missing, of another kind, or holds something else.
    """
    if path.suffix not in READERS:
        raise ValueError(Errors.R078.format(path=path, suffixes=", ".join(READERS)))
    if not path.is_file():
        raise ValueError(Errors.R050.format(path=path))
    rows, number = READERS[path.suffix](path), 0
    while True:
        try:
            number, row = next(rows, (0, None))
            if row is None:
                return
            found = [] if row.get("error") else row.get("triples", [row])
            triples = [_triple(triple) for triple in found]
        except (UnicodeDecodeError, csv.Error):  # in the line after the last that was read
            raise ValueError(Errors.R079.format(path=path, number=number + 1)) from None
        except (KeyError, TypeError, ValueError, OverflowError):
            raise ValueError(Errors.R079.format(path=path, number=number)) from None
        yield from triples


def _triple(row: dict[str, Any]) -> dict[str, Any]:
    """The columns of a triple, in their own types: CSV has strings only."""
    is_whole = all(row[name] is not None for name in TRIPLE.difference(IDS))
    if not is_whole or not isfinite(float(row["score"])):
        raise ValueError
    ids = {name: row.get(name) or "" for name in IDS}
    return {name: COLUMNS[name]({**row, **ids}[name]) for name in COLUMNS if name in TRIPLE}


def _by_triple(entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        if "error" in entry:
            yield {"document": entry["document"], "error": entry["error"]}
        for triple in entry.get("triples", ()):
            yield {"document": entry["document"], **triple}


def _by_document(entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        yield {name: entry[name] for name in ("document", "triples", "error") if name in entry}


def _write_jsonl(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _write_csv(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf8", newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS))
        writer.writeheader()
        writer.writerows(rows)


def _write_parquet(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    parquet.write_rows(path, rows, COLUMNS)


def _read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf8") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None  # lacks everything, as what is no object
            yield number, row if isinstance(row, dict) else {}


def _read_csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    csv.field_size_limit(LONGEST_FIELD)
    with path.open(encoding="utf8", newline="") as file:
        yield from enumerate(csv.DictReader(file), 2)


def _read_parquet(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    parquet.check_columns(path, [name for name in COLUMNS if name not in IDS])
    return parquet.read_columns(path, list(COLUMNS))


WRITERS: dict[str, Callable[[Path, Iterator[dict[str, Any]]], None]] = {
    ".jsonl": _write_jsonl,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}
READERS: dict[str, Callable[[Path], Iterator[tuple[int, dict[str, Any]]]]] = {
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
