"""Gold Docs → statistics: labels, counts, lengths, overlap, and what tags could find at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

from spacy.tokens import Doc, Span

from ..arrays.signatures import Signature, list_counts, signature_of
from ..arrays.targets import nested_mentions
from ..relations import Relation, get_relations, has_relations
from .overlap import CLASSES, overlap_classes
from .readers.docbin_format import REL_KEY

# Characters of a mention in an example. Data that may not be shared is shown by the phrase only.
PHRASE = 40


@dataclass
class Labels:
    """How often each label occurs in the training data, with examples.

    docs (int): Number of Docs.
    entities (Counter[str]): Entities by label.
    relations (Counter[str]): Triples by label.
    examples (dict[str, str]): The first triple of each relation label. Long mentions are cut.
    """

    docs: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)


def inspect_docs(docs: Iterable[Doc], n_examples: int = 5, max_length: int = 0) -> dict[str, Any]:
    """Summarise gold Docs.

    docs (Iterable[Doc]): Read once, as a stream.
    n_examples (int): Number of sentences with their triples to keep as examples.
    max_length (int): Words that a model reads at once. Docs of one unit that are longer are counted
        as "docs_over_max_length"; 0 for never.
    RETURNS (dict): Statistics, ready for JSON. `flat_tags_recall` is the share of triples whose
        mentions are both in doc.ents: a flat tagger can find no more. `nested_tags_recall` is the
        same with `nested = true` and the last word as anchor.
    """
    counts: Counter[str] = Counter(docs=0, entities=0, triples=0)
    entity_labels, relation_labels, overlap = Counter[str](), Counter[str](), Counter[str]()
    triples_per_doc, lengths = Counter[int](), []
    signatures: Counter[Signature] = Counter()
    flat = nested = 0
    examples: list[dict[str, Any]] = []
    for doc in docs:
        relations = get_relations(doc)
        lengths.append(len(doc))
        counts["docs"] += 1
        counts["docs_without_relations_key"] += not has_relations(doc)
        if REL_KEY in doc.user_data:
            counts["docs_with_rel"] += 1
        if max_length and _longest_unit(doc) > max_length:
            counts["docs_over_max_length"] += 1
        counts["docs_with_tags"] += doc.has_annotation("TAG")
        counts["entities"] += len(doc.ents)
        counts["triples"] += len(relations)
        entity_labels.update(ent.label_ for ent in doc.ents)
        relation_labels.update(relation.label for relation in relations)
        signatures.update(map(signature_of, relations))
        overlap.update(overlap_classes(relations))
        triples_per_doc[len(relations)] += 1
        ents = {_bounds(ent) for ent in doc.ents}
        flat += _between(relations, ents)
        nested += _between(relations, ents | {_bounds(m) for _, m in nested_mentions(doc, "last")})
        if relations and len(examples) < n_examples:
            examples.append({"text": doc.text, "triples": [r.text for r in relations]})
    return {
        "counts": dict(counts),
        "lengths": _lengths(lengths),
        "entity_labels": dict(entity_labels.most_common()),
        "relation_labels": dict(relation_labels.most_common()),
        "signatures": [list(row) for row in list_counts(signatures)],
        "overlap": {name: overlap[name] for name in CLASSES},
        "triples_per_doc": dict(sorted(triples_per_doc.items())),
        "flat_tags_recall": flat / counts["triples"] if counts["triples"] else 1.0,
        "nested_tags_recall": nested / counts["triples"] if counts["triples"] else 1.0,
        "examples": examples,
    }


def count_labels(docs: Iterable[Doc]) -> Labels:
    """Count the labels of gold Docs.

    docs (Iterable[Doc]): Read once, as a stream.
    RETURNS (Labels): Counts and examples.
    """
    labels = Labels()
    for doc in docs:
        labels.docs += 1
        labels.entities.update(ent.label_ for ent in doc.ents)
        for relation in get_relations(doc):
            labels.relations[relation.label] += 1
            labels.examples.setdefault(relation.label, _example(relation))
    return labels


def _between(relations: list[Relation], mentions: set[tuple[int, int]]) -> int:
    """Count the triples whose head and tail are both among the mentions."""
    return sum(_bounds(r.head) in mentions and _bounds(r.tail) in mentions for r in relations)


def _longest_unit(doc: Doc) -> int:
    """Words of the longest sentence; of the whole Doc where sentences are not set."""
    return max(map(len, doc.sents)) if len(doc) and doc.has_annotation("SENT_START") else len(doc)


def _bounds(span: Span) -> tuple[int, int]:
    return span.start, span.end


def _lengths(lengths: list[int]) -> dict[str, float]:
    if not lengths:
        return {"mean": 0.0, "median": 0, "max": 0}
    return {
        "mean": round(fmean(lengths), 1),
        "median": median(lengths),
        "max": max(lengths),
    }


def _example(relation: Relation) -> str:
    return f"{_shorten(relation.head)} | {relation.label} | {_shorten(relation.tail)}"


def _shorten(mention: Span) -> str:
    """Get the text of a mention in one line, cut to `PHRASE` characters."""
    text = " ".join(mention.text.split())
    return text if len(text) <= PHRASE else f"{text[: PHRASE - 2].rstrip()} …"
