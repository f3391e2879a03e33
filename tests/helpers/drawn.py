"""Docs drawn at random: what an exchange with another tool has to bring back."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.util import filter_spans
from spacy.vocab import Vocab

from spacy_rin import Relation, get_relations, set_relations

# whitespace and merged tokens among them, and what a file of lines could be cut at
words = st.one_of(
    st.sampled_from(["Ada", "New York", " ", "\n", "\r", "\u2028", "😀", '"', "\\"]),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=4),
)


@st.composite
def docs(draw: st.DrawFn) -> Doc:
    """Any tokens, flat entities, and relations between any spans: nested, or no entities."""
    tokens = draw(st.lists(words, max_size=7))
    size = len(tokens)
    spaces = draw(st.none() | st.lists(st.booleans(), min_size=size, max_size=size))
    tags = draw(
        st.none() | st.lists(st.sampled_from(["NN", "VB", ""]), min_size=size, max_size=size)
    )
    doc = Doc(Vocab(), words=tokens, spaces=spaces, tags=tags)
    bounds = st.tuples(st.integers(0, size), st.integers(0, size)).filter(lambda b: b[0] < b[1])
    # The same words have one label: of two, `convert` gives doc.ents the one that more triples use.
    spans = bounds.map(lambda b: Span(doc, *b, ["A", "Ü b"][sum(b) % 2]))
    set_relations(doc, [])
    if size:
        doc.set_ents(filter_spans(draw(st.lists(spans, max_size=4))), default="outside")
        ends = st.sampled_from(doc.ents) | spans if doc.ents else spans
        relations = st.builds(Relation, ends, st.sampled_from(["r", "s t"]), ends)
        set_relations(doc, draw(st.lists(relations, max_size=5, unique_by=cell)))
    return doc


def cell(relation: Relation) -> tuple[Any, ...]:
    head, tail = relation.head, relation.tail
    return head.start, head.end, relation.label, tail.start, tail.end


def content(doc: Doc) -> dict[str, Any]:
    """Tokens, entities and relations, by themselves."""
    return {
        "text": doc.text,
        "unknown spaces": doc.has_unknown_spaces,
        "tokens": [(token.text, token.whitespace_, token.tag_) for token in doc],
        "entities": [(ent.start, ent.end, ent.label_) for ent in doc.ents],
        "relations": [(cell(r), r.head.label_, r.tail.label_, r.score) for r in get_relations(doc)],
    }
