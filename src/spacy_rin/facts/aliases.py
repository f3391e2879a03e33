"""A user's table of aliases → the table `aliases`, by which mentions without an id are merged."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import Errors


class Alias(NamedTuple):
    """A line of the table of aliases.

    line (int): Its number.
    key (str): What the alias is compared by.
    name (str): The name of the entity that is meant.
    id (str): Its id; empty if it has none.
    """

    line: int
    key: str
    name: str
    id: str


def read_aliases(connection: Any, path: Path) -> None:
    """Replace the table `aliases` by that of a CSV file with the columns alias, name and id.

    A name is an alias of itself. The column `id` may be missing.

    connection (DuckDBPyConnection): A connection.
    path (Path): The file.
    RAISES (ValueError): If the file is malformed, or an alias has two names, a name has two ids, or
        an id has two names. The message has the number of the line.
    """
    rows = list(_rows(path))
    texts = [text for _, alias, name, _ in rows for text in (alias, name)]
    query = "SELECT normalised(unnest($1))"
    keys = [key for (key,) in connection.execute(query, [texts]).fetchall()] if texts else []
    found: dict[str, Alias] = {}
    names: dict[str, Alias] = {}
    ids: dict[str, Alias] = {}
    for (line, alias, name, id), key, name_key in zip(rows, keys[::2], keys[1::2], strict=True):
        entry = Alias(line, key, name, id)
        for text, text_key in ((alias, key), (name, name_key)):
            old = found.setdefault(text_key, entry)
            if old.name != name:
                raise _error(path, line, f"{text!r} means {name!r}", old.line, repr(old.name))
        if id:
            old = names.setdefault(name, entry)
            if old.id != id:
                raise _error(path, line, f"{name!r} has the id {id!r}", old.line, repr(old.id))
            old = ids.setdefault(id, entry)
            if old.name != name:
                raise _error(path, line, f"the id {id!r} is of {name!r}", old.line, repr(old.name))
    connection.execute("DELETE FROM aliases")
    if found:
        # An id that one line has is the id of the name on all lines.
        known = {name: entry.id for name, entry in names.items()}
        values = [(key, entry.name, known.get(entry.name, "")) for key, entry in found.items()]
        columns = [list(column) for column in zip(*values, strict=True)]
        connection.execute("INSERT INTO aliases SELECT unnest($1), unnest($2), unnest($3)", columns)


def _rows(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """The lines of the file: number, alias, name, id."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            for row in reader:
                values = [(row.get(name) or "").strip() for name in ("alias", "name", "id")]
                if not all(values[:2]):
                    raise ValueError(Errors.R225.format(path=path, line=reader.line_num))
                yield reader.line_num, *values  # type: ignore[misc]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(Errors.R100.format(path=path, reason=error)) from None


def _error(path: Path, line: int, claim: str, other_line: int, other: str) -> ValueError:
    return ValueError(
        Errors.R226.format(path=path, line=line, claim=claim, other_line=other_line, other=other)
    )
