"""Files and standard input → documents, in numbered batches.

This is the first step of an extraction; an engine reads the batches. An input is a text file (one
document per line), a file of JSON lines, a Parquet file, or standard input.

A batch is read at once, recorded in the journal as a whole, and skipped when a run is resumed. So
the same inputs and settings must always give the same batches.
"""

from __future__ import annotations

import codecs
import json
import os
import reprlib
import sys
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ..corpus.limits import MAX_RUN, RUN_TOO_LONG, find_excess
from ..errors import Errors, check_least, check_named
from .parquet import check_columns, read_columns

STDIN = "-"
INPUT_FORMATS = ("auto", "text", "jsonl", "parquet")
SUFFIXES = {".txt": "text", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
# A batch also ends at this many characters, so that few long documents are in memory at once.
BATCH_CHARACTERS = 100_000


class Document(NamedTuple):
    """One text to read, or the reason why there is none.

    id (str): The record's own id, or "<file name>:<number of its line or row>".
    text (str): The text.
    error (str): What is wrong with the record; empty if it could be read.
    """

    id: str
    text: str
    error: str = ""

    @property
    def is_malformed(self) -> bool:
        """Whether the record is not of the right form. A text that is too long is well formed.

        RETURNS (bool): Whether it is malformed.
        """
        return bool(self.error) and not self.error.startswith(RUN_TOO_LONG)


class DocumentBatch(NamedTuple):
    """Documents that are read at once.

    number (int): The place of the batch in the stream, from 0.
    documents (list[Document]): The documents.
    """

    number: int
    documents: list[Document]


@dataclass(frozen=True)
class Source:
    """Where documents come from, and how to read them.

    inputs (tuple[str, ...]): Paths, or "-" for standard input.
    format (str): "text", "jsonl" or "parquet"; "auto" to go by the suffix of each name.
    text_field (str): Field or column of the text.
    id_field (str): Field or column of the document's id; None to number lines or rows.
    batch_size (int): Number of documents in a batch, at most.
    max_run (int): Characters of the longest run of punctuation marks that is read.
    """

    inputs: tuple[str, ...]
    format: str = "auto"
    text_field: str = "text"
    id_field: str | None = None
    batch_size: int = 128
    max_run: int = MAX_RUN

    def fingerprint(self) -> dict[str, Any]:
        """Describe the source, so that a resumed run can tell whether it is still the same.

        RETURNS (dict): A description for JSON. If two are equal, the batches are the same.
        """
        return {
            "inputs": [_describe(path) for path in self.inputs],
            "format": self.format,
            "text_field": self.text_field,
            "id_field": self.id_field,
            "batch_size": self.batch_size,
            "max_run": self.max_run,
        }

    def check_unchanged(self, fingerprint: dict[str, Any]) -> None:
        """Make sure, when all is read, that no input has changed meanwhile.

        fingerprint (dict): What `fingerprint` returned before.
        RAISES (ValueError): If an input has grown, shrunk, was written or is gone.
        """
        for path, before in zip(self.inputs, fingerprint["inputs"], strict=True):
            if not (path == STDIN or Path(path).exists()) or _describe(path) != before:
                raise ValueError(Errors.R161.format(path=path))


def check_source(source: Source) -> None:
    """Find out, before anything is read, whether all inputs can be read.

    source (Source): The inputs and their settings.
    RAISES (ValueError): If an input is missing, a directory, of unknown form, lacks a column, or is
        given twice; or if a setting is out of range.
    """
    check_named(INPUT_FORMATS, "format", source.format)
    check_least("batch_size", source.batch_size, 1)
    check_least("max_run", source.max_run, 1)
    if not source.inputs:
        raise ValueError(Errors.R060.format(path="nothing", reason="there is no input"))
    for path in source.inputs:
        reason = None if path == STDIN else _reason_not_to_read(Path(path))
        if reason:
            raise ValueError(Errors.R060.format(path=path, reason=reason))
        if _form(path, source.format) == "parquet":
            check_columns(path, _fields(source))
    (path, count), *_ = Counter(map(_resolve, source.inputs)).most_common(1)
    if count > 1:
        raise ValueError(Errors.R057.format(path=path))


def read_batches(source: Source, done: Container[int] = ()) -> Iterator[DocumentBatch]:
    """Read documents as a stream, batch by batch.

    source (Source): A source that has passed `check_source`.
    done (Container[int]): Numbers of the batches to leave out.
    YIELDS (DocumentBatch): The other batches, in the order of the inputs.
    """
    for batch in _cut(read_documents(source), source.batch_size):
        if batch.number not in done:
            yield batch


def read_documents(source: Source) -> Iterator[Document]:
    """Read documents as a stream.

    source (Source): A source that has passed `check_source`.
    YIELDS (Document): Each document; for a malformed record, one with an error.
    """
    for path, name in zip(source.inputs, _names(source.inputs), strict=True):
        form = _form(path, source.format)
        records = read_columns(path, _fields(source)) if form == "parquet" else _lines(path)
        fields = ("text", None) if form == "text" else (source.text_field, source.id_field)
        for number, record in records:
            document = _document(f"{name}:{number}", record, PARSERS[form], *fields)
            excess = find_excess(document.text, source.max_run, sys.maxsize)
            yield Document(document.id, "", ": ".join(excess)) if excess else document


def _cut(documents: Iterable[Document], size: int) -> Iterator[DocumentBatch]:
    number, batch, characters = 0, list[Document](), 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if len(batch) == size or characters >= BATCH_CHARACTERS:
            yield DocumentBatch(number, batch)
            number, batch, characters = number + 1, [], 0
    if batch:
        yield DocumentBatch(number, batch)


def _lines(path: str) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, with their numbers, from 1."""
    with _open(path) as file:
        for number, line in enumerate(file, 1):
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            if line.strip():
                yield number, line


def _open(path: str) -> Any:
    # As bytes: each line is decoded by itself, so that a wrong byte makes one document fail and
    # not the rest of the file.
    return nullcontext(_stdin()) if path == STDIN else open(path, "rb")


def _stdin() -> BinaryIO:
    if sys.stdin is None or sys.stdin.buffer.closed:
        reason = "standard input is closed"
        raise ValueError(Errors.R060.format(path=STDIN, reason=reason))
    return sys.stdin.buffer


def _document(
    place: str,
    record: Any,
    parse: Callable[[Any], dict[str, Any]],
    text_field: str,
    id_field: str | None,
) -> Document:
    """Parse one record. Whatever is wrong with it becomes the document's error.

    The document's id is `place` ("<file name>:<number>") if there is no field of ids, or if it
    can't be read. With an id of its own, the place is named in the error.
    """
    document_id = place
    try:
        row = parse(record)
        if id_field is not None:
            document_id = _string(row, id_field, numbers=True)
        return Document(document_id, _string(row, text_field))
    except UnicodeDecodeError as error:
        reason = Errors.R113.format(byte=error.object[error.start])
        if id_field is not None:
            document_id = _id_anyway(error.object, id_field) or place
    except json.JSONDecodeError as error:
        # The error's own line is left out: a record is one line, so that it is always 1.
        reason = Errors.R111.format(reason=f"{error.msg}, column {error.colno}")
    except (ValueError, RecursionError) as error:
        reason = str(error)
    return Document(document_id, "", reason if document_id == place else f"{place}: {reason}")


def _id_anyway(line: bytes, field: str) -> str:
    """The id of a JSON line that is not UTF-8; empty if it can't be read itself."""
    try:
        found = _string(_parse_json(line.decode("utf8", "replace").encode("utf8")), field, True)
    except (ValueError, RecursionError):
        return ""
    return "" if "\N{REPLACEMENT CHARACTER}" in found else found


def _parse_text(line: bytes) -> dict[str, Any]:
    return {"text": line.decode("utf8").rstrip("\r\n")}


def _parse_json(line: bytes) -> dict[str, Any]:
    row = json.loads(line.decode("utf8"))
    if not isinstance(row, dict):
        raise ValueError(
            Errors.R110.format(name="record", expected="a JSON object", found=reprlib.repr(row))
        )
    return row


def _parse_row(row: dict[str, Any]) -> dict[str, Any]:
    return row


PARSERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "text": _parse_text,
    "jsonl": _parse_json,
    "parquet": _parse_row,
}


