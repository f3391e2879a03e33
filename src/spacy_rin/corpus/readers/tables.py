"""Tables with one triple a row (CSV, TSV, Parquet, data frames) → `Record`s of one sentence each.

Columns are found by their names. The rows of a sentence need not stand together.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from ...errors import Errors
from .checks import MalformedError, check_range, check_text, get_field, wrong
from .jsonstream import open_text, read_rows
from .linking import Linked
from .placing import WordMap, is_tokenised, split_words, tokenise
from .records import Opened, RawRow, Reading, Record, Source, Span

# The columns by the names that they may have. The output of `spacy-rin extract` has them, too.
COLUMNS = {
    "sentence": ("sentence", "text"),
    "head": ("head", "subject"),
    "relation": ("relation", "predicate"),
    "tail": ("tail", "object"),
}
LABELS = {"head": ("head_label", "head_type"), "tail": ("tail_label", "tail_type")}
SUFFIXES = (".csv", ".tsv")
LONGEST_FIELD = 2**31 - 1  # characters; Python's own limit is too small for a long text
DELIMITERS = ",;\t|"
TEXTS_TO_JUDGE = 100


def missing_columns(found: Iterable[str]) -> list[str]:
    """Find out which columns a table lacks.

    found (Iterable[str]): Its columns.
    RETURNS (list[str]): The names of those that are missing.
    """
    known = {name.strip().lower() for name in found if isinstance(name, str)}
    return [column for column, names in COLUMNS.items() if not known & set(names)]


def is_table(row: dict[str, Any]) -> bool:
    """Recognise a row of a table.

    row (dict): The row, by column.
    RETURNS (bool): Whether it has a sentence, a head, a relation and a tail.
    """
    return not missing_columns(row) and not any(isinstance(v, list) for v in row.values())


def is_csv(path: Path) -> bool:
    """Recognise a table by its first line.

    path (Path): Any file or folder.
    RETURNS (bool): Whether its name ends with .csv or .tsv, and it has the columns.
    RAISES (ValueError): If it is such a file, and lacks some columns.
    """
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return False
    with open_text(path) as handle:
        header = next(csv.reader([handle.readline()], delimiter=_delimiter(path)), [])
    if missing := missing_columns(header):
        names = {"found": ", ".join(header) or "none", "missing": ", ".join(missing)}
        raise ValueError(Errors.R203.format(path=path, **names))
    return True


def open_table(source: Source, reading: Reading) -> Opened:
    """Open a table, and group its rows by sentence.

    source (Source): A CSV, JSON, Parquet or Arrow file, or rows in memory.
    reading (Reading): How sentences are split, and mentions placed.
    RETURNS (Opened): The sentences with their rows, and the parser.
    """
    rows = (row for _, row in _rows(source) if isinstance(row, dict))
    texts = [row["sentence"] for row in islice(rows, TEXTS_TO_JUDGE)]
    # One decision for the whole table, as for CasRel's form.
    split = split_words if is_tokenised([t for t in texts if isinstance(t, str)]) else tokenise
    return _group(source), partial(parse_table, partial(split, reading=reading))


def parse_table(split: Any, rows: list[dict[str, Any]], source: str) -> Record:
    """Parse the rows of one sentence.

    split (Callable): Splits the sentence into words.
    rows (list[dict]): The rows, by column. Without head, relation and tail they say that there is
        no triple.
    source (str): Where the first of them stands.
    RETURNS (Record): The record.
    RAISES (MalformedError): If a row lacks one of head, relation and tail, or has wrong offsets.
    """
    word_map: WordMap = split(rows[0]["sentence"])
    linked = Linked(word_map.record(source), word_map)
    triples = [row for row in rows if any(row[name] for name in ("head", "relation", "tail"))]
    word_map.expect(
        dict.fromkeys(
            check_text(get_field(row, side, str), side)
            for row in triples
            for side in ("head", "tail")
            if _offsets(row, side) is None
        )
    )
    for number, row in enumerate(triples):
        for side in ("head", "tail"):
            _add_end(linked, (number, side), row, side)
        relation = check_text(get_field(row, "relation", str), "relation")
        linked.add_link((number, "head"), relation, (number, "tail"))
    return linked.record


def _add_end(linked: Linked, name: tuple[int, str], row: dict[str, Any], side: str) -> None:
    """Add the head or the tail of a row, by its offsets or by its text."""
    label = next((str(row[key]) for key in LABELS[side] if row.get(key)), None)
    offsets, text = _offsets(row, side), get_field(row, side, str)
    word_map, record = linked.word_map, linked.record
    if offsets:
        check_range(*offsets, len(row["sentence"]), f"{side}_start, {side}_end")
    span = word_map.at(*offsets) if offsets and word_map.spaces else word_map.find(text)
    linked.set_mention(name, record.mention(span, label), text)


def _offsets(row: dict[str, Any], side: str) -> Span | None:
    """The offsets of an end in its sentence, if the table has them."""
    start, end = row.get(f"{side}_start"), row.get(f"{side}_end")
    if start in (None, "") or end in (None, ""):
        return None
    try:
        before = int(float(row.get("sentence_start") or 0))
        return int(float(start)) - before, int(float(end)) - before
    except (ValueError, TypeError, OverflowError) as err:
        raise wrong(f"{side}_start, {side}_end", "numbers", (start, end)) from err


def _group(source: Source) -> Iterator[RawRow]:
    """Collect the rows of each sentence.

    The rows are read twice: first to count those of each sentence, so that a sentence is passed on
    with its last row, and no more is held than sentences that are not complete. A row that is
    malformed is passed on as such.
    """
    counts = Counter(_key(row) for _, row in _rows(source) if isinstance(row, dict))
    held: dict[int, tuple[str, list[dict[str, Any]]]] = {}
    for place, row in _rows(source):
        if isinstance(row, MalformedError):
            yield place, row
            continue
        key = _key(row)
        first, rows = held.setdefault(key, (place, []))
        rows.append(row)
        if len(rows) == counts[key]:
            del held[key]
            yield first, rows


def _key(row: dict[str, Any]) -> int:
    # As text, since a JSON file may have anything there.
    return hash((str(row.get("document")), str(row.get("sentence_start")), row["sentence"]))


def _rows(source: Source) -> Iterator[tuple[str, dict[str, Any] | MalformedError]]:
    """The rows under the names of this module, with "" for what they lack."""
    is_file = isinstance(source, Path) and source.suffix.lower() in SUFFIXES
    for place, row in _read_csv(source) if is_file else read_rows(source):  # type: ignore[arg-type]
        yield place, row if isinstance(row, MalformedError) else _named(row)


def _named(row: Any) -> dict[str, Any] | MalformedError:
    """A row under the names of this module; without a sentence it belongs to none."""
    if not isinstance(row, dict):
        return wrong("the row", "an object", row)
    lower = {str(name).strip().lower(): _cell(value) for name, value in row.items() if name}
    named = {
        column: next((lower[name] for name in names if lower.get(name)), "")
        for column, names in COLUMNS.items()
    }
    try:
        check_text(named["sentence"], "sentence")
    except MalformedError as err:
        return err
    return lower | named


def _cell(value: Any) -> Any:
    """A value of a table; "" where there is none, which a data frame writes as not a number."""
    return "" if value is None or value != value else value


def _read_csv(path: Path) -> Iterator[RawRow]:
    csv.field_size_limit(LONGEST_FIELD)
    with open_text(path) as handle:
        reader = csv.DictReader(handle, delimiter=_delimiter(path))
        try:
            yield from ((f"{path}:{reader.line_num}", row) for row in reader)
        except csv.Error as err:
            raise ValueError(Errors.R200.format(path=path, reason=err)) from err


def _delimiter(path: Path) -> str:
    """What is between the columns: the mark that the first line has most often."""
    with open_text(path) as handle:
        header = handle.readline()
    return max(DELIMITERS, key=header.count)
