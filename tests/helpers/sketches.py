"""Docs by hand for the tests of pictures and pages."""

from __future__ import annotations

import spacy
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_rin import Relation, set_relations

Bounds = tuple[int, int, str]
Triple = tuple[Bounds, str, Bounds]

EVIL = "<script>window.evil=1</script>"


def make_doc(
    text: str,
    triples: list[Triple],
    sent_starts: list[int] | None = None,
    *,
    vocab: Vocab | None = None,
    scores: list[float] | None = None,
) -> Doc:
    """A Doc of words between spaces; entities by token numbers, which relations then join."""
    words = text.split()
    starts = None if sent_starts is None else [k in sent_starts for k in range(len(words))]
    doc = Doc(vocab or Vocab(), words=words, sent_starts=starts)
    relations = [
        Relation(Span(doc, *head), label, Span(doc, *tail), score)
        for (head, label, tail), score in zip(triples, scores or [1.0] * len(triples), strict=True)
    ]
    set_relations(doc, relations)
    doc.ents = spacy.util.filter_spans([s for r in relations for s in (r.head, r.tail)])
    return doc


def ada() -> Doc:
    """Two sentences, four triples of three labels, two of them between the same two entities."""
    person, place, firm = (0, 2, "PER"), (4, 5, "LOC"), (12, 14, "ORG")
    return make_doc(
        "Ada Lovelace lived in London . Later she wrote much and founded Acme Steel .",
        [
            (person, "lives_in", place),
            (place, "home_of", person),
            (person, "founded", firm),
            (firm, "founded", place),
        ],
        [0, 6],
        scores=[0.93, 0.55, 0.71, 0.504],
    )


def bob() -> Doc:
    return make_doc("Bob saw Paris", [((0, 1, "PER"), "lives_in", (2, 3, "LOC"))], scores=[0.6])


def silent() -> Doc:
    return make_doc("It rained all day .", [])


def long_doc() -> Doc:
    """200 words, nine relations from one of them and a very long name."""
    words = [f"word{k}" if k % 3 else "a" for k in range(200)]
    words[100:112] = ["Extraordinarily"] * 12
    ends: list[Bounds] = [(20 * k, 20 * k + 2, "WORK") for k in range(1, 5)]
    ends += [(100, 112, "ORG"), *((20 * k, 20 * k + 1, "PER") for k in range(6, 10))]
    return make_doc(" ".join(words), [((0, 1, "PER"), f"relation_{e[0]}", e) for e in ends])


def hebrew() -> Doc:
    """Runs from right to left, as its vocabulary says."""
    return make_doc(
        "דנה כהן גרה ליד חיפה .",
        [((0, 2, "PER"), "lives_in", (4, 5, "LOC"))],
        vocab=spacy.blank("he").vocab,
    )


def evil() -> Doc:
    """Text and labels that would be markup if nobody took care."""
    head, tail = (0, 1, '"><i>'), (2, 3, "'&amp;")
    return make_doc(f"{EVIL} &lt; b", [(head, "</td><b>&\"'", tail)])


def sketches() -> list[Doc]:
    return [ada(), bob(), silent(), long_doc(), hebrew(), evil()]
