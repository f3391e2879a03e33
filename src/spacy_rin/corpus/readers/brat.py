"""brat's folders, a .txt and an .ann file for each document → a `Record` a document.

The form is described at http://brat.nlplab.org/standoff.html. Offsets are characters of the .txt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

from ...errors import Errors
from .checks import MalformedError, RejectedError, check_range, check_text, wrong
from .linking import Linked
from .placing import tokenise
from .records import Opened, RawRow, Reading, Reason, Record

# Offsets of at most 15 digits: Python refuses to read numbers of thousands.
TEXT_BOUND = re.compile(r"(\S+) (\d{1,15} \d{1,15}(?:;\d{1,15} \d{1,15})*)\b")
RELATION = re.compile(r"(\S+) \S+?:(\S+) \S+?:(\S+)\s*")
EVENT = re.compile(r"(\S+?):(\S+)(.*)")


class BratDocument(NamedTuple):
    """One document of a folder.

    text (str): Its text, with line breaks as they are.
    lines (list[tuple[int, str]]): The lines of its annotations, numbered from 1.
    """

    text: str
    lines: list[tuple[int, str]]


def open_brat(folder: Path, reading: Reading) -> Opened:
    """Open a folder, and those in it.

    folder (Path): The folder.
    reading (Reading): How texts are split, and mentions placed.
    RETURNS (Opened): The documents and their parser.
    """
    return _documents(folder), partial(parse_brat, reading)


def parse_brat(reading: Reading, document: BratDocument, source: str) -> Record:
    """Parse a document.

    Spans of several parts are left out and counted, and so are events. Members of an equivalence
    are related in pairs, the earlier one first.

    reading (Reading): How the text is split, and mentions placed.
    document (BratDocument): The document.
    source (str): Its file.
    RETURNS (Record): The record.
    RAISES (MalformedError): If a line is not of this form.
    """
    text = check_text(document.text, "the text")
    word_map = tokenise(text, reading)
    linked = Linked(word_map.record(source), word_map)
    triggers = _triggers(document)
    starts: dict[str, int] = {}
    # Lines may stand in any order, so the mentions of all are read first.
    for number, line in document.lines:
        name, _, rest = line.partition("\t")
        if name.startswith("T"):
            starts[name] = _add_text_bound(linked, text, name, rest, number)
    for number, line in document.lines:
        name, _, rest = line.partition("\t")
        if name.startswith("R"):
            if not (match := RELATION.fullmatch(rest)):
                raise wrong(f"line {number}", "R1, tab, label Arg1:T1 Arg2:T2", line)
            label, head, tail = match.groups()
            linked.add_link(triggers.get(head, head), label, triggers.get(tail, tail))
        elif name == "*":
            if not (parts := rest.split()):
                raise wrong(f"line {number}", "*, tab, label T1 T2", line)
            label, *members = parts
            members.sort(key=lambda member: starts.get(member, len(text)))
            for head, tail in combinations(members, 2):
                linked.add_link(head, label, tail)
        elif name.startswith("E"):
            linked.record.drop(Reason.NOT_READ, line.replace("\t", " "))
    return linked.record


def is_brat(path: Path) -> bool:
    """Recognise a folder with annotations of brat.

    path (Path): Any file or folder.
    RETURNS (bool): Whether it is a folder, and it or one in it has an .ann file.
    """
    return path.is_dir() and any(path.rglob("*.ann"))


def _add_text_bound(linked: Linked, text: str, name: str, rest: str, number: int) -> int:
    """Add a line that begins with T, and tell where its mention starts."""
    if not (match := TEXT_BOUND.match(rest)):
        raise wrong(f"line {number}", "T1, tab, label start end, tab, text", f"{name} {rest}")
    label, parts = match.groups()
    bounds = [tuple(map(int, part.split())) for part in parts.split(";")]
    spans = [check_range(start, end, len(text), f"line {number}") for start, end in bounds]
    # The parts of a mention that goes over a line break are one for each line.
    outer = spans[0][0], spans[-1][1]
    if all(not text[a[1] : b[0]].strip() for a, b in pairwise(spans)):
        linked.add_span(name, outer, label)
    else:
        shown = " … ".join(text[slice(*span)] for span in spans)
        linked.leave_out(name, Reason.DISCONTINUOUS, f"{shown} ({label})", spans)
    return outer[0]


def _triggers(document: BratDocument) -> dict[str, str]:
    """The mention that stands for each event, where a relation has an event as one end."""
    found = {}
    for _, line in document.lines:
        name, _, rest = line.partition("\t")
        if name.startswith("E") and (match := EVENT.fullmatch(rest)):
            found[name] = match[2]
    return found


def _documents(folder: Path) -> Iterator[RawRow]:
    names = {*folder.rglob("*.txt"), *(p.with_suffix(".txt") for p in folder.rglob("*.ann"))}
    for path in sorted(names):
        beside = path.with_suffix(".ann")
        if not path.is_file():
            yield str(beside), MalformedError(f"there is no {path.name}")
            continue
        if not beside.is_file():
            yield str(path), RejectedError(f"there is no {beside.name}")
            continue
        lines = [
            (number, line)
            # Not `splitlines`: a mention may have a mark that is a line break to Python alone.
            for number, line in enumerate(_read(beside).replace("\r\n", "\n").split("\n"), 1)
            if line.strip()
        ]
        yield str(path), BratDocument(_read(path), lines)


def _read(path: Path) -> str:
    """Read a text without touching its line breaks, which count."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as err:
        byte = f"0x{err.object[err.start]:02x}"
        raise ValueError(Errors.R100.format(path=path, reason=f"not UTF-8, byte {byte}")) from err
    except OSError as err:
        raise ValueError(Errors.R100.format(path=path, reason=err.strerror or err)) from err
