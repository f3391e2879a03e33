"""Examples → scores as the authors' code counts them (evals.py of the released RIN).

That code counts cells of the table. Every cell over the threshold is a prediction, whether or not
its words were tagged as entities. Under partial match, a prediction is right if it is a gold cell.
Under exact match, the entities that end in its two words must also be tagged right, and must be two
different ones. Published figures of RIN may be compared with these scores only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from spacy.scorer import PRFScore
from spacy.training import Example
from spacy.util import minibatch

from ..arrays.anchor import anchor_token
from ..arrays.batch import make_batch
from ..arrays.tags import NESTED, OUTER, OUTSIDE, TagSet
from ..arrays.targets import make_targets
from ..component import RelationExtractor
from ..relations import get_relations
from ..scorer import prf


def score_authors(rin: RelationExtractor, examples: Sequence[Example]) -> dict[str, float]:
    """Score a component as the authors' code does.

    Each Doc is read as one unit. Gold triples with a label that the model does not know are misses.

    rin (RelationExtractor): A trained component.
    examples (Sequence[Example]): Gold in `reference`. The Docs in `predicted` must have whatever
        the model reads, such as POS tags.
    RETURNS (dict): authors_partial_p/r/f and authors_exact_p/r/f.
    """
    partial, exact = PRFScore(), PRFScore()
    for batch in minibatch(examples, 128):
        for score, counts in zip((partial, exact), _count(rin, batch), strict=True):
            right, predicted, gold = counts
            score.tp += right
            score.fp += predicted - right
            score.fn += gold - right
    return {**prf("authors_partial", partial), **prf("authors_exact", exact)}


def _count(rin: RelationExtractor, examples: list[Example]) -> list[tuple[int, int, int]]:
    """The numbers of right, predicted and gold cells, under partial and under exact match."""
    anchor, attribute = rin.cfg["anchor"], rin.cfg["attribute"]
    batch = make_batch([eg.predicted for eg in examples], unit="doc")
    # Labels that are not in train get numbers after all others. The model has no columns for them,
    # so that their triples are never found.
    labels: dict[str, int] = {label: k for k, label in enumerate(rin.labels)}
    entity_labels = dict.fromkeys(rin.entity_labels)
    for eg in examples:
        for relation in get_relations(eg.reference, attribute):
            labels.setdefault(relation.label, len(labels))
        entity_labels.update(dict.fromkeys(ent.label_ for ent in eg.reference.ents))
    tag_set = TagSet(list(entity_labels), rin.cfg["joint_tags"])
    targets = make_targets(examples, batch, tag_set, labels, anchor, attribute)
    scores: Any = rin.model.predict(batch).calibrated(rin.calibration)
    rows, cols, found, _ = scores.all_cells_over(rin.thresholds)
    offsets = batch.offsets
    # In `rows` and `cols` the words of all Docs are numbered consecutively, so offsets are added.
    gold = {
        # A gold cell counts even if its mentions fit no tokens: it is a miss like any other.
        (int(offsets[k] + i), int(offsets[k] + j), int(t))
        for k, i, j, t in targets.cells.tolist()
    }
    predicted = set(zip(rows.tolist(), cols.tolist(), found.tolist(), strict=True))
    right = gold & predicted
    best = scores.tags().argmax(axis=1)
    prefixes = rin.tag_set.prefixes_by_layer[:, best]
    tagged = _tagged_right(tag_set, targets.tags, prefixes, offsets, batch.lengths, anchor)
    exactly = {(i, j, t) for i, j, t in right if i != j and tagged[i] and tagged[j]}
    return [(len(r), len(predicted), len(gold)) for r in (right, exactly)]


def _tagged_right(
    tag_set: TagSet,
    gold: np.ndarray,
    predicted: np.ndarray,
    offsets: np.ndarray,
    lengths: list[int],
    anchor: str,
) -> np.ndarray:
    """Find the words of a batch that are the anchor of a gold entity which is tagged right.

    An entity is tagged right if every word of it has the right prefix: B, I, E or S.

    tag_set (TagSet): The tags of `gold`.
    gold (ndarray): Gold tags, (W,) for the W words of the batch.
    predicted (ndarray): Predicted prefixes of both layers of tags, (2, W).
    offsets (ndarray): The first word of each Doc.
    lengths (list[int]): The number of words of each Doc.
    anchor (str): The word of an entity that is its anchor, "first" or "last".
    RETURNS (ndarray): Whether each word is such an anchor, (W,).
    """
    # Where the gold tag is masked, there is no gold entity that could be right.
    gold = np.where(gold < 0, OUTSIDE, gold)
    same = tag_set.prefixes_by_layer[:, gold] == predicted
    right = np.zeros(len(gold), dtype=bool)
    for offset, length in zip(offsets, lengths, strict=False):
        for layer in (OUTER, NESTED):
            for start, end, _ in tag_set.decode(gold[offset : offset + length], layer):
                if same[layer, offset + start : offset + end].all():
                    right[offset + anchor_token(start, end, anchor)] = True
    return right
