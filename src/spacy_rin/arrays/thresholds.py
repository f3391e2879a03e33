"""Scored triples and gold → the thresholds at which F1 is best.

The scorer finds the best score of dev by it. Training writes the thresholds into the pipeline.

Shapes: C triples, C + 1 cuts of their ranking, L relation labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from spacy.scorer import PRFScore

from ..errors import Errors

# Of thresholds that are equally good, the one nearest to this is taken.
PREFERRED = 0.5


@dataclass(frozen=True)
class ScoredTriples:
    """Triples that were found, with their scores, and what gold has.

    labels (ndarray): (C,) relation label of each triple.
    scores (ndarray): (C,) its probability.
    right (ndarray): (C,) whether gold has it.
    gold (Counter[str]): Number of gold triples by label.
    floor (float): Triples with lower scores were not looked for.
    """

    labels: np.ndarray
    scores: np.ndarray
    right: np.ndarray
    gold: Counter[str]
    floor: float = 0.0

    def of_label(self, label: str) -> ScoredTriples:
        """Take the triples of one label.

        label (str): The label.
        RETURNS (ScoredTriples): Its triples and gold.
        """
        own = self.labels == label
        gold = Counter({label: self.gold[label]})
        return ScoredTriples(self.labels[own], self.scores[own], self.right[own], gold, self.floor)


class BestThreshold(NamedTuple):
    """A threshold and what it is worth.

    threshold (float): The threshold.
    f (float): F1 at it.
    """

    threshold: float
    f: float


def thresholds_by_label(
    labels: Sequence[str], threshold: float, own: Mapping[str, float]
) -> np.ndarray:
    """List the thresholds in the order of the relation labels.

    labels (Sequence[str]): Relation labels of the model.
    threshold (float): Threshold of the labels that have none of their own.
    own (Mapping[str, float]): Thresholds of some labels.
    RETURNS (ndarray): (L,) thresholds.
    RAISES (ValueError): If the model has no such label.
    """
    if unknown := sorted(own.keys() - set(labels)):
        raise ValueError(Errors.R133.format(labels=unknown, known=list(labels)))
    return np.array([own.get(label, threshold) for label in labels], dtype=np.float64)


def best_threshold(scored: ScoredTriples, default: float = PREFERRED) -> BestThreshold:
    """Find the threshold with the best F1, of all that there are.

    It is halfway between the scores of two triples. Of equally good ones the one nearest to 0.5 is
    taken.

    scored (ScoredTriples): What was found.
    default (float): The threshold if nothing that was found is right.
    RETURNS (BestThreshold): The threshold and its F1, micro-averaged over all labels.
    """
    cuts = _Cuts.of(scored)
    gold = scored.gold.total()
    f = 2 * cuts.right / np.maximum(cuts.found + gold, 1)
    best = cuts.nearest(f == f.max())
    right, found = int(cuts.right[best]), int(cuts.found[best])
    if not right:
        return BestThreshold(default, 0.0)
    score = PRFScore(tp=right, fp=found - right, fn=gold - right)
    return BestThreshold(float(cuts.thresholds[best]), float(score.fscore))


def best_label_thresholds(scored: ScoredTriples, threshold: float, least: int) -> dict[str, float]:
    """Find thresholds of single labels with which F1, micro-averaged over all labels, is best.

    F1 is a fraction, 2 · right / (found + gold). At its maximum F, the thresholds maximise
    right − F/2 · found. This is a sum over labels, so that each threshold can be found by itself.
    From any F on, the thresholds lead to a better F, until it stays (Dinkelbach, 1967).

    scored (ScoredTriples): What was found.
    threshold (float): Threshold of all other labels.
    least (int): Number of gold triples that a label needs for a threshold of its own. A label of
        which nothing right was found gets none either.
    RETURNS (dict[str, float]): Thresholds by label, in alphabetical order.
    """
    frequent = sorted(label for label, count in scored.gold.items() if count >= least)
    triples = {label: scored.of_label(label) for label in frequent}
    cuts = {label: _Cuts.of(own) for label, own in triples.items() if own.right.any()}
    others = (scored.scores >= threshold) & ~np.isin(scored.labels, list(cuts))
    best = -1.0
    while True:
        weight = max(best, 0.0) / 2
        places = {label: cut.nearest(cut.is_best(weight)) for label, cut in cuts.items()}
        right = int(scored.right[others].sum()) + sum(cuts[k].right[i] for k, i in places.items())
        found = int(others.sum()) + sum(cuts[k].found[i] for k, i in places.items())
        f = 2 * int(right) / max(int(found) + scored.gold.total(), 1)
        if f <= best:
            return {label: float(cuts[label].thresholds[i]) for label, i in places.items()}
        best = f


class _Cuts(NamedTuple):
    """The places where a threshold can cut triples that are ranked by score.

    thresholds (ndarray): (up to C + 1,) a threshold for each place, from high to low.
    found (ndarray): Number of triples before each cut.
    right (ndarray): Number of right ones among them.
    """

    thresholds: np.ndarray
    found: np.ndarray
    right: np.ndarray

    @classmethod
    def of(cls, scored: ScoredTriples) -> _Cuts:
        order = np.argsort(-scored.scores, kind="stable")
        ranked = scored.scores[order].astype(np.float64)
        above, below = np.append(1.0, ranked), np.append(ranked, scored.floor)
        # No threshold lies between equal scores.
        between = above > below
        return cls(
            ((above + below) / 2)[between],
            np.arange(len(ranked) + 1)[between],
            np.append(0, np.cumsum(scored.right[order]))[between],
        )

    def is_best(self, weight: float) -> np.ndarray:
        """Whether each cut maximises right − weight · found."""
        worth = self.right - weight * self.found
        best: np.ndarray = np.isclose(worth, worth.max(), rtol=0, atol=1e-9)
        return best

    def nearest(self, best: np.ndarray) -> int:
        """The place of the threshold nearest to 0.5 among the best ones."""
        places = np.flatnonzero(best)
        return int(places[np.abs(self.thresholds[places] - PREFERRED).argmin()])
