"""Files and streams → documents, in numbered batches.

Inputs are text files (one document a line), JSON lines, Parquet files, or standard input. The same
inputs and settings always give the same batches: a batch is what is read at once, what a journal
records, and what need not be read again.
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

from ..errors import Errors, check_least, check_named
from .parquet import check_columns, read_columns

STDIN = "-"
INPUT_FORMATS = ("auto", "text", "jsonl", "parquet")
SUFFIXES = {".txt": "text", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
# A batch ends here even if it has few documents: long ones are read one or two at once.
BATCH_CHARACTERS = 100_000


class Document(NamedTuple):
    """One text to read, or the reason why there is none.

    id (str): The record's own, or "<file name>:<number of its line or row>".
    text (str): The text.
    error (str): What is wrong with the record, if it could not be read.
    """

    id: str
    text: str
    error: str = ""


class DocumentBatch(NamedTuple):
    """Documents that are read at once; `number` says where in the stream, from 0."""

    number: int
    documents: list[Document]


@dataclass(frozen=True)
class Source:
    """Where documents come from, and how to read them.

    inputs (tuple[str, ...]): Paths, or "-" for standard input.
    format (str): "text", "jsonl" or "parquet"; "auto" to go by the end of the name.
    text_field (str): Field or column of the text.
    id_field (str): Field or column of the document's id; none to go by line or row.
    batch_size (int): Documents of a batch.
    """

    inputs: tuple[str, ...]
    format: str = "auto"
    text_field: str = "text"
    id_field: str | None = None
    batch_size: int = 128

    def fingerprint(self) -> dict[str, Any]:
        """RETURNS (dict): For JSON; equal if the same batches are to be expected."""
        return {
            "inputs": [_describe(path) for path in self.inputs],
            "format": self.format,
            "text_field": self.text_field,
            "id_field": self.id_field,
            "batch_size": self.batch_size,
        }


def check_source(source: Source) -> None:
    """Find out, before anything is read, what can't be.

    RAISES (ValueError): If an input is missing, a directory, of unknown form, or lacks a column;
        or if a setting makes no sense.
    """
    check_named(INPUT_FORMATS, "format", source.format)
    check_least("batch_size", source.batch_size, 1)
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

    source (Source): Where from; see `check_source`.
    done (Container[int]): Numbers of batches to leave out.
    YIELDS (DocumentBatch): In the order of the inputs.
    """
    for batch in _cut(read_documents(source), source.batch_size):
        if batch.number not in done:
            yield batch


def read_documents(source: Source) -> Iterator[Document]:
    """Read documents as a stream; a malformed record is a Document with an error."""
    for path, name in zip(source.inputs, _names(source.inputs), strict=True):
        form = _form(path, source.format)
        records = read_columns(path, _fields(source)) if form == "parquet" else _lines(path)
        fields = ("text", None) if form == "text" else (source.text_field, source.id_field)
        for number, record in records:
            yield _document(f"{name}:{number}", record, PARSERS[form], *fields)


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
    """Lines that are not blank, by number from 1."""
    with _open(path) as file:
        for number, line in enumerate(file, 1):
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            if line.strip():
                yield number, line


def _open(path: str) -> Any:
    # Decoded line by line, so that a wrong byte costs one document and not the rest of the file.
    return nullcontext(_stdin()) if path == STDIN else open(path, "rb")


def _stdin() -> BinaryIO:
    return sys.stdin.buffer


def _document(
    place: str,
    record: Any,
    parse: Callable[[Any], dict[str, Any]],
    text_field: str,
    id_field: str | None,
) -> Document:
    try:
        row = parse(record)
        id = place if id_field is None else _string(row, id_field, numbers=True)
        return Document(id, _string(row, text_field))
    except UnicodeDecodeError as error:
        return Document(place, "", Errors.R113.format(byte=error.object[error.start]))
    except json.JSONDecodeError as error:
        reason = f"{error.msg}, column {error.colno}"  # its line is always the first
        return Document(place, "", Errors.R111.format(reason=reason))
    except (ValueError, RecursionError) as error:
        return Document(place, "", str(error))


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
    if field not in row:
        raise ValueError(Errors.R109.format(name=field, found=", ".join(map(repr, row))))
    value = row[field]
    if numbers and type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise ValueError(
            Errors.R110.format(name=field, expected="a string", found=reprlib.repr(value))
        )
    value.encode("utf8")  # JSON can hold halves of characters, which no file can
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
    """File names, as ids begin; whole paths where two files have one name.

    A byte of a name that is no UTF-8 comes as an escape, since no output could hold it.
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
