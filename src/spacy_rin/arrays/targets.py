"""Examples → gold arrays: the tag of every word and the gold cells of the relation table.

The loss reads them in training. Gold is placed on the predicted tokens by character offsets. Where
it does not fit their boundaries it is masked, that is, trained neither as positive nor as negative.

Shapes: W rows of the batch (the words of all windows), G gold cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..errors import Errors
from ..relations import get_relations, has_relations
from ..stores import ATTRIBUTE
from .anchor import anchor_token
from .batch import WindowBatch, find_words, to_words
from .tags import MASKED, EntitySpan, TagSet

# spaCy's number for "not annotated" in token.ent_iob.
NO_ANNOTATION = 0


@dataclass(frozen=True)
class Targets:
    """Gold of a batch, in the rows of its windows.

    tags (ndarray): (W,) tag numbers; MASKED where gold is missing or does not fit the tokens.
    cells (ndarray): (G, 4) window, head word, tail word and label of each cell. Words are counted
        within the window.
    known (ndarray): (G,) True for a gold cell, False for a masked one.
    """

    tags: np.ndarray
    cells: np.ndarray
    known: np.ndarray


def nested_mentions(doc: Doc, anchor: str, attribute: str = ATTRIBUTE) -> list[tuple[Span, Span]]:
    """Find the heads and tails of a Doc's relations that lie inside an entity.

    A mention with the same anchor as the entity is left out, since the two share their cells of the
    relation table. So is a mention without a label, since no tag can express it.

    doc (Doc): A gold Doc.
    anchor (str): "last" or "first".
    attribute (str): Name of the extension that reads the relations.
    RETURNS (list[tuple[Span, Span]]): The entity, and the mention nested in it.
    """
    ents = doc.ents  # Read once: spaCy makes new Spans at each access.
    found: dict[tuple[int, int], tuple[Span, Span]] = {}
    for relation in get_relations(doc, attribute):
        for span in (relation.head, relation.tail):
            for ent in ents:
                if (
                    span.label_
                    and ent.start <= span.start
                    and span.end <= ent.end
                    and anchor_token(ent.start, ent.end, anchor)
                    != anchor_token(span.start, span.end, anchor)
                ):
                    found[span.start, span.end] = ent, span
    return list(found.values())


def aligned_nested(
    eg: Example, anchor: str, attribute: str = ATTRIBUTE
) -> list[tuple[EntitySpan, EntitySpan]]:
    """Find the nested mentions of an Example's gold, in words of the predicted Doc.

    Mentions that do not fit its tokens are left out, and so are those whose entities do not.

    eg (Example): An Example.
    anchor (str): "last" or "first".
    attribute (str): Name of the extension that reads the relations.
    RETURNS (list[tuple[EntitySpan, EntitySpan]]): The entity, and the mention nested in it.
    """
    words = find_words(eg.predicted)
    found = []
    for ent, mention in nested_mentions(eg.reference, anchor, attribute):
        start, end, ent_aligned = align(eg.predicted, ent)
        first, last, aligned = align(eg.predicted, mention)
        if ent_aligned and aligned:
            outer, nested = to_words(words, start, end), to_words(words, first, last)
            if nested[0] < nested[1]:
                found.append(((*outer, ent.label_), (*nested, mention.label_)))
    return found


def validate_gold(examples: Iterable[Example], attribute: str = ATTRIBUTE) -> Iterator[Example]:
    """Pass Examples on, and raise an error at the first whose gold cannot be learned from.

    examples (Iterable[Example]): Examples, also as a stream.
    attribute (str): Name of the extension that reads the relations.
    YIELDS (Example): The same Examples.
    RAISES (ValueError): If a gold Doc has no relations key (an empty list is fine), or if its text
        differs from the text of the predicted Doc.
    """
    for eg in examples:
        if not has_relations(eg.reference, attribute):
            raise ValueError(Errors.R010.format(text=eg.reference.text[:80]))
        if eg.predicted.text != eg.reference.text:
            raise ValueError(
                Errors.R011.format(
                    predicted=eg.predicted.text[:80], reference=eg.reference.text[:80]
                )
            )
        yield eg


def make_targets(
    examples: Iterable[Example],
    batch: WindowBatch,
    tag_set: TagSet,
    labels: Mapping[str, int],
    anchor: str,
    attribute: str = ATTRIBUTE,
) -> Targets:
    """Make the gold arrays of a batch.

    examples (Iterable[Example]): The Examples whose predicted Docs are `batch.docs`.
    batch (WindowBatch): The windows the model read.
    tag_set (TagSet): Tags of the model's entity labels.
    labels (Mapping[str, int]): Relation labels and their numbers.
    anchor (str): "last" or "first".
    attribute (str): Name of the extension that reads the gold relations.
    RETURNS (Targets): Gold in the rows of the windows.
    RAISES (ValueError): If gold has a label that the model does not have.
    """
    doc_tags, doc_cells = [], []
    for eg, words in zip(validate_gold(examples, attribute), batch.words, strict=True):
        doc_tags.append(_gold_tags(eg, words, tag_set, anchor, attribute))
        doc_cells.append(list(_gold_cells(eg, words, labels, anchor, attribute)))
    tags = [doc_tags[w.doc][w.start : w.end] for w in batch.windows]
    cells = [
        (k, head - w.start, tail - w.start, label, known)
        for k, w in enumerate(batch.windows)
        for head, tail, label, known in doc_cells[w.doc]
        if w.start <= head < w.end and w.start <= tail < w.end
    ]
    # Two gold triples share a cell if their mentions have the same anchors. A cell counts once, and
    # it is masked only if no triple in it fits the tokens.
    unique = {cell[:4]: False for cell in cells}
    unique.update({cell[:4]: True for cell in cells if cell[4]})
    return Targets(
        np.concatenate(tags) if tags else np.zeros(0, dtype=np.int64),
        np.array(list(unique), dtype=np.int64).reshape(-1, 4),
        np.array(list(unique.values()), dtype=bool),
    )


def _gold_tags(
    eg: Example, words: np.ndarray, tag_set: TagSet, anchor: str, attribute: str
) -> np.ndarray:
    """(words,) tag numbers of a Doc; MASKED where gold does not fit the tokens or is missing."""
    doc, reference = eg.predicted, eg.reference
    gold = list(reference.ents)
    for ent in gold:
        if ent.label_ not in tag_set.labels:
            raise ValueError(
                Errors.R012.format(kind="entity", label=ent.label_, known=tag_set.labels)
            )
    if tag_set.has_nested:
        nested = [mention for _, mention in nested_mentions(reference, anchor, attribute)]
        gold += [mention for mention in nested if mention.label_ in tag_set.labels]
    spans: list[EntitySpan] = []
    masked: list[tuple[int, int]] = []
    for span in gold:
        start, end, aligned = align(doc, span)
        first, last = to_words(words, start, end)
        if not aligned:
            masked.append((first, last))
        elif first < last:
            spans.append((first, last, span.label_))
    for i in np.flatnonzero(reference.to_array("ENT_IOB") == NO_ANNOTATION):
        start, end, _ = align(doc, reference[i : i + 1])
        masked.append(to_words(words, start, end))
    tags = tag_set.encode(spans, len(words))
    for first, last in masked:
        tags[first:last] = MASKED
    return tags


def _gold_cells(
    eg: Example, words: np.ndarray, labels: Mapping[str, int], anchor: str, attribute: str
) -> Iterator[tuple[int, int, int, bool]]:
    """Head word, tail word and label of each gold triple, and whether both mentions fit."""
    for relation in get_relations(eg.reference, attribute):
        if relation.label not in labels:
            raise ValueError(
                Errors.R012.format(kind="relation", label=relation.label, known=list(labels))
            )
        head_start, head_end, head_aligned = align(eg.predicted, relation.head)
        tail_start, tail_end, tail_aligned = align(eg.predicted, relation.tail)
        head, tail = to_words(words, head_start, head_end), to_words(words, tail_start, tail_end)
        if head[0] < head[1] and tail[0] < tail[1]:  # A mention of whitespace alone has no cell.
            yield (
                anchor_token(*head, anchor),
                anchor_token(*tail, anchor),
                labels[relation.label],
                head_aligned and tail_aligned,
            )


def align(doc: Doc, gold: Span) -> tuple[int, int, bool]:
    """Find the tokens of a predicted Doc that a gold span touches.

    doc (Doc): The predicted Doc.
    gold (Span): A span of the gold Doc, which has the same text.
    RETURNS (tuple[int, int, bool]): First token, end, and whether the span fits them exactly.
    RAISES (ValueError): If the texts differ.
    """
    span = doc.char_span(gold.start_char, gold.end_char, alignment_mode="expand")
    if span is None:  # This happens only where the texts differ.
        raise ValueError(Errors.R011.format(predicted=doc.text[:80], reference=gold.doc.text[:80]))
    aligned = span.start_char == gold.start_char and span.end_char == gold.end_char
    return span.start, span.end, aligned
