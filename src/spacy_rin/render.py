"""Docs → pictures: entities as words, relations as labelled arcs, by displaCy's manual mode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any

from spacy import displacy
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from .files import write_text
from .relations import Relation, get_relations

# Words that no relation touches share a place in the picture up to this many characters.
PLACE = 20
PIXELS = 8


def render(
    docs: Doc | Iterable[Doc],
    *,
    page: bool = False,
    jupyter: bool | None = None,
    options: dict[str, Any] | None = None,
) -> str:
    """Draw the relations of Docs, one picture a sentence (where sentence starts are set).

    docs (Doc | Iterable[Doc]): Docs with relations.
    page (bool): Whether to return a whole HTML page.
    jupyter (bool): As displaCy's: None to show the pictures if this is a notebook.
    options (dict): displaCy's options for style "dep", e.g. distance, compact, color.
    RETURNS (str): HTML; empty where a notebook shows it.

    >>> doc = Doc(Vocab(), words=["Ada", "saw", "Rome"])
    >>> doc._.relations = [Relation(Span(doc, 0, 1, "PER"), "saw", Span(doc, 2, 3, "LOC"))]
    >>> html = render(doc, jupyter=False, options={"compact": False})
    >>> html.startswith("<svg") and "Rome" in html
    True
    """
    docs = [docs] if isinstance(docs, Doc) else docs
    pictures = [picture for doc in docs for picture in parse_relations(doc)]
    # displaCy sets words at equal distances, centred: wide enough for the longest of them.
    longest = max((len(word["text"]) for p in pictures for word in p["words"]), default=0)
    distance = PIXELS * longest + 20
    settings = {"compact": True, "distance": distance, "offset_x": distance // 2}
    settings.update(options or {})
    html = displacy.render(
        pictures, style="dep", manual=True, page=page, jupyter=jupyter, options=settings
    )
    return html or ""


def write_page(path: str | Path, docs: Iterable[Doc]) -> None:
    """Write pictures as an HTML page, beside its final name until it is whole."""
    write_text(path, render(docs, page=True, jupyter=False))


def parse_relations(doc: Doc) -> Iterator[dict[str, Any]]:
    """Turn a Doc into displaCy's manual input for style "dep".

    doc (Doc): A Doc with relations.
    YIELDS (dict): "words" and "arcs" of each sentence. A mention that is nested in another is part
        of that one's word; a relation between the two has no arc and is named in the title.
    """
    relations = get_relations(doc)
    ends = [span for relation in relations for span in (relation.head, relation.tail)]
    chunks = sorted(filter_spans([*doc.ents, *ends]), key=lambda span: span.start)
    for start, end in _picture_bounds(doc, relations):
        inside = [c for c in chunks if start <= c.start and c.end <= end]
        words, place = _words(doc, start, end, inside)
        arcs, undrawn = [], []
        for relation in relations:
            if not (start <= relation.head.start < end and start <= relation.tail.start < end):
                continue
            head, tail = place[relation.head.end - 1], place[relation.tail.end - 1]
            if head == tail:
                undrawn.append(relation.text)
            else:
                arcs.append(
                    {
                        "start": min(head, tail),
                        "end": max(head, tail),
                        "label": escape(relation.label),
                        "dir": "right" if head < tail else "left",
                    }
                )
        picture: dict[str, Any] = {"words": words, "arcs": arcs}
        if undrawn:
            picture["title"] = escape("; ".join(undrawn))
        yield picture


def _picture_bounds(doc: Doc, relations: list[Relation]) -> list[tuple[int, int]]:
    """Sentences, joined where a relation reaches across."""
    if not len(doc):
        return []
    if not doc.has_annotation("SENT_START"):
        return [(0, len(doc))]
    bounds = [[sent.start, sent.end] for sent in doc.sents]
    for relation in relations:
        first = min(relation.head.start, relation.tail.start)
        last = max(relation.head.end, relation.tail.end)
        touched = [b for b in bounds if b[0] < last and first < b[1]]
        bounds = [b for b in bounds if b not in touched]
        bounds.append([touched[0][0], touched[-1][1]])
        bounds.sort()
    return [(start, end) for start, end in bounds]


def _words(
    doc: Doc, start: int, end: int, chunks: list[Span]
) -> tuple[list[dict[str, str]], dict[int, int]]:
    """displaCy's words, and for every token the word it is in."""
    entities = {chunk.start: chunk for chunk in chunks}
    spans: list[Span] = []
    i = start
    while i < end:
        span = entities.get(i, doc[i : i + 1])
        if i not in entities and spans and spans[-1].start not in entities:
            joined = doc[spans[-1].start : i + 1]
            if len(joined.text) <= PLACE:
                span = joined
                spans.pop()
        spans.append(span)
        i = span.end
    place = {i: k for k, span in enumerate(spans) for i in range(span.start, span.end)}
    # displaCy escapes the text itself, but neither tags nor labels
    labels = [span.label_ if span.start in entities else "" for span in spans]
    words = [
        {"text": span.text, "tag": escape(label)} for span, label in zip(spans, labels, strict=True)
    ]
    return words, place
