"""Scores of a batch → the entities and triples of each Doc. The step after the model; numpy only.

Tags are decoded first, then triples are read from the relation table. The setting `decode` selects
one of DECODERS for the second step.

Shapes: W rows of the batch (the words of all windows), T tags, C cells, F triples found.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from spacy.tokens import Doc

from .anchor import anchor_token
from .batch import WindowBatch, to_words
from .cells import CandidateReader, CellReader
from .tags import NESTED, OUTER, EntitySpan, TagSet

# spaCy's number for B in token.ent_iob.
BEGINS = 3


class PredictedTriple(NamedTuple):
    """A predicted triple. Spans are (start, end, label) in tokens of the Doc, end-exclusive.

    head (EntitySpan): The entity the relation starts from.
    label (str): The label of the relation.
    tail (EntitySpan): The entity the relation points to.
    score (float): Probability of the cell that the triple was read from.
    """

    head: EntitySpan
    label: str
    tail: EntitySpan
    score: float


@dataclass
class Prediction:
    """The entities and triples predicted for one Doc.

    entities (list[EntitySpan]): Entities that do not overlap, in order.
    triples (list[PredictedTriple]): Triples, in any order.
    nested (list[EntitySpan]): Mentions inside the entities, in order.
    candidates (list[PredictedTriple]): The triples and those below the threshold, if they are
        wanted; in any order.
    floor (float): Candidates with lower scores were not looked for.
    """

    entities: list[EntitySpan] = field(default_factory=list)
    triples: list[PredictedTriple] = field(default_factory=list)
    nested: list[EntitySpan] = field(default_factory=list)
    candidates: list[PredictedTriple] = field(default_factory=list)
    floor: float = 0.0

    @property
    def mentions(self) -> list[EntitySpan]:
        """Everything that can be the head or the tail of a triple.

        RETURNS (list[EntitySpan]): Entities and nested mentions, in order.
        """
        return sorted([*self.entities, *self.nested])


# Position of the Doc in the batch, head, number of the label, tail, probability.
FoundTriple = tuple[int, EntitySpan, int, EntitySpan, float]
# Whether a triple can have these labels: of the head, of the relation, of the tail.
Allows = Callable[[str, str, str], bool]


def decode_scores(
    scores: CellReader,
    batch: WindowBatch,
    tag_set: TagSet,
    labels: Sequence[str],
    *,
    threshold: float | np.ndarray,
    anchor: str,
    decode: str,
    keep: bool,
    allows: Allows | None = None,
    candidates: bool = False,
) -> list[Prediction]:
    """Read entities from the best tag sequence of each unit, and triples from the relation table.

    scores (CellReader): The model's scores of the batch.
    batch (WindowBatch): The windows the model read.
    tag_set (TagSet): Tags of the model's entity labels.
    labels (Sequence[str]): Relation labels.
    threshold (float | ndarray): Least probability of a triple, or (L,) those of the labels.
    anchor (str): "last" or "first": the word that represents an entity in the table.
    decode (str): One of DECODERS, which selects the cells that are read.
    keep (bool): Whether entities that are already on the Docs are kept, and related.
    allows (Callable): Takes the labels of a head, a relation and its tail, and returns whether
        they can be a triple. By default all can.
    candidates (bool): Whether the predictions have candidates, too.
    RETURNS (list[Prediction]): One for each Doc.
    """
    predictions = _find_entities(scores, batch, tag_set, keep)

    def find_triples(reader: CellReader) -> list[list[PredictedTriple]]:
        found = DECODERS[decode](reader, batch, predictions, threshold, anchor)
        return _best_of_windows(found, batch, labels, allows)

    for prediction, triples in zip(predictions, find_triples(scores), strict=True):
        prediction.triples = triples
    if candidates:
        reader = CandidateReader(scores, threshold, int(batch.offsets[-1]))
        for prediction, triples in zip(predictions, find_triples(reader), strict=True):
            prediction.candidates, prediction.floor = triples, reader.floor
    return predictions


def find_blocked(doc: Doc) -> np.ndarray:
    """Find the tokens that no entity may hold, as set by `doc.set_ents(blocked=...)`.

    doc (Doc): Any Doc.
    RETURNS (ndarray): (tokens,) True for a blocked token.
    """
    begins, label = doc.to_array(["ENT_IOB", "ENT_TYPE"]).T
    blocked: np.ndarray = (begins == BEGINS) & (label == 0)
    return blocked


def _best_of_windows(
    triples: Iterable[FoundTriple],
    batch: WindowBatch,
    labels: Sequence[str],
    allows: Allows | None,
) -> list[list[PredictedTriple]]:
    """The allowed triples of each Doc. One that lies in several windows takes its best score."""
    best: list[dict[tuple[EntitySpan, str, EntitySpan], float]] = [{} for _ in batch.docs]
    for doc, head, label, tail, score in triples:
        key = (head, labels[label], tail)
        if allows is None or allows(head[2], labels[label], tail[2]):
            best[doc][key] = max(score, best[doc].get(key, 0.0))
    return [[PredictedTriple(*key, score) for key, score in found.items()] for found in best]


def _find_entities(
    scores: CellReader, batch: WindowBatch, tag_set: TagSet, keep: bool
) -> list[Prediction]:
    """Predictions without triples: the kept entities, and the tagged ones that fit beside them."""
    predictions = [Prediction() for _ in batch.docs]
    kept = [_Kept(doc) for doc in batch.docs] if keep else []
    for prediction, on_doc in zip(predictions, kept, strict=False):
        prediction.entities += on_doc.entities
    for doc, entities, nested in _tagged_entities(scores.tags(), batch, tag_set):
        if keep:
            entities, nested = kept[doc].filter_tagged(entities, nested)
        predictions[doc].entities += entities
        predictions[doc].nested += nested
    for prediction in predictions:
        prediction.entities.sort()
        prediction.nested.sort()
    return predictions


class _Kept:
    """The entities that stay on a Doc. Tagged entities must not overlap them."""

    def __init__(self, doc: Doc) -> None:
        self.entities = [(ent.start, ent.end, ent.label_) for ent in doc.ents]
        self._bounds = {(start, end) for start, end, _ in self.entities}
        self._taken = find_blocked(doc)
        for start, end in self._bounds:
            self._taken[start:end] = True

    def filter_tagged(
        self, entities: list[EntitySpan], nested: list[EntitySpan]
    ) -> tuple[list[EntitySpan], list[EntitySpan]]:
        """Drop tagged entities that are already on the Doc, or that the kept ones have no room for.

        Nested mentions are dropped with the entity around them.
        """
        added: list[EntitySpan] = []
        dropped: set[int] = set()  # tokens
        for start, end, label in entities:
            if (start, end) in self._bounds:
                continue  # The entity is already on the Doc; mentions nested in it may be new.
            if self._taken[start:end].any():
                # Overlaps a kept entity or a blocked token.
                dropped.update(range(start, end))
            else:
                added.append((start, end, label))
        return added, [mention for mention in nested if mention[0] not in dropped]


def _tagged_entities(
    tag_scores: np.ndarray, batch: WindowBatch, tag_set: TagSet
) -> Iterator[tuple[int, list[EntitySpan], list[EntitySpan]]]:
    """For each unit, its Doc, its entities and the mentions nested in them, in tokens."""
    for doc, first_word, unit_scores in _join_windows(tag_scores, batch):
        tags = tag_set.best_path(unit_scores)
        tokens = batch.words[doc][first_word : first_word + len(tags)].tolist()
        entities, nested = (
            [
                (tokens[start], tokens[end - 1] + 1, label)
                for start, end, label in tag_set.decode(tags, layer)
            ]
            for layer in (OUTER, NESTED)
        )
        yield doc, entities, nested


def _join_windows(
    tag_scores: np.ndarray, batch: WindowBatch
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Doc, first word and (words, T) tag scores of each unit, from the own words of its windows."""
    parts: dict[int, list[np.ndarray]] = defaultdict(list)
    first: dict[int, tuple[int, int]] = {}
    for window, offset in zip(batch.windows, batch.offsets, strict=False):
        own = slice(
            offset + window.own_start - window.start, offset + window.own_end - window.start
        )
        parts[window.unit].append(tag_scores[own])
        first.setdefault(window.unit, (window.doc, window.start))
    for unit, (doc, start) in first.items():
        yield doc, start, parts[unit][0] if len(parts[unit]) == 1 else np.concatenate(parts[unit])


