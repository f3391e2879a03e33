"""A dense table that decoding reads cell by cell, and Docs of numbered words."""

from __future__ import annotations

import numpy as np
import spacy
from spacy.tokens import Doc

from spacy_rin.arrays.batch import WindowBatch

NLP = spacy.blank("en")


class DenseReader:
    """Scores of a batch: (W, T) tag scores, and an (n, n, L) table of each window."""

    def __init__(
        self, batch: WindowBatch, tag_scores: np.ndarray, tables: list[np.ndarray]
    ) -> None:
        self.tag_scores = tag_scores
        self.tables = tables
        self.place = [(k, i) for k, n in enumerate(batch.lengths) for i in range(n)]
        self.row = {place: row for row, place in enumerate(self.place)}
        self.cells_read: list[tuple[int, int]] = []

    def tags(self) -> np.ndarray:
        return self.tag_scores

    def cells_over(
        self, rows: np.ndarray, cols: np.ndarray, threshold: float | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = []
        for p, (row, col) in enumerate(zip(rows.tolist(), cols.tolist(), strict=True)):
            (window, i), (other, j) = self.place[row], self.place[col]
            assert window == other, "a cell lies within one window"
            self.cells_read.append((row, col))
            scores = self.tables[window][i, j]
            found += [(p, t, scores[t]) for t in np.flatnonzero(scores >= threshold).tolist()]
        return self._columns(found, 3)

    def all_cells_over(
        self, threshold: float | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        found = [
            (self.row[k, i], self.row[k, j], t, table[i, j, t])
            for k, table in enumerate(self.tables)
            for i, j, t in np.argwhere(table >= threshold).tolist()
        ]
        return self._columns(found, 4)

    @staticmethod
    def _columns(found: list[tuple[float, ...]], number: int) -> tuple[np.ndarray, ...]:
        columns = np.array(found, dtype=np.float64).reshape(-1, number).T
        return (*(column.astype(np.int64) for column in columns[:-1]), columns[-1])


def make_doc(length: int, sent_starts: set[int] | None = None) -> Doc:
    starts = None if sent_starts is None else [i in {0, *sent_starts} for i in range(length)]
    return Doc(NLP.vocab, words=[f"w{i}" for i in range(length)], sent_starts=starts)
