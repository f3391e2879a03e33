"""Sources that no form recognises → what they look like, and what to do instead.

A form that is nearly another is told by what is missing.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from ...errors import Errors
from .arrow import is_arrow, magic
from .tables import missing_columns

# How files begin that are no text, and what to do with them.
BINARY = {
    b"PK\x03\x04": "it is a zip archive; unpack it, and give the file or folder inside",
    b"\x1f\x8b": "it is compressed by gzip; unpack it first",
    b"\xfd7zXZ": "it is compressed by xz; unpack it first",
    b"BZh": "it is compressed by bzip2; unpack it first",
    b"%PDF": "it is a PDF; annotate and export its text",
    b"SQLite": "it is a database; export its annotations first",
    b"\x80": "it is a pickle, which could run code; export as JSON instead",
}
SUFFIXES = {
    ".ann": "it is one half of a brat document; give the folder of its .txt and .ann files",
    ".xmi": "it looks like UIMA CAS XMI; export it from INCEpTION as WebAnno TSV v3.3",
    ".json.gz": "it is compressed by gzip; unpack it first",
    ".xlsx": "it is a spreadsheet; save it as CSV with the columns sentence, head, relation, tail",
}
FOLDERS = "brat (.txt and .ann), inception (.tsv), webnlg (.xml), or docbin (.spacy)"


def check_readable(path: Path) -> None:
    """Refuse what cannot hold JSON records, with what it is and what to do.

    path (Path): A file or folder that has no form of its own.
    RAISES (ValueError): If it is a folder, an archive, a table without the columns or the like.
    """
    reason = _reason_not_to_read(path)
    if reason:
        raise ValueError(Errors.R202.format(path=path, reason=reason))


def find_hint(row: Any, tables: bool = True) -> str | None:
    """Find out which form a record nearly has.

    row (Any): The JSON value of a record that no form recognises, or that only "rin" does.
    tables (bool): Whether it may be a row of a table.
    RETURNS (str | None): What it looks like and what it lacks; None if it looks like nothing.
    """
    if isinstance(row, list) and len(row) == 2 and isinstance(row[0], str):
        return (
            "It looks like spaCy's training tuples, which have no relations: write them down "
            "in the form 'rin'"
        )
    if not isinstance(row, dict):
        return None
    fields = row.keys()
    if fields & {"lead_time", "annotation_id"} and "annotations" not in fields:
        return (
            "It looks like Label Studio's JSON-MIN or CSV, which has no relations: export as JSON"
        )
    if "text" in fields and isinstance(row.get("label"), list) and "relations" not in fields:
        return "It looks like doccano's JSONL, which has no relations: export as JSONL(relation)"
    if isinstance(row.get("data"), dict):
        return "It looks like a task for Label Studio without annotations: export annotated ones"
    if fields & {"subj_start", "obj_start"}:
        return "It looks like TACRED, which has one relation a record: group them by sentence"
    if fields >= {"tokenized_text", "ner"}:
        return "It looks like GLiNER's form, which has no relations"
    if "sentences" in fields and fields & {"ner", "relations"}:
        lacking = {"ner", "relations"} - fields
        return f"It looks like dygie, but has no {', '.join(map(repr, sorted(lacking)))}"
    if "sents" in fields or "vertexSet" in fields:
        lacking = {"sents", "vertexSet"} - fields
        return f"It looks like docred, but has no {', '.join(map(repr, sorted(lacking)))}"
    missing = missing_columns(fields)
    if tables and 0 < len(missing) < 3:
        return f"It looks like csv, but has no column {', '.join(map(repr, missing))}"
    return None


def _reason_not_to_read(path: Path) -> str | None:
    if path.is_dir():
        kinds = Counter(file.suffix or "no suffix" for file in path.iterdir() if file.is_file())
        found = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(5)) or "no file"
        return f"it is a directory with {found}; directories are read in the forms {FOLDERS}"
    for suffix, reason in SUFFIXES.items():
        if path.name.lower().endswith(suffix):
            return reason
    begin = magic(path)
    for start, reason in BINARY.items():
        if begin.startswith(start):
            return reason
    if b"\0" in begin and not is_arrow(path):
        return "it is a binary file"
    return None