def _triples_of_entities(
    scores: CellReader,
    batch: WindowBatch,
    predictions: list[Prediction],
    threshold: float | np.ndarray,
    anchor: str,
) -> Iterator[FoundTriple]:
    """Triples between recognised entities. Only the cells between their anchors are read."""
    mentions: list[_WindowMention] = []
    counts: list[int] = []
    of_docs = [
        list(_in_words(words, prediction))
        for words, prediction in zip(batch.words, predictions, strict=True)
    ]
    for window, offset in zip(batch.windows, batch.offsets.tolist(), strict=False):
        of_doc = of_docs[window.doc]
        first = bisect_left(of_doc, (window.start,))
        last = bisect_left(of_doc, (window.end,))
        inside = [
            _WindowMention(
                window.doc, offset - window.start + anchor_token(start, end, anchor), span
            )
            for start, end, span in of_doc[first:last]
            if end <= window.end
        ]
        mentions += inside
        counts.append(len(inside))
    if not mentions:
        return
    heads, tails = _pairs(counts)
    rows = np.array([mention.row for mention in mentions], dtype=np.int64)
    pairs, labels, found = scores.cells_over(rows[heads], rows[tails], threshold)
    for head, tail, label, score in zip(
        heads[pairs].tolist(), tails[pairs].tolist(), labels.tolist(), found.tolist(), strict=True
    ):
        yield mentions[head].doc, mentions[head].span, label, mentions[tail].span, score


