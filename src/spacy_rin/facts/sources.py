"""Outputs of `extract` and .spacy files → the table `incoming`, with a row for each triple.

DuckDB reads the outputs of `extract` itself. Docs are first written as such an output.
"""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..corpus.docbin import find_files, read_docs
from ..errors import Errors
from ..extract.outputs import READERS, TRIPLE, read_output
from ..extract.rows import COLUMNS, IDS, to_rows
from .database import load_duckdb

TYPES = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE"}
# The columns of a triple, and their types in SQL.
TRIPLE_TYPES = {name: TYPES[type] for name, type in COLUMNS.items() if name in TRIPLE}
# In bytes: with `--by document`, a line has all triples of a document.
LONGEST_LINE = 1 << 25


def check_triples(source: Path) -> None:
    """Find out, before anything is read, whether triples can be read from a file.

    source (Path): An output of `extract`, a .spacy file or a directory of them.
    RAISES (ValueError): If it is none of these.
    """
    if _is_corpus(source):
        find_files(source)
    elif source.suffix not in READERS:
        raise ValueError(Errors.R078.format(path=source, suffixes=", ".join(READERS)))
    elif not source.is_file():
        raise ValueError(Errors.R050.format(path=source))


def read_incoming(connection: Any, source: Path, date_field: str | None, now: datetime) -> None:
    """Make the temporary table `incoming` of one input.

    connection (DuckDBPyConnection): A connection.
    source (Path): A file or directory that has passed `check_triples`.
    date_field (str | None): The field or column of the date of a triple's document.
    now (datetime): The date of triples where no such field is asked for.
    RAISES (ValueError): If a row is malformed, or a date is none.
    """
    if not _is_corpus(source):
        _load(connection, source, source.name, date_field, now)
        return
    with TemporaryDirectory(prefix="spacy-rin-") as folder:
        path = Path(folder) / "triples.jsonl"
        with path.open("w", encoding="utf8") as file:
            for row in _rows_of_corpus(source, date_field):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        _load(connection, path, source.name, date_field, now)


def _is_corpus(source: Path) -> bool:
    return source.suffix == ".spacy" or source.is_dir()


def _rows_of_corpus(source: Path, date_field: str | None) -> Iterator[dict[str, Any]]:
    """The rows of Docs. A Doc has no id: it is known by its file and its text."""
    for file in find_files(source):
        for doc in read_docs(file):
            document = f"{file.name}:{sha256(doc.text.encode()).hexdigest()[:16]}"
            date = {} if date_field is None else {date_field: doc.user_data.get(date_field)}
            for row in to_rows(doc):
                yield {"document": document, **row, **date}


