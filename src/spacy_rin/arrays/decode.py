"""Tag scores and table cells → the entities and triples of each Doc; numpy only."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from spacy.tokens import Doc

from .anchor import anchor_token
from .batch import WindowBatch, to_words
from .tags import NESTED, OUTSIDE, EntitySpan, TagSet

# spaCy's number for B in token.ent_iob
BEGINS = 3


class PredictedTriple(NamedTuple):
    """A predicted triple; spans are (start, end, label), tokens of the Doc, end-exclusive."""

    head: EntitySpan
    label: str
    tail: EntitySpan
    score: float


@dataclass
class Prediction:
    """What the model says of one Doc.

    entities (list[EntitySpan]): Flat, in order. triples (list[PredictedTriple]): In any order.
    nested (list[EntitySpan]): Inside the entities, in order.
    """

    entities: list[EntitySpan] = field(default_factory=list)
    triples: list[PredictedTriple] = field(default_factory=list)
    nested: list[EntitySpan] = field(default_factory=list)

    @property
    def mentions(self) -> list[EntitySpan]:
        """RETURNS (list[EntitySpan]): What can be an end of a triple, in order."""
        return sorted([*self.entities, *self.nested])


class CellReader(Protocol):
    """The part of the model's scores that decoding reads."""

    def tags(self) -> np.ndarray: ...

    def cells_over(
        self, rows: np.ndarray, cols: np.ndarray, threshold: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]: ...

    def all_cells_over(
        self, threshold: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]: ...


def decode_scores(
    scores: CellReader,
    batch: WindowBatch,
    tag_set: TagSet,
    labels: Sequence[str],
    *,
    threshold: float,
    anchor: str,
    decode: str,
    keep: bool,
) -> list[Prediction]:
    """Entities by the best tag sequence of each unit, triples by the cells over the threshold.

    scores (CellReader): The model's scores of the batch.
    batch (WindowBatch): The windows the model read.
    tag_set (TagSet): Tags of the model's entity labels.
    labels (Sequence[str]): Relation labels.
    threshold (float): Least probability of a triple.
    anchor (str): "last" or "first": the token that stands for an entity in the table.
    decode (str): One of DECODERS, which says in what cells triples are looked for.
    keep (bool): Whether entities that are on the Docs already stand, and are related.
    RETURNS (list[Prediction]): One for each Doc.
    """
    predictions = _entities(scores, batch, tag_set, keep)
    find_triples = DECODERS[decode]
    # A pair that lies in several windows of a unit takes its best score.
    best: list[dict[tuple[EntitySpan, str, EntitySpan], float]] = [{} for _ in batch.docs]
    triples = find_triples(scores, batch, predictions, threshold, anchor)
    for doc, head, label, tail, score in triples:
        key = (head, labels[label], tail)
        best[doc][key] = max(score, best[doc].get(key, 0.0))
    for prediction, found in zip(predictions, best, strict=True):
        prediction.triples = [PredictedTriple(*key, score) for key, score in found.items()]
    return predictions


def find_blocked(doc: Doc) -> np.ndarray:
    """RETURNS (ndarray): (tokens,) those of which `doc.set_ents(blocked=...)` has said that no
    entity holds them.
    """
    begins, label = doc.to_array(["ENT_IOB", "ENT_TYPE"]).T
    blocked: np.ndarray = (begins == BEGINS) & (label == 0)
    return blocked


def _entities(
    scores: CellReader, batch: WindowBatch, tag_set: TagSet, keep: bool
) -> list[Prediction]:
    kept = [[(e.start, e.end, e.label_) for e in doc.ents] if keep else [] for doc in batch.docs]
    taken = [find_blocked(doc) if keep else np.zeros(len(doc), dtype=bool) for doc in batch.docs]
    for is_taken, ents in zip(taken, kept, strict=True):
        for start, end, _ in ents:
            is_taken[start:end] = True
    bounds = [{(start, end) for start, end, _ in ents} for ents in kept]
    predictions = [Prediction(entities) for entities in kept]
    for doc, word, tag_scores in _units(scores.tags(), batch):
        tags = tag_set.best_path(tag_scores)
        tokens = batch.words[doc][word : word + len(tags)].tolist()
        for first, last, label in tag_set.decode(tags):
            start, end = tokens[first], tokens[last - 1] + 1
            if (start, end) in bounds[doc]:
                continue  # it is there already; what is nested in it is not
            if taken[doc][start:end].any():
                tags[first:last] = OUTSIDE  # and what is nested in it
            else:
                predictions[doc].entities.append((start, end, label))
        predictions[doc].nested += [
            (tokens[first], tokens[last - 1] + 1, label)
            for first, last, label in tag_set.decode(tags, NESTED)
        ]
    for prediction in predictions:
        prediction.entities.sort()
        prediction.nested.sort()
    return predictions


