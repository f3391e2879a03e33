"""Rows of triples by hand, as `spacy-rin extract` writes them, and the facts of a database."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def make_row(
    document: str, head: str, relation: str, tail: str, score: float = 0.5, **values: Any
) -> Row:
    """A row of the sentence "<head> <relation> <tail>.", which starts at `at`."""
    at = values.pop("at", 0)
    sentence = f"{head} {relation} {tail}."
    tail_start = at + len(sentence) - 1 - len(tail)
    row = {
        "document": document,
        "sentence": sentence,
        "sentence_start": at,
        "head": head,
        "head_start": at,
        "head_end": at + len(head),
        "head_label": "PER",
        "relation": relation,
        "tail": tail,
        "tail_start": tail_start,
        "tail_end": tail_start + len(tail),
        "tail_label": "LOC",
        "score": score,
        "head_id": "",
        "tail_id": "",
    }
    return row | values


def write_rows(path: Path, rows: Iterable[Row]) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf8")
    return path


def read_table(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in a database; FACTS is for the main columns of all facts."""
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()
