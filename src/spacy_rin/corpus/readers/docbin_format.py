"""`.spacy` files of gold Docs → `Record`s, by `doc._.rel` of spaCy's tutorial or `doc._.relations`.

In the tutorial (explosion/projects, tutorials/rel_component), relations are scores of all pairs of
entities: {(start of head, start of tail): {label: score}}, where the starts count tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from ...errors import Errors
from ...relations import get_relations, has_relations
from ..docbin import unpack_docs
from .arrow import magic
from .checks import MalformedError
from .placing import show_triple
from .records import ENTITY, Mention, Opened, RawRow, Reading, Record

# The key of doc._.rel in doc.user_data, whether or not the tutorial's code has registered it.
REL_KEY: Any = ("._.", "rel", None, None)
PACKED = b"\x78"  # how a DocBin begins: its content is compressed by zlib
THRESHOLD = 0.5  # least score of a relation


def open_docbin(path: Path, reading: Reading) -> Opened:
    """Open a .spacy file, or a directory of them.

    path (Path): The file or directory.
    reading (Reading): Not used, since the words are given.
    RETURNS (Opened): The Docs and their parser.
    """
    files = sorted(path.rglob("*.spacy")) if path.is_dir() else [path]
    return (row for file in files for row in _docs(file)), parse_doc


def parse_doc(doc: Doc, source: str) -> Record:
    """Parse a Doc with doc._.rel, or with relations.

    doc (Doc): The Doc.
    source (str): Its file and number.
    RETURNS (Record): The record.
    RAISES (MalformedError): If it has neither, or does not fit its entities.
    """
    words, spaces = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
    tags = [token.tag_ for token in doc]
    record = Record(
        words,
        None if doc.has_unknown_spaces else spaces,
        tags if all(tags) and tags else None,
        source=source,
    )
    for ent in doc.ents:
        record.add_entity(_mention(ent))
    try:
        triples = list(_triples(doc))
    # What is stored in their place may be anything.
    except Exception as err:
        raise MalformedError(" ".join(str(err).split())) from err
    for head, label, tail in triples:
        record.add_triple(head, label, tail, show_triple(words, head, label, tail))
    return record


def is_docbin(path: Path) -> bool:
    """Recognise .spacy files, by their names and their content.

    path (Path): Any file or folder.
    RETURNS (bool): Whether it is such a file, or a directory with one.
    """
    if path.is_dir():
        return any(map(is_docbin, path.rglob("*.spacy")))
    return path.suffix == ".spacy" and magic(path).startswith(PACKED)


def read_rel(doc: Doc, threshold: float) -> Iterator[tuple[Span, str, Span, float]]:
    """Read doc._.rel.

    doc (Doc): A Doc with the entities it was made with.
    threshold (float): Least score of a relation.
    YIELDS (tuple[Span, str, Span, float]): Head, label, tail and score, in document order.
    RAISES (ValueError): If the Doc has no doc._.rel, or lacks entities that it relates.
    """
    if REL_KEY not in doc.user_data and len(doc.ents) > 1:
        raise ValueError(Errors.R088.format(text=doc.text[:80]))
    ents = {ent.start: ent for ent in doc.ents}
    for (head, tail), scores in sorted(doc.user_data.get(REL_KEY, {}).items()):
        for label, score in sorted(scores.items()):
            if score < threshold:
                continue
            if not {head, tail} <= ents.keys():
                starts = ", ".join(map(str, ents)) or "none"
                raise ValueError(
                    Errors.R089.format(head=head, tail=tail, label=label, starts=starts)
                )
            yield ents[head], label, ents[tail], float(score)


def _triples(doc: Doc) -> Iterator[tuple[Mention, str, Mention]]:
    if has_relations(doc) and REL_KEY not in doc.user_data:
        for relation in get_relations(doc):
            yield _mention(relation.head), relation.label, _mention(relation.tail)
    else:
        for head, label, tail, _ in read_rel(doc, THRESHOLD):
            yield _mention(head), label, _mention(tail)


def _mention(span: Span) -> Mention:
    return Mention(span.start, span.end, span.label_ or ENTITY)


def _docs(path: Path) -> Iterator[RawRow]:
    docs = unpack_docs(path, Vocab())
    return ((f"{path}:{number}", doc) for number, doc in enumerate(docs, 1))