class _WindowMention(NamedTuple):
    """A mention that lies in a window: position of its Doc, row of its anchor, span in tokens."""

    doc: int
    row: int
    span: EntitySpan


def _pairs(counts: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Pair the mentions of each window with one another and themselves: (C,) heads and tails.

    Mentions are numbered through all windows. `counts` has the number of mentions of each window.

    >>> heads, tails = _pairs([2, 0, 1])  # mentions 0 and 1 in one window, 2 in another
    >>> heads.tolist(), tails.tolist()
    ([0, 0, 1, 1, 2], [0, 1, 0, 1, 2])
    """
    heads, tails = [], []
    first = 0
    for count in counts:
        inside = np.arange(first, first + count)
        heads.append(np.repeat(inside, count))
        tails.append(np.tile(inside, count))
        first += count
    return np.concatenate(heads), np.concatenate(tails)


def _triples_of_all_cells(
    scores: CellReader,
    batch: WindowBatch,
    predictions: list[Prediction],
    threshold: float | np.ndarray,
    anchor: str,
) -> Iterator[FoundTriple]:
    """Triples in every cell of the table over the threshold.

    An anchor that is not the anchor of a recognised entity becomes an entity of one token without a
    label.
    """
    of_docs = [
        {
            anchor_token(start, end, anchor): span
            for start, end, span in _in_words(words, prediction)
        }
        for words, prediction in zip(batch.words, predictions, strict=True)
    ]
    head_rows, tail_rows, labels, found = scores.all_cells_over(threshold)
    windows = np.searchsorted(batch.offsets, head_rows, side="right") - 1
    docs = np.array([window.doc for window in batch.windows], dtype=np.int64)[windows]
    # Rows are counted in the batch, words in their Doc.
    starts = np.array([window.start for window in batch.windows], dtype=np.int64)
    shifts = (starts - batch.offsets[:-1])[windows]
    cells = (docs, head_rows + shifts, labels, tail_rows + shifts, found)
    for doc, head_word, label, tail_word, score in zip(
        *(column.tolist() for column in cells), strict=True
    ):
        head, tail = (
            of_docs[doc].get(word) or _one_token(batch.words[doc], word)
            for word in (head_word, tail_word)
        )
        yield doc, head, label, tail, score


def _in_words(words: np.ndarray, prediction: Prediction) -> Iterator[tuple[int, int, EntitySpan]]:
    """Yield (start, end, mention) in words, in order.

    Mentions of whitespace alone are skipped: they have no anchor.
    """
    for mention in prediction.mentions:
        start, end = to_words(words, mention[0], mention[1])
        if start < end:
            yield start, end, mention


def _one_token(words: np.ndarray, word: int) -> EntitySpan:
    """A word as an entity of one token without a label."""
    token = int(words[word])
    return token, token + 1, ""


# The decoders by the values of the setting `decode`.
DECODERS: dict[str, Callable[..., Iterable[FoundTriple]]] = {
    "exact": _triples_of_entities,
    "partial": _triples_of_all_cells,
}
