"""Scores of a batch → the cells that decoding reads: those over the threshold, or candidates.

While a component is trained, dev is decoded twice from the same scores: once as always, and once
far down. From these candidates the scorer finds the threshold that would have been best.

Shapes: W rows of the batch (the words of all windows), T tags, L labels, C cells, F found ones.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

# Candidates have at least this probability, or that of the threshold if it is lower.
LEAST = 0.02
# In each batch the best candidates are kept: so many for each word, or so many in all if these are
# more. Gold has far fewer, so that a threshold which would find them all is never the best one.
MOST_PER_WORD = 2
MOST = 1000


class CellReader(Protocol):
    """The part of the model's scores that decoding reads."""

    def tags(self) -> np.ndarray:
        """Score the tags.

        RETURNS (ndarray): (W, T) log-probabilities.
        """
        ...

    def cells_over(
        self, rows: np.ndarray, cols: np.ndarray, threshold: float | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read some cells of the relation table.

        rows (ndarray): (C,) row of the head of each cell.
        cols (ndarray): (C,) row of the tail of each cell.
        threshold (float | ndarray): Least probability of a triple, or (L,) those of the labels.
        RETURNS (tuple): (F,) place in `rows`, label and probability of each triple found.
        """
        ...

    def all_cells_over(
        self, threshold: float | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Read all cells of the relation table.

        threshold (float | ndarray): Least probability of a triple, or (L,) those of the labels.
        RETURNS (tuple): (F,) row of the head, row of the tail, label and probability of each triple
            found.
        """
        ...


class CandidateReader:
    """Reads the cells of another reader further down, and keeps the best of them.

    scores (CellReader): The reader.
    threshold (float | ndarray): The threshold that triples are found with.
    words (int): Number of words of the batch.
    """

    def __init__(self, scores: CellReader, threshold: float | np.ndarray, words: int) -> None:
        self.scores = scores
        self.floor = min(LEAST, float(np.min(threshold)))
        self._most = max(MOST, MOST_PER_WORD * words)
        # Whatever is found at the threshold is among the candidates. Rounding may take it below.
        self._highest_floor = 0.999 * float(np.min(threshold))

    def tags(self) -> np.ndarray:
        """Score the tags.

        RETURNS (ndarray): (W, T) log-probabilities.
        """
        return self.scores.tags()

    def cells_over(
        self, rows: np.ndarray, cols: np.ndarray, threshold: float | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read some cells of the relation table.

        rows (ndarray): (C,) row of the head of each cell.
        cols (ndarray): (C,) row of the tail of each cell.
        threshold (float | ndarray): Not used: the floor is.
        RETURNS (tuple): (F,) place in `rows`, label and probability of each candidate.
        """
        place, label, score = self.scores.cells_over(rows, cols, self.floor)
        best = self._best(score)
        return place[best], label[best], score[best]

    def all_cells_over(
        self, threshold: float | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Read all cells of the relation table.

        threshold (float | ndarray): Not used: the floor is.
        RETURNS (tuple): (F,) row of the head, row of the tail, label and probability of each
            candidate.
        """
        head, tail, label, score = self.scores.all_cells_over(self.floor)
        best = self._best(score)
        return head[best], tail[best], label[best], score[best]

    def _best(self, scores: np.ndarray) -> np.ndarray:
        """(F,) whether each candidate is kept. If there are too many, the floor rises."""
        if len(scores) <= self._most:
            return np.ones(len(scores), dtype=bool)
        highest_left_out = float(np.partition(scores, -self._most - 1)[-self._most - 1])
        self.floor = min(highest_left_out, self._highest_floor)
        kept: np.ndarray = scores > self.floor
        return kept
