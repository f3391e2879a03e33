"""Rows of triples by hand, as `spacy-rin extract` writes them, and the facts of a database."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts.bench.modules import made_triples

Row = dict[str, Any]


def make_row(
    document: str, head: str, relation: str, tail: str, score: float = 0.5, **values: Any
) -> Row:
    """A row of the sentence "<head> <relation> <tail>.", which starts at `at`."""
    at = values.pop("at", 0)
    row = made_triples.make_row(document, head, relation, tail, f" {relation} ", at)
    return row | {"score": score} | values


def write_rows(path: Path, rows: Iterable[Row]) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf8")
    return path


def read_table(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in a database; FACTS is for the main columns of all facts."""
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()
