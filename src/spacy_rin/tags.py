"""Entities ↔ BIOES tags: the alphabet of the tagger, and the best valid sequence of its scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

OUTSIDE = 0
MASKED = -1
_PREFIXES = "BIES"

EntitySpan = tuple[int, int, str]


class TagSet:
    """The tags of a list of entity labels: O, then B, I, E and S of each.

    labels (Sequence[str]): Entity labels; one label gives the paper's five tags.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)
        self.names = ["O", *(f"{p}-{label}" for label in labels for p in _PREFIXES)]
        self._label_index = {label: k for k, label in enumerate(labels)}
        tags = np.arange(len(self.names))
        # Position of a tag within its label: 0 B, 1 I, 2 E, 3 S; O behaves as S does.
        self._prefix = np.where(tags == OUTSIDE, 3, (tags - 1) % 4)
        # The same without the entity's label: 0 for O, 1 to 4 for B, I, E, S.
        self.prefixes = np.where(tags == OUTSIDE, 0, self._prefix + 1)
        self._label = np.where(tags == OUTSIDE, -1, (tags - 1) // 4)
        opens = (self._prefix == 0) | (self._prefix == 1)  # B, I: an entity goes on
        inside = (self._prefix == 1) | (self._prefix == 2)  # I, E: an entity went on before
        same = self._label[:, None] == self._label[None, :]
        # (T, T) allowed[a, b]: b may follow a. An open entity goes on with its own label;
        # anything else starts afresh.
        self._allowed = np.where(opens[:, None], inside[None, :] & same, ~inside[None, :])
        self._may_start = ~inside
        self._may_end = ~opens

    def __len__(self) -> int:
        return len(self.names)

    def encode(self, spans: Iterable[EntitySpan], length: int) -> np.ndarray:
        """Tags of flat, non-overlapping entities.

        spans (Iterable[EntitySpan]): (start, end, label), end-exclusive.
        length (int): Number of words.
        RETURNS (ndarray): (length,) tag numbers.
        RAISES (KeyError): If a label is not in the tag set.
        """
        tags = np.full(length, OUTSIDE, dtype=np.int64)
        for start, end, label in spans:
            first = 1 + 4 * self._label_index[label]
            if end - start == 1:
                tags[start] = first + 3
            else:
                tags[start] = first
                tags[start + 1 : end - 1] = first + 1
                tags[end - 1] = first + 2
        return tags

    def decode(self, tags: np.ndarray) -> list[EntitySpan]:
        """Entities of a valid tag sequence.

        tags (ndarray): (length,) as `best_path` returns them.
        RETURNS (list[EntitySpan]): (start, end, label), in order.
        """
        prefix, label = self._prefix[tags], self._label[tags]
        is_entity = label >= 0
        starts = np.flatnonzero(is_entity & ((prefix == 0) | (prefix == 3)))
        ends = np.flatnonzero(is_entity & ((prefix == 2) | (prefix == 3))) + 1
        return [(int(s), int(e), self.labels[label[s]]) for s, e in zip(starts, ends, strict=True)]

    def best_path(self, scores: np.ndarray) -> np.ndarray:
        """The highest-scoring valid sequence of tags.

        scores (ndarray): (length, T) log-probabilities of one unit.
        RETURNS (ndarray): (length,) tag numbers. Where the best tag of every word makes a valid
            sequence that is the answer, and the search is not run.
        """
        tags = scores.argmax(axis=1)
        if not len(tags) or self._is_valid(tags):
            return tags
        return self._search(scores)

    def _is_valid(self, tags: np.ndarray) -> bool:
        return bool(
            self._may_start[tags[0]]
            and self._may_end[tags[-1]]
            and self._allowed[tags[:-1], tags[1:]].all()
        )

    def _search(self, scores: np.ndarray) -> np.ndarray:
        length = len(scores)
        forbidden = np.where(self._allowed, 0.0, -np.inf)
        best = np.where(self._may_start, scores[0], -np.inf)
        came_from = np.zeros(scores.shape, dtype=np.int64)
        for i in range(1, length):
            paths = best[:, None] + forbidden
            came_from[i] = paths.argmax(axis=0)
            best = paths.max(axis=0) + scores[i]
        tags = np.zeros(length, dtype=np.int64)
        tags[-1] = np.where(self._may_end, best, -np.inf).argmax()
        for i in range(length - 1, 0, -1):
            tags[i - 1] = came_from[i, tags[i]]
        return tags
