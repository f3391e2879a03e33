"""A DuckDB database of mentions and of the facts that are merged from them.

`merge` makes the tables `facts`, `entities` and `evidence` anew from the mentions and the aliases.
docs/facts.md documents them. A mention is the place of a triple in a document: adding the same one
again changes nothing, so that a run that was killed is simply run again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import Errors, import_extra

VERSION = "spacy-rin facts, version 1"  # the comment of the table `facts`
# More threads would need more memory than the limit allows.
MOST_THREADS = 4
# A partition is merged at once. DuckDB can't move all states of an aggregation to the disk.
ROWS_PER_PARTITION = 2_000_000


def _columns(template: str, types: dict[str, str], between: str = ", ") -> str:
    """SQL for each of some columns; {0} is the name of a column, {1} its type."""
    return between.join(template.format(*column) for column in types.items())


# What tells a mention from others. All offsets are characters of the document.
PLACE = {
    "document": "VARCHAR",
    "head_start": "BIGINT",
    "head_end": "BIGINT",
    "relation": "VARCHAR",
    "tail_start": "BIGINT",
    "tail_end": "BIGINT",
}
# What is read at that place. Of two readings the greater one is kept, by the first of these columns
# that differ, so that the order in which they are added does not matter.
READING = {
    "score": "DOUBLE",
    "head_id": "VARCHAR",
    "tail_id": "VARCHAR",
    "head": "VARCHAR",
    "head_label": "VARCHAR",
    "tail": "VARCHAR",
    "tail_label": "VARCHAR",
    "sentence_start": "BIGINT",
    "sentence": "VARCHAR",
}

# Case, quotes, spaces and a possessive at the end do not tell names apart.
NORMALISED = r"""
CREATE MACRO unquoted(text) AS trim(
    regexp_replace(
        translate(
            lower(nfc_normalize(text)), '’‘‚‛ʼ`´“”„‟«»', repeat('''', 7) || repeat('"', 6)
        ),
        '[\s\p{Z}\p{Cc}]+', ' ', 'g'
    ),
    ' "'''
);
CREATE MACRO normalised(text) AS coalesce(
    nullif(trim(regexp_replace(unquoted(text), '''s$', ''), ' "'''), ''), lower(text)
);
"""
FACT = """
    head VARCHAR, relation VARCHAR, tail VARCHAR, head_id VARCHAR, tail_id VARCHAR
"""
SCHEMA = f"""
CREATE TABLE readings (
    {_columns("{0} {1}", PLACE)}, seen TIMESTAMP, reading STRUCT({_columns("{0} {1}", READING)})
);
CREATE VIEW mentions AS SELECT * EXCLUDE reading, reading.* FROM readings;
CREATE TABLE aliases (key VARCHAR, name VARCHAR, id VARCHAR);
CREATE TABLE facts (
    {FACT}, mentions BIGINT, documents BIGINT, best_score DOUBLE, probability DOUBLE,
    first_seen TIMESTAMP, last_seen TIMESTAMP
);
CREATE TABLE entities (
    name VARCHAR, id VARCHAR, label VARCHAR, mentions BIGINT, documents BIGINT, facts BIGINT,
    spellings VARCHAR[]
);
CREATE TABLE evidence (
    {FACT}, rank BIGINT, document VARCHAR, sentence VARCHAR, sentence_start BIGINT,
    head_text VARCHAR, head_start BIGINT, head_end BIGINT,
    tail_text VARCHAR, tail_start BIGINT, tail_end BIGINT, score DOUBLE, seen TIMESTAMP
);
{NORMALISED}COMMENT ON TABLE facts IS '{VERSION}';
"""


ADD = f"""
MERGE INTO readings USING (
    SELECT {_columns("{0}", PLACE)}, min(seen) AS seen,
        max(struct_pack({_columns("{0} := {0}", READING)})) AS reading
    FROM incoming WHERE hash(document) % $partitions = $part
    GROUP BY {_columns("{0}", PLACE)}
) AS new
ON {_columns("readings.{0} = new.{0}", PLACE, " AND ")}
WHEN MATCHED AND (
    new.reading > readings.reading OR new.seen < coalesce(readings.seen, 'infinity')
) THEN UPDATE SET
    seen = least(new.seen, readings.seen), reading = greatest(new.reading, readings.reading)
WHEN NOT MATCHED THEN INSERT ({_columns("{0}", PLACE)}, seen, reading)
    VALUES ({_columns("new.{0}", PLACE)}, new.seen, new.reading)
"""


def load_duckdb() -> Any:
    """Import DuckDB.

    RETURNS (Module): The package.
    RAISES (ValueError): If it is not installed.
    """
    return import_extra("duckdb", "kb", "`spacy-rin facts`")


@contextmanager
def open_database(path: Path, memory: str, output: Path | None = None) -> Iterator[Any]:
    """Open a database of facts, or make an empty one.

    path (Path): The database.
    memory (str): How much memory DuckDB may use, such as "1GB".
    output (Path | None): What errors name; None for the database.
    YIELDS (DuckDBPyConnection): A connection.
    RAISES (ValueError): If the file is another one or in use, the disk is full, or memory runs out.
    """
    duckdb = load_duckdb()
    spilled = path.with_name(f".{path.name}.tmp")
    settings = {
        "memory_limit": memory,
        "threads": min(MOST_THREADS, os.cpu_count() or 1),
        "preserve_insertion_order": False,
        # Nothing is looked for in the network, nor in the home directory.
        "autoinstall_known_extensions": False,
        "temp_directory": str(spilled),
    }
    try:
        with duckdb.connect(str(path), config=settings) as connection:
            # What a killed run has left. No other process has the database open now.
            shutil.rmtree(spilled, ignore_errors=True)
            with transaction(connection):
                _check_or_create(connection, path)
            yield connection
    except duckdb.Error as error:
        shown = output or path
        reason = _first_line(error).replace(str(path), str(shown))
        raise ValueError(Errors.R222.format(path=shown, reason=reason)) from None


@contextmanager
def transaction(connection: Any) -> Iterator[None]:
    """Do everything or nothing.

    connection (DuckDBPyConnection): A connection.
    YIELDS (None): Once, within the transaction.
    """
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def add_mentions(connection: Any) -> tuple[int, int]:
    """Add the rows of the table `incoming` to the mentions.

    connection (DuckDBPyConnection): A connection with the temporary table `incoming`.
    RETURNS (tuple[int, int]): How many rows there are, and how many of them are new mentions.
    """
    rows = count(connection, "incoming")
    before = count(connection, "readings")
    partitions = 1 + rows // ROWS_PER_PARTITION
    for part in range(partitions):
        connection.execute(ADD, {"partitions": partitions, "part": part})
    return rows, count(connection, "readings") - before


def count(connection: Any, table: str) -> int:
    """Count the rows of a table.

    connection (DuckDBPyConnection): A connection.
    table (str): The name of the table.
    RETURNS (int): The number of its rows.
    """
    (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(rows)


def _check_or_create(connection: Any, path: Path) -> None:
    """Make the tables of an empty database. Refuse one that has others."""
    tables = connection.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall()
    if not tables:
        connection.execute(SCHEMA)
    elif dict(tables).get("facts") != VERSION:
        raise ValueError(Errors.R223.format(path=path))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
