"""WebNLG's XML → a `Record` for each text: the form of the challenge, and the enriched one.

The challenge's form has texts and triples of DBpedia's names. The enriched one (Castro Ferreira et
al. 2018) also says which words of the text mean which name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from ...errors import Errors
from .arrow import magic
from .checks import check_text, wrong
from .placing import WordMap, tokenise
from .records import Mention, Opened, RawRow, Reading, Record, Span

LITERAL = re.compile(r'"(.*)"(?:@\w+|\^\^\S+)?', re.DOTALL)
IN_BRACKETS = re.compile(r"\s*\([^()]*\)$")
TYPES = ("name", "description")  # of a reference, the best first; others are pronouns and the like


class Lexicalisation(NamedTuple):
    """One text of an entry.

    text (str): The text.
    triples (list[str]): Its triples, "head | relation | tail".
    references (list[tuple[str, str, str]]): Name, type and words of each mention, in the order of
        the text; none in the challenge's form.
    """

    text: str
    triples: list[str]
    references: list[tuple[str, str, str]]


def open_webnlg(path: Path, reading: Reading) -> Opened:
    """Open a file, or all files of a folder and those in it.

    path (Path): The file or folder.
    reading (Reading): How texts are split, and mentions placed.
    RETURNS (Opened): The texts and their parser.
    """
    files = sorted(filter(_is_file, path.rglob("*.xml"))) if path.is_dir() else [path]
    return (row for file in files for row in _texts(file)), partial(parse_webnlg, reading)


def parse_webnlg(reading: Reading, found: Lexicalisation, source: str) -> Record:
    """Parse a text and its triples.

    A name stands where its first reference is, preferably one by name. Without a reference it is
    looked up in the text: without underscores, then also without its brackets.

    reading (Reading): How the text is split, and mentions placed.
    found (Lexicalisation): The text.
    source (str): Its file and entry.
    RETURNS (Record): The record.
    RAISES (MalformedError): If a triple does not have three parts.
    """
    word_map = tokenise(check_text(found.text, "text"), reading)
    record = word_map.record(source)
    triples = []
    for text in found.triples:
        parts = [part.strip() for part in text.split(" | ")]
        if len(parts) != 3 or not all(parts):
            raise wrong("triple", "head | relation | tail", text)
        triples.append(parts)
    names = list(dict.fromkeys(name for head, _, tail in triples for name in (head, tail)))
    places = _place_references(record, word_map, found.references)
    written = {name: list(_written(name)) for name in names if name not in places}
    given = [mention[:2] for mention in record.entities]
    word_map.expect(dict.fromkeys(text for texts in written.values() for text in texts), given)
    for name, texts in written.items():
        if span := next(filter(None, map(word_map.find, texts)), None):
            places[name] = Mention(*span)
    for head, label, tail in triples:
        example = f"{head} | {label} | {tail}"
        record.add_triple(places.get(head), label, places.get(tail), example)
    return record


def is_webnlg(path: Path) -> bool:
    """Recognise a file, or a folder with such files.

    path (Path): Any file or folder.
    RETURNS (bool): Whether it is XML with a benchmark in it.
    """
    return any(map(_is_file, path.rglob("*.xml"))) if path.is_dir() else _is_file(path)


def _is_file(path: Path) -> bool:
    if path.suffix.lower() != ".xml" or not magic(path):
        return False
    with path.open("rb") as handle:
        return b"<benchmark" in handle.read(4096)


def _place_references(
    record: Record, word_map: WordMap, references: list[tuple[str, str, str]]
) -> dict[str, Mention]:
    """Place the mentions of the text in their order → the best mention of each name."""
    counts: dict[str, int] = {}
    best: dict[str, tuple[int, Mention]] = {}
    spans: list[Span] = []
    for name, kind, text in references:
        counts[text] = counts.get(text, 0) + 1
        span = _after(word_map, text, spans[-1][1] if spans else 0)
        mention = record.mention(span)
        record.add_entity(mention, f"{text} ({name})")
        if span and mention:
            spans.append(span)
            rank = TYPES.index(kind) if kind in TYPES else len(TYPES)
            if name not in best or rank < best[name][0]:
                best[name] = rank, mention
    return {name: mention for name, (_, mention) in best.items()}


def _after(word_map: WordMap, text: str, start: int) -> Span | None:
    """The first occurrence of a text from a word on; if there is none, the first of all."""
    nth = 1
    while span := word_map.find(text, nth):
        if span[0] >= start:
            return span
        nth += 1
    return word_map.find(text)


def _written(name: str) -> Iterator[str]:
    """How a name of DBpedia may be written in a text."""
    literal = LITERAL.fullmatch(name)
    plain = literal[1] if literal else name.replace("_", " ")
    yield plain
    if short := IN_BRACKETS.sub("", plain):
        yield short


def _texts(path: Path) -> Iterator[RawRow]:
    number = 0
    try:
        for _, entry in ElementTree.iterparse(path):
            if entry.tag != "entry":
                continue
            number += 1
            place = f"{path}:{entry.get('eid', number)}"
            triples = [item.text or "" for item in entry.findall("modifiedtripleset/mtriple")]
            texts = entry.findall("lex")
            for count, lex in enumerate(texts, 1):
                yield f"{place} (text {count})", _lexicalisation(lex, triples)
            if not texts:
                yield place, wrong("the entry", "at least one text (<lex>)", "none")
            entry.clear()
    except ElementTree.ParseError as err:
        raise ValueError(Errors.R205.format(path=path, reason=err)) from err
    except OSError as err:
        raise ValueError(Errors.R100.format(path=path, reason=err.strerror or err)) from err


def _lexicalisation(lex: ElementTree.Element, triples: list[str]) -> Lexicalisation:
    text = lex.findtext("text")
    own = [item.text or "" for item in lex.findall("sortedtripleset/sentence/striple")]
    references = [
        (item.get("entity", ""), item.get("type", ""), item.text or "")
        for item in lex.findall("references/reference")
    ]
    return Lexicalisation(text if text is not None else lex.text or "", own or triples, references)