def _string(row: dict[str, Any], field: str, numbers: bool = False) -> str:
    """The string in a field of a record; with `numbers`, an integer is accepted as well."""
    if field not in row:
        raise ValueError(Errors.R109.format(name=field, found=", ".join(map(repr, row))))
    value = row[field]
    if numbers and type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise ValueError(
            Errors.R110.format(name=field, expected="a string", found=reprlib.repr(value))
        )
    value.encode("utf8")  # Fails on a lone surrogate: JSON can express it, but no output can.
    return value


def _form(path: str, format: str) -> str:
    if format != "auto":
        return format
    form = "text" if path == STDIN else SUFFIXES.get(Path(path).suffix.lower())
    if form is None:
        raise ValueError(Errors.R061.format(path=path, suffixes=", ".join(SUFFIXES)))
    return form


def _fields(source: Source) -> list[str]:
    return [source.text_field] + ([] if source.id_field is None else [source.id_field])


def _names(inputs: Iterable[str]) -> list[str]:
    """The start of the ids of each input: its file name, or its path if two names are equal.

    A byte of a name that is not UTF-8 is replaced by an escape, since no output could hold it.
    """
    inputs = [path.encode("utf8", "backslashreplace").decode("utf8") for path in inputs]
    names = [(path, "stdin" if path == STDIN else Path(path).name) for path in inputs]
    count = Counter(name for _, name in names)
    return [name if count[name] == 1 else path for path, name in names]


def _reason_not_to_read(path: Path) -> str | None:
    if not path.exists():
        return "there is no such file"
    if path.is_dir():
        return "it is a directory"
    return None if os.access(path, os.R_OK) else "no permission"


def _resolve(path: str) -> str:
    return path if path == STDIN else str(Path(path).resolve())


def _describe(path: str) -> dict[str, Any]:
    if path == STDIN:
        return {"path": STDIN}
    stat = os.stat(path)
    return {"path": _resolve(path), "size": stat.st_size, "mtime": stat.st_mtime_ns}
