"""Raw data files -> a stream of `Record`s: the words, entity mentions and triples of one sentence.

The first step of the data's way, before `convert`. One parser per format; all of them stream, so
memory does not grow with the file. A JSON file may be a list or have one record a line, whatever
the format. What cannot be used is not lost without a word: it comes out as a `Dropped`.

- A mention given as text stands at its first occurrence, as the field does; an entity that is
  listed k times takes the first k. Words that differ only in accents match when no others do:
  NYT's relations say "Bogotá" where its sentences say "Bogota".
- Penn Treebank escapes (-LRB-, \\/, ``) are undone in words and mentions of the research formats.
- A mention without a type of its own has the label ENTITY.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ...errors import Errors
from .checks import MalformedError, RejectedError, show
from .formats import open_casrel, open_copymtl, open_plain, parse_copyre, parse_jointer, parse_spert
from .jsonstream import PEEK, JsonStream, open_text, read_rows
from .records import ENTITY, Dropped, JsonRow, Mention, Parse, RawTriple, Reason, Record, Span
from .user_formats import open_rin, parse_prodigy

__all__ = [
    "ENTITY",
    "FORMATS",
    "Dropped",
    "Mention",
    "RawTriple",
    "Reason",
    "Record",
    "Span",
    "detect_format",
    "read_records",
]

# Where each format's rows come from, and which parser takes them
FORMATS: dict[str, Callable[[Path, str], tuple[Iterator[JsonRow], Parse]]] = {
    "jointer": partial(open_plain, parse_jointer),
    "copymtl": open_copymtl,
    "copyre": partial(open_plain, parse_copyre),
    "casrel": open_casrel,
    "spert": partial(open_plain, parse_spert),
    "prodigy": partial(open_plain, parse_prodigy),
    "rin": open_rin,
}


def read_records(
    path: str | Path, format: str = "auto", *, lang: str = "en", strict: bool = False
) -> Iterator[Record | Dropped]:
    """Read a file record by record.

    path (str | Path): The file.
    format (str): One of `FORMATS`, or "auto" to tell it from the first records.
    lang (str): Language whose tokenizer splits raw text ("rin", "casrel").
    strict (bool): Whether a malformed record is an error; else it comes out as a Dropped.
    YIELDS (Record | Dropped): One for each record of the file, in its order.
    RAISES (ValueError): If the file cannot be read or, if strict, at the first malformed record.
    """
    path = Path(path)
    name = detect_format(path) if format == "auto" else format
    if name not in FORMATS:
        raise ValueError(Errors.R102.format(found=name, expected=", ".join(FORMATS)))
    rows, parse = FORMATS[name](path, lang)
    for source, row in rows:
        try:
            if isinstance(row, MalformedError):
                raise row
            yield parse(row, source)
        except RejectedError as err:
            yield Dropped(Reason.REJECTED, str(err), source)
        except MalformedError as err:
            if strict:
                raise ValueError(Errors.R106.format(source=source, reason=err)) from err
            yield Dropped(Reason.MALFORMED, str(err), source)


def detect_format(path: str | Path) -> str:
    """Tell a file's format from its first records.

    path (str | Path): The file.
    RETURNS (str): One of `FORMATS`.
    RAISES (ValueError): If they have none of the known forms; it lists them.
    """
    path = Path(path)
    with open_text(path) as handle:
        stream = JsonStream(handle, path)
        if stream.skip("[") and stream.peek() == "[":
            return "copymtl"
    found = "no record"
    undecided = False
    for _, row in islice(read_rows(path), PEEK):
        if not isinstance(row, dict):
            found = str(row) if isinstance(row, MalformedError) else show(row)
        elif name := _form(row):
            return name
        elif row.get("tokens"):
            undecided = True
        else:
            found = f"fields {', '.join(map(repr, row))}"
    if undecided:
        # Tokens and nothing that is labelled: all formats read such records in the same way.
        return "rin"
    raise ValueError(Errors.R103.format(path=path, found=found))


def _form(row: dict[str, Any]) -> str | None:
    for key, name in (
        ("spo_details", "jointer"),
        ("sentText", "copyre"),
        ("triple_list", "casrel"),
    ):
        if key in row:
            return name
    if row.get("_view_id") == "relations":
        return "prodigy"
    tokens = row.get("tokens")
    if not isinstance(tokens, list):
        return "rin" if "text" in row else None
    if tokens and isinstance(tokens[0], dict):
        return "prodigy"
    lists = [row[key] for key in ("entities", "relations") if isinstance(row.get(key), list)]
    names = {key for item in chain(*lists) if isinstance(item, dict) for key in item}
    return "spert" if "type" in names else "rin" if names else None
