"""Raw data files → a stream of `Record`s: the words, entities and triples of one sentence each.

The first step of the data's way, before `convert`. A format is one entry of `FORMATS`; detection,
messages and the help of the command line are made from the entries.

Readers stream, so memory does not grow with the file. A JSON file may be a list, or have one record
a line, whatever its format. Nothing is lost silently: what cannot be used becomes a `Dropped`.

All formats follow these rules:

- A mention given as text is placed at its first occurrence that no other mention of the record
  covers. With `mentions = "first"` it is the first of all, as is usual in the field. An entity that
  is listed k times takes the first k.
- A mention given by offsets is never moved. Its outer whitespace is trimmed, and it takes the words
  that it touches, unless `alignment = "strict"`.
- Words that differ only in accents match if the mention is not found as it is. NYT's relations say
  "Bogotá" where its sentences say "Bogota".
- A record is left out if its text is over `max_length`, or has a run of marks over `max_run`.
- In the research formats, Penn Treebank escapes (-LRB-, \\/, ``) are undone in words and mentions.
- A mention without a type of its own gets the label ENTITY.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from ...errors import Errors, check_named
from ..limits import MAX_LENGTH, MAX_RUN, ExcessError
from .brat import is_brat, open_brat
from .checks import MalformedError, RejectedError, show
from .docbin_format import is_docbin, open_docbin
from .documents import is_docred, is_dygie, open_docred, open_dygie
from .hints import check_readable, find_hint
from .inception import is_inception, open_inception
from .jsonstream import PEEK, read_rows
from .records import (
    ENTITY,
    Dropped,
    Mention,
    Opened,
    RawTriple,
    Reading,
    Reason,
    Record,
    Span,
)
from .research_formats import (
    is_copymtl,
    is_spert,
    open_casrel,
    open_copymtl,
    open_json,
    open_read,
    parse_copyre,
    parse_jointer,
    parse_spert,
)
from .tables import is_csv, is_table, open_table
from .tool_formats import is_doccano, is_label_studio, parse_doccano, parse_label_studio
from .user_formats import is_prodigy, is_rin, parse_prodigy, parse_rin
from .webnlg import is_webnlg, open_webnlg

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


MENTIONS = ("free", "first")
ALIGNMENTS = ("expand", "strict")


@dataclass(frozen=True)
class Format:
    """One form of raw data: how it is recognised, and how it is read.

    about (str): What a record looks like, for the message that lists all forms.
    open (Callable): Given a file, folder or rows, and how to read them, returns rows and parser.
    is_record (Callable): Whether the JSON object of a record has this form.
    is_path (Callable): Whether a file or folder has this form. Only for forms that are not one JSON
        object a record; a form of JSON objects needs `is_record` alone.
    """

    about: str
    open: Callable[[Any, Reading], Opened]
    is_record: Callable[[dict[str, Any]], bool] = lambda row: False
    is_path: Callable[[Path], bool] = lambda path: False


# The first format that recognises a file takes it. "rin" takes nearly all, so it is the last. Forms
# of binary files go before "copymtl", which reads the beginning of a file as text.
FORMATS = {
    "docbin": Format(
        ".spacy files or folders of them, with doc._.rel or doc._.relations",
        open_docbin,
        is_path=is_docbin,
    ),
    "brat": Format(
        "a folder of .txt and .ann files",
        open_brat,
        is_path=is_brat,
    ),
    "inception": Format(
        "WebAnno TSV 3 of INCEpTION: a file or a folder of them",
        open_inception,
        is_path=is_inception,
    ),
    "webnlg": Format(
        "<benchmark><entries><entry>: an XML file or a folder of them",
        open_webnlg,
        is_path=is_webnlg,
    ),
    "csv": Format(
        "a table with the columns sentence, head, relation, tail",
        open_table,
        is_record=is_table,
        is_path=is_csv,
    ),
    "label_studio": Format(
        "{data: {text}, annotations: [{result: [{id, value, type}, {from_id, to_id, labels}]}]}",
        partial(open_read, parse_label_studio),
        is_record=is_label_studio,
    ),
    "doccano": Format(
        "{text, entities: [{id, start_offset, end_offset}], relations: [{from_id, to_id, type}]}",
        partial(open_read, parse_doccano),
        is_record=is_doccano,
    ),
    "dygie": Format(
        "{sentences: [[word]], ner: [[[first, last, label]]], relations: [[[..., ..., label]]]}",
        open_dygie,
        is_record=is_dygie,
    ),
    "docred": Format(
        "{sents: [[word]], vertexSet: [[{sent_id, pos, type}]], labels: [{h, t, r}]}",
        open_docred,
        is_record=is_docred,
    ),
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
        partial(open_read, parse_copyre),
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
        partial(open_read, parse_rin),
        is_record=is_rin,
    ),
}


def read_records(
    source: str | Path | Sequence[Any],
    format: str = "auto",
    *,
    lang: str = "en",
    strict: bool = False,
    mentions: str = "free",
    alignment: str = "expand",
    max_length: int = MAX_LENGTH,
    max_run: int = MAX_RUN,
) -> Iterator[Record | Dropped]:
    """Read a file, a folder or rows record by record.

    source (str | Path | Sequence[Any]): A path, or rows in memory.
    format (str): One of `FORMATS`, or "auto" to recognise it.
    lang (str): Language whose tokenizer splits raw text.
    strict (bool): Whether a malformed record is an error; otherwise it becomes a Dropped.
    mentions (str): One of `MENTIONS`: where a mention stands that is given as text.
    alignment (str): One of `ALIGNMENTS`: what becomes of offsets that fit no words.
    max_length (int): Characters of the longest text that is read.
    max_run (int): Characters of the longest run of marks in a text that is read.
    YIELDS (Record | Dropped): One for each record of the source, in its order.
    RAISES (ValueError): If there is no such format, the file cannot be read or, if strict, at the
        first malformed record.
    """
    source = Path(source) if isinstance(source, str) else source
    check_named(["auto", *FORMATS], "format", format)
    check_named(MENTIONS, "mentions", mentions)
    check_named(ALIGNMENTS, "alignment", alignment)
    name = detect_format(source) if format == "auto" else format
    reading = Reading(lang, mentions, alignment, max_length, max_run)
    rows, parse = FORMATS[name].open(source, reading)
    for place, row in rows:
        try:
            if isinstance(row, MalformedError | RejectedError):
                raise row
            record = parse(row, place)
            # Of a form whose words are given, nothing has looked at the text before. The pipeline
            # that is trained will split it.
            reading.check(record.raw)
            yield record
        except ExcessError as err:
            yield Dropped(Reason(err.kind), str(err), place)
        except RejectedError as err:
            yield Dropped(Reason.REJECTED, str(err), place)
        except MalformedError as err:
            if strict:
                raise ValueError(Errors.R106.format(source=place, reason=err)) from err
            yield Dropped(Reason.MALFORMED, str(err), place)


def detect_format(source: str | Path | Sequence[Any]) -> str:
    """Recognise a source's format by its first records.

    source (str | Path | Sequence[Any]): A path, or rows in memory.
    RETURNS (str): One of `FORMATS`.
    RAISES (ValueError): If it has none of the known forms. The message lists them.
    """
    source = Path(source) if isinstance(source, str) else source
    if isinstance(source, Path):
        for name, form in FORMATS.items():
            if form.is_path(source):
                return name
        check_readable(source)
    found = "no record"
    has_tokens = False
    where = source if isinstance(source, Path) else "the rows"
    for _, row in islice(read_rows(source), PEEK):
        if not isinstance(row, dict):
            found = str(row) if isinstance(row, MalformedError) else show(row)
            if hint := find_hint(row):
                raise ValueError(Errors.R201.format(path=where, found=found, hint=hint))
        elif names := [name for name, form in FORMATS.items() if form.is_record(row)]:
            if names[0] == "rin" and (hint := find_hint(row, tables=False)):
                raise ValueError(Errors.R201.format(path=where, found="another form", hint=hint))
            return names[0]
        elif row.get("tokens"):
            has_tokens = True
        else:
            found = f"fields {', '.join(map(repr, row))}"
            if hint := find_hint(row):
                raise ValueError(Errors.R201.format(path=where, found=found, hint=hint))
    if has_tokens:
        # The records have tokens and no annotations. All formats read such records alike.
        return "rin"
    raise ValueError(Errors.R103.format(path=where, found=found, forms=_list_forms()))


def _list_forms() -> str:
    """List what the records of all formats look like, one format a line."""
    width = max(map(len, FORMATS))
    return "\n".join(f"  {name:{width}}  {form.about}" for name, form in FORMATS.items())
