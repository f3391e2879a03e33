"""Raw data files → a stream of `Record`s: the words, entities and triples of one sentence each.

The first step of the data's way, before `convert`. A format is one entry of `FORMATS`; detection,
messages and the help of the command line are made from the entries.

Readers stream, so memory does not grow with the file. A JSON file may be a list, or have one record
a line, whatever its format. Nothing is lost silently: what cannot be used becomes a `Dropped`.

All formats follow these rules:

- A mention given as text is placed at its first occurrence, as is usual in the field. An entity
  that is listed k times takes the first k.
- Words that differ only in accents match if the mention is not found as it is. NYT's relations say
  "Bogotá" where its sentences say "Bogota".
- In the research formats, Penn Treebank escapes (-LRB-, \\/, ``) are undone in words and mentions.
- A mention without a type of its own gets the label ENTITY.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from ...errors import Errors, check_named
from ..limits import MAX_LENGTH, MAX_RUN, find_excess
from .checks import MalformedError, RejectedError, show
from .jsonstream import PEEK, read_rows
from .records import ENTITY, Dropped, Mention, Opened, RawTriple, Reason, Record, Span
from .research_formats import (
    is_copymtl,
    is_spert,
    open_casrel,
    open_copymtl,
    open_json,
    parse_copyre,
    parse_jointer,
    parse_spert,
)
from .user_formats import is_prodigy, is_rin, open_rin, parse_prodigy

__all__ = [
    "ENTITY",
    "FORMATS",
    "Dropped",
    "Format",
    "Mention",
    "RawTriple",
    "Reason",
    "Record",
    "Span",
    "detect_format",
    "read_records",
]


@dataclass(frozen=True)
class Format:
    """One form of raw data: how it is recognised, and how it is read.

    about (str): What a record looks like, for the message that lists all forms.
    open (Callable): Given a path and the language of raw texts, returns its rows and their parser.
    is_record (Callable): Whether the JSON object of a record has this form.
    is_path (Callable): Whether a file or folder has this form. Only for forms that are not one JSON
        object a record; a form of JSON objects needs `is_record` alone.
    """

    about: str
    open: Callable[[Path, str], Opened]
    is_record: Callable[[dict[str, Any]], bool] = lambda row: False
    is_path: Callable[[Path], bool] = lambda path: False


# The first format that recognises a file takes it. "rin" takes nearly all, so it is the last. Forms
# of binary files go before "copymtl", which reads the beginning of a file as text.
FORMATS = {
    "jointer": Format(
        "{tokens, pos_tags, spo_details: [[start, end, type, relation, start, end, type]]}",
        partial(open_json, parse_jointer),
        is_record=lambda row: "spo_details" in row,
    ),
    "copymtl": Format(
        "[[sentences as word ids], [flat triples]], beside words2id.json",
        open_copymtl,
        is_path=is_copymtl,
    ),
    "copyre": Format(
        "{sentText, entityMentions, relationMentions: [{em1Text, em2Text, label}]}",
        partial(open_json, parse_copyre),
        is_record=lambda row: "sentText" in row,
    ),
    "casrel": Format(
        "{text, triple_list: [[head, relation, tail]]}",
        open_casrel,
        is_record=lambda row: "triple_list" in row,
    ),
    "prodigy": Format(
        "{text, tokens: [{text}], spans, relations: [{head, child, label}]}",
        partial(open_json, parse_prodigy),
        is_record=is_prodigy,
    ),
    "spert": Format(
        "{tokens, entities: [{type, start, end}], relations: [{type, head, tail}]}",
        partial(open_json, parse_spert),
        is_record=is_spert,
    ),
    "rin": Format(
        "{text or tokens, entities: [{start, end, label}], relations: [{head, label, tail}]}",
        open_rin,
        is_record=is_rin,
    ),
}


def read_records(
    path: str | Path,
    format: str = "auto",
    *,
    lang: str = "en",
    strict: bool = False,
    max_length: int = MAX_LENGTH,
    max_run: int = MAX_RUN,
) -> Iterator[Record | Dropped]:
    """Read a file record by record.

    path (str | Path): The file.
    format (str): One of `FORMATS`, or "auto" to recognise it.
    lang (str): Language whose tokenizer splits raw text ("rin", "casrel").
    strict (bool): Whether a malformed record is an error; otherwise it becomes a Dropped.
    max_length (int): Characters of the longest text that is read.
    max_run (int): Characters of the longest run of marks in a text that is read.
    YIELDS (Record | Dropped): One for each record of the file, in its order.
    RAISES (ValueError): If there is no such format, the file cannot be read or, if strict, at the
        first malformed record.
    """
    path = Path(path)
    check_named(["auto", *FORMATS], "format", format)
    name = detect_format(path) if format == "auto" else format
    rows, parse = FORMATS[name].open(path, lang)
    for source, row in rows:
        try:
            if isinstance(row, MalformedError):
                raise row
            excess = find_excess(_text_of(row), max_run, max_length)
            if excess:
                yield Dropped(Reason(excess.kind), excess.reason, source)
                continue
            yield parse(row, source)
        except RejectedError as err:
            yield Dropped(Reason.REJECTED, str(err), source)
        except MalformedError as err:
            if strict:
                raise ValueError(Errors.R106.format(source=source, reason=err)) from err
            yield Dropped(Reason.MALFORMED, str(err), source)


def detect_format(path: str | Path) -> str:
    """Recognise a file's format by its first records.

    path (str | Path): The file.
    RETURNS (str): One of `FORMATS`.
    RAISES (ValueError): If it has none of the known forms. The message lists them.
    """
    path = Path(path)
    for name, form in FORMATS.items():
        if form.is_path(path):
            return name
    found = "no record"
    has_tokens = False
    for _, row in islice(read_rows(path), PEEK):
        if not isinstance(row, dict):
            found = str(row) if isinstance(row, MalformedError) else show(row)
        elif names := [name for name, form in FORMATS.items() if form.is_record(row)]:
            return names[0]
        elif row.get("tokens"):
            has_tokens = True
        else:
            found = f"fields {', '.join(map(repr, row))}"
    if has_tokens:
        # The records have tokens and no annotations. All formats read such records alike.
        return "rin"
    raise ValueError(Errors.R103.format(path=path, found=found, forms=_list_forms()))


def _text_of(row: Any) -> str:
    """The raw text of a row, which is to be split into words; or its tokens, which count, too."""
    row = row if isinstance(row, dict) else {}
    texts = [row.get(name) for name in ("text", "sentText")]
    tokens = row.get("tokens")
    texts += tokens if isinstance(tokens, list) else []
    return " ".join(text for text in texts if isinstance(text, str))


def _list_forms() -> str:
    """List what the records of all formats look like, one format a line."""
    width = max(map(len, FORMATS))
    return "\n".join(f"  {name:{width}}  {form.about}" for name, form in FORMATS.items())