def _load(connection: Any, path: Path, name: str, date_field: str | None, now: datetime) -> None:
    """Fill `incoming` from an output of `extract`. The input is called `name`."""
    duckdb = load_duckdb()
    try:
        rows = _rows_sql(connection, path, date_field)
        # A document without an id is known by its input and its text, as far as it is shown.
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE incoming AS
            SELECT * REPLACE (
                coalesce(nullif(document, ''), $name || ':' || sha256(sentence)[:16]) AS document,
                coalesce(head_id, '') AS head_id, coalesce(tail_id, '') AS tail_id
            ), {"$now::TIMESTAMP" if date_field is None else "try_cast(date AS TIMESTAMP)"} AS seen
            FROM ({rows})
            """,
            {"path": str(path), "name": name} | ({"now": now} if date_field is None else {}),
        )
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise _malformed(path, str(error).partition("\n")[0]) from None
    needed = " OR ".join(f"{column} IS NULL" for column in TRIPLE_TYPES)
    if _first(connection, "document", needed):
        raise _malformed(path, "a row lacks a column")
    if score := _first(connection, "score", "score NOT BETWEEN 0 AND 1"):
        raise _malformed(path, f"a score must be a number from 0 to 1, found {score[0]}")
    if date := _first(connection, "date", "seen IS NULL AND date <> ''"):
        raise _malformed(
            path, f"a date is written as 2026-01-31 or 2026-01-31T12:00, found {date[0]!r}"
        )


def _first(connection: Any, column: str, condition: str) -> tuple[Any] | None:
    query = f"SELECT {column} FROM incoming WHERE {condition} LIMIT 1"
    found: tuple[Any] | None = connection.execute(query).fetchone()
    return found


def _malformed(path: Path, reason: str) -> ValueError:
    """The error of a malformed input. It names the line if `read_output` finds the mistake."""
    try:
        deque(read_output(path), maxlen=0)
    except ValueError as error:
        return error
    return ValueError(Errors.R224.format(path=path, reason=reason))


def _rows_sql(connection: Any, path: Path, date_field: str | None) -> str:
    """A query for the columns `document`, `date` and those of a triple."""
    if path.suffix == ".jsonl":
        return _json_rows(date_field)
    found, reader = (_csv_reader if path.suffix == ".csv" else _parquet_reader)(connection, path)
    needed = [name for name in TRIPLE_TYPES if name not in IDS]
    for column in [*needed, *([] if date_field is None else [date_field])]:
        if column not in found:
            reason = f"it has no column {column!r}; found {', '.join(found)}"
            raise ValueError(Errors.R224.format(path=path, reason=reason))
    columns = [
        f"{_column(name, found, '')} AS {name}"
        if type == "VARCHAR" and path.suffix == ".csv"
        else name
        if name in found
        else f"'' AS {name}"
        for name, type in TRIPLE_TYPES.items()
    ]
    return f"""
        SELECT {_column("document", found)} AS document, {_date(date_field)}, {", ".join(columns)}
        FROM {reader} WHERE {_column("error", found, "")} = ''
    """


def _json_rows(date_field: str | None) -> str:
    """Each line is a triple, or a document with a list of triples."""
    triple = ", ".join(f"{name} {type}" for name, type in TRIPLE_TYPES.items())
    known = {"document": "VARCHAR", "error": "VARCHAR", **TRIPLE_TYPES}
    known["triples"] = f"STRUCT({triple})[]"
    if date_field is not None:
        known.setdefault(date_field, "VARCHAR")
    types = ", ".join(f"{_string(name)}: {_string(type)}" for name, type in known.items())
    alone = ", ".join(f"{name} := {name}" for name in TRIPLE_TYPES)
    return f"""
        SELECT * EXCLUDE triple, triple.* FROM (
            SELECT document, {_date(date_field)},
                unnest(coalesce(triples, [struct_pack({alone})])) AS triple
            FROM read_json(
                $path, format = 'newline_delimited', columns = {{{types}}},
                maximum_object_size = {LONGEST_LINE}
            ) WHERE coalesce(error, '') = ''
        )
    """


def _csv_reader(connection: Any, path: Path) -> tuple[list[str], str]:
    """The columns of a CSV file, and a table function that reads it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = next(csv.reader(file), [])
    types = ", ".join(
        f"{_string(name)}: {_string(TRIPLE_TYPES.get(name, 'VARCHAR'))}" for name in found
    )
    return (
        found,
        f"""read_csv(
        $path, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
        columns = {{{types}}}, parallel = false, max_line_size = {LONGEST_LINE}
    )""",
    )


def _parquet_reader(connection: Any, path: Path) -> tuple[list[str], str]:
    """The columns of a Parquet file, and a table function that reads it."""
    rows = connection.execute("DESCRIBE SELECT * FROM read_parquet($1)", [str(path)]).fetchall()
    return [row[0] for row in rows], "read_parquet($path)"


def _date(date_field: str | None) -> str:
    # As text, so that one that is no date can be shown.
    return f"CAST({'NULL' if date_field is None else _identifier(date_field)} AS VARCHAR) AS date"


def _column(name: str, found: list[str], default: str | None = None) -> str:
    """A column, or its default where it is missing or null."""
    value = "NULL" if default is None else _string(default)
    return f"coalesce({name}, {value})" if name in found else value


def _string(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