def _units(tag_scores: np.ndarray, batch: WindowBatch) -> Iterable[tuple[int, int, np.ndarray]]:
    """Doc, first word and (words, T) tag scores of each unit, every word from its own window."""
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


FoundTriples = Iterable[tuple[int, EntitySpan, int, EntitySpan, float]]


def _entity_cells(
    scores: CellReader,
    batch: WindowBatch,
    predictions: list[Prediction],
    threshold: float,
    anchor: str,
) -> FoundTriples:
    """Triples between recognised entities: only the cells between their anchors are read."""
    spans: list[EntitySpan] = []  # of all windows; pairs are numbered into this list
    docs: list[int] = []
    heads, tails, rows, cols = [], [], [], []
    mentions = [
        list(_in_words(words, prediction))
        for words, prediction in zip(batch.words, predictions, strict=True)
    ]
    for window, offset in zip(batch.windows, batch.offsets, strict=False):
        of_doc = mentions[window.doc]
        first = bisect_left(of_doc, (window.start,))
        last = bisect_left(of_doc, (window.end,))
        inside = [mention for mention in of_doc[first:last] if mention[1] <= window.end]
        n = len(inside)
        anchors = np.array(
            [offset + anchor_token(start, end, anchor) - window.start for start, end, _ in inside],
            dtype=np.int64,
        )
        head, tail = np.divmod(np.arange(n * n), max(n, 1))
        heads.append(head + len(spans))
        tails.append(tail + len(spans))
        rows.append(anchors[head])
        cols.append(anchors[tail])
        spans.extend(span for _, _, span in inside)
        docs.extend([window.doc] * n)
    if not spans:
        return
    head_index, tail_index = np.concatenate(heads), np.concatenate(tails)
    pair, label, score = scores.cells_over(np.concatenate(rows), np.concatenate(cols), threshold)
    for p, t, s in zip(pair.tolist(), label.tolist(), score.tolist(), strict=True):
        h = head_index[p]
        yield docs[h], spans[h], t, spans[tail_index[p]], s


def _all_cells(
    scores: CellReader,
    batch: WindowBatch,
    predictions: list[Prediction],
    threshold: float,
    anchor: str,
) -> FoundTriples:
    """Triples in every cell of the table over the threshold; an anchor that no entity claims is an
    entity of one token without a label."""
    claimed = [
        {
            anchor_token(start, end, anchor): span
            for start, end, span in _in_words(words, prediction)
        }
        for words, prediction in zip(batch.words, predictions, strict=True)
    ]
    row, col, label, score = scores.all_cells_over(threshold)
    windows = np.searchsorted(batch.offsets, row, side="right") - 1
    for w, i, j, t, s in zip(
        windows.tolist(), row.tolist(), col.tolist(), label.tolist(), score.tolist(), strict=True
    ):
        window, offset = batch.windows[w], int(batch.offsets[w])
        head, tail = (
            claimed[window.doc].get(word) or _one_token(batch.words[window.doc], word)
            for word in (window.start + i - offset, window.start + j - offset)
        )
        yield window.doc, head, t, tail, s


def _in_words(words: np.ndarray, prediction: Prediction) -> Iterator[tuple[int, int, EntitySpan]]:
    """Start and end of each mention in words, in order; of one without words there is no anchor."""
    for mention in prediction.mentions:
        start, end = to_words(words, mention[0], mention[1])
        if start < end:
            yield start, end, mention


def _one_token(words: np.ndarray, word: int) -> EntitySpan:
    token = int(words[word])
    return token, token + 1, ""


# The values of the setting `decode`.
DECODERS: dict[str, Callable[..., FoundTriples]] = {"exact": _entity_cells, "partial": _all_cells}
