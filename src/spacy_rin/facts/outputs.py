"""Merged facts → Parquet, CSV, Turtle, or a folder for Neo4j.

The connection still has the temporary tables of `merge`, with the evidence of each fact.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from ..errors import Errors
from ..exchange.export import load_turtle
from ..files import replacing
from .merge import list_evidence

KINDS = ".duckdb, .parquet, .csv, .ttl"
NEO4J_FILES = ("entities.csv", "facts.csv", "facts.cypher")
ROWS_PER_STATEMENT = 500
# The order of the table `facts`.
ORDER = "ORDER BY documents DESC, mentions DESC, heads.name, relation, tails.name, head_id, tail_id"
TABLE = f"""
SELECT heads.name AS head, relation, tails.name AS tail, heads.id AS head_id, tails.id AS tail_id,
    mentions, documents, best_score, probability, first_seen, last_seen, {{evidence}} AS evidence
FROM listed
JOIN names AS heads ON heads.entity = listed.head
JOIN names AS tails ON tails.entity = listed.tail
{ORDER}
"""
# The headers that `neo4j-admin database import` reads. An entity without a label has one still.
NODES = """
SELECT key AS "key:ID", name, id, mentions AS "mentions:long", documents AS "documents:long",
    concat_ws(';', 'Entity', nullif(replace(label, ';', ','), '')) AS ":LABEL"
FROM names JOIN entities USING (name, id, label) ORDER BY ":LABEL", key
"""
EDGES = """
SELECT heads.key AS ":START_ID", tails.key AS ":END_ID", relation AS ":TYPE",
    mentions AS "mentions:long", documents AS "documents:long", best_score AS "best_score:double",
    probability AS "probability:double",
    strftime(first_seen, '%Y-%m-%dT%H:%M:%S') AS "first_seen:localdatetime",
    strftime(last_seen, '%Y-%m-%dT%H:%M:%S') AS "last_seen:localdatetime",
    to_json(evidence) AS evidence
FROM listed
JOIN names AS heads ON heads.entity = listed.head
JOIN names AS tails ON tails.entity = listed.tail
ORDER BY relation, heads.key, tails.key
"""


def check_facts_output(output: Path, overwrite: bool, namespace: str) -> None:
    """Find out, before anything is read, whether facts may be written to a path.

    output (Path): The path.
    overwrite (bool): Whether what is there may be replaced.
    namespace (str): The start of all names in a Turtle graph.
    RAISES (ValueError): If its form is unknown or needs a package that is missing, or if something
        is there that may not be replaced.
    """
    if output.suffix not in ("", *KINDS.split(", ")):
        raise ValueError(Errors.R227.format(path=output, suffixes=KINDS))
    if output.suffix and output.is_dir():
        raise ValueError(Errors.R052.format(path=output))
    if output.suffix == ".ttl":
        load_turtle().check_namespace(namespace)
    if output.suffix == ".duckdb" or not output.exists():
        return
    if not overwrite:
        raise ValueError(Errors.R221.format(path=output))
    others = {path.name for path in output.iterdir()} - {*NEO4J_FILES} if output.is_dir() else ()
    if others or (not output.suffix and not output.is_dir()):
        raise ValueError(Errors.R228.format(path=output, files=", ".join(NEO4J_FILES)))


def write_facts(connection: Any, output: Path, namespace: str) -> None:
    """Write merged facts, whole or not at all.

    connection (DuckDBPyConnection): A connection on which `merge_mentions` was called.
    output (Path): A path that has passed `check_facts_output`.
    namespace (str): The start of all names in a Turtle graph.
    """
    list_evidence(connection)
    with replacing(output) as path:
        if output.suffix == ".parquet":
            _copy(connection, TABLE.format(evidence="evidence"), path, "FORMAT parquet")
        elif output.suffix == ".csv":
            _copy(
                connection, TABLE.format(evidence="to_json(evidence)"), path, "FORMAT csv, HEADER"
            )
        elif output.suffix == ".ttl":
            _write_turtle(connection, path, namespace)
        else:
            path.mkdir()
            _write_neo4j(connection, path)


def _copy(connection: Any, query: str, path: Path, options: str) -> None:
    connection.execute(f"COPY ({query}) TO '{str(path).replace(chr(39), chr(39) * 2)}' ({options})")


def _write_turtle(connection: Any, path: Path, namespace: str) -> None:
    entities = _rows(connection, "SELECT name, id, label FROM entities")
    facts = _rows(connection, TABLE.format(evidence="evidence"))
    load_turtle().write_fact_graph(path, entities, facts, namespace)


def _write_neo4j(connection: Any, folder: Path) -> None:
    """Write two tables for `neo4j-admin database import`, and statements that say the same."""
    nodes, edges, statements = (folder / name for name in NEO4J_FILES)
    # Numbers and dates are not quoted: an empty date is none, and no malformed one.
    quoted = '"key:ID", name, id, ":LABEL"'
    _copy(connection, NODES, nodes, f"FORMAT csv, HEADER, FORCE_QUOTE ({quoted})")
    quoted = '":START_ID", ":END_ID", ":TYPE", evidence'
    _copy(connection, EDGES, edges, f"FORMAT csv, HEADER, FORCE_QUOTE ({quoted})")
    with statements.open("w", encoding="utf8") as file:
        file.write(
            "CREATE CONSTRAINT entity_key IF NOT EXISTS "
            "FOR (entity:Entity) REQUIRE entity.key IS UNIQUE;\n"
        )
        for labels, rows in _batches(_rows(connection, NODES), ":LABEL"):
            maps = ", ".join(map(_cypher_map, rows))
            names = "".join(f":{_cypher_name(label)}" for label in labels.split(";"))
            file.write(
                f"UNWIND [{maps}] AS row\n"
                f"MERGE (entity:Entity {{key: row.key}}) SET entity{names}, entity += row;\n"
            )
        for type, rows in _batches(_rows(connection, EDGES), ":TYPE"):
            maps = ", ".join(
                f"{{head: {json.dumps(row[':START_ID'])}, tail: {json.dumps(row[':END_ID'])}, "
                f"fact: {_cypher_map(row)}}}"
                for row in rows
            )
            file.write(
                f"UNWIND [{maps}] AS row\n"
                "MATCH (head:Entity {key: row.head}), (tail:Entity {key: row.tail})\n"
                f"MERGE (head)-[fact:{_cypher_name(type)}]->(tail) SET fact += row.fact;\n"
            )


def _rows(connection: Any, query: str) -> Iterator[dict[str, Any]]:
    """The rows of a query as a stream, which the next query ends."""
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    while rows := result.fetchmany(ROWS_PER_STATEMENT):
        yield from (dict(zip(names, row, strict=True)) for row in rows)


def _batches(
    rows: Iterator[dict[str, Any]], column: str
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Rows that have the same value in a column, some hundreds at a time."""
    for value, group in groupby(rows, lambda row: row[column]):
        while batch := list(islice(group, ROWS_PER_STATEMENT)):
            yield value, batch


def _cypher_map(row: dict[str, Any]) -> str:
    """A row as a map in Cypher. In its literals the escapes of JSON are valid."""
    values = []
    for column, value in row.items():
        name, _, type = column.partition(":")
        if name and value is not None:
            literal = json.dumps(value, ensure_ascii=False)
            is_date = type == "localdatetime"
            values.append(f"{name}: " + (f"localdatetime({literal})" if is_date else literal))
    return f"{{{', '.join(values)}}}"


def _cypher_name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
