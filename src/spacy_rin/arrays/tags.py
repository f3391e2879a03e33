"""Entities ↔ BIOES tags: the alphabet of the tagger, and the best valid sequence of its scores.

Flat entities have one layer of tags. An entity nested in another has a layer of its own, and the
two tags of a word make one joint tag of the alphabet (Alex et al. 2007, Straková et al. 2019).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

OUTSIDE = 0
MASKED = -1
OUTER, NESTED = 0, 1
_PREFIXES = "BIES"

EntitySpan = tuple[int, int, str]


class TagSet:
    """The tags of a list of entity labels: O, then B, I, E and S of each, then joint tags.

    labels (Sequence[str]): Entity labels; one label gives the paper's five tags.
    joint (Iterable[Sequence[str]]): Pairs of tags: of an entity, and of one nested in it.
    """

    def __init__(self, labels: Sequence[str], joint: Iterable[Sequence[str]] = ()) -> None:
        self.labels = list(labels)
        flat = ["O", *(f"{p}-{label}" for label in labels for p in _PREFIXES)]
        self._flat = {name: tag for tag, name in enumerate(flat)}
        pairs = [(self._flat[outer], self._flat[nested]) for outer, nested in joint]
        self._joint = {pair: len(flat) + k for k, pair in enumerate(pairs)}
        self.names = [*flat, *(f"{flat[outer]}|{flat[nested]}" for outer, nested in pairs)]
        # (2, T) flat tags in both layers
        self._layers = np.array([*((tag, OUTSIDE) for tag in range(len(flat))), *pairs]).T
        tags = np.arange(len(flat))
        # Position of a flat tag within its label: 0 B, 1 I, 2 E, 3 S; O behaves as S does.
        self._prefix = np.where(tags == OUTSIDE, 3, (tags - 1) % 4)
        self._label = np.where(tags == OUTSIDE, -1, (tags - 1) // 4)
        # (2, T) of both layers, without the entity's label: 0 for O, 1 to 4 for B, I, E, S.
        self.prefixes = np.where(tags == OUTSIDE, 0, self._prefix + 1)[self._layers]
        opens = (self._prefix == 0) | (self._prefix == 1)  # B, I: an entity goes on
        inside = (self._prefix == 1) | (self._prefix == 2)  # I, E: an entity went on before
        same = self._label[:, None] == self._label[None, :]
        # allowed[a, b]: b may follow a. An open entity goes on with its own label; anything else
        # starts afresh. Both layers must allow it.
        allowed = np.where(opens[:, None], inside[None, :] & same, ~inside[None, :])
        outer, nested = self._layers
        self._allowed = allowed[np.ix_(outer, outer)] & allowed[np.ix_(nested, nested)]
        self._may_start = ~inside[outer] & ~inside[nested]
        self._may_end = ~opens[outer] & ~opens[nested]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def has_nested(self) -> bool:
        """RETURNS (bool): Whether there are joint tags."""
        return bool(self._joint)

    def encode(self, spans: Iterable[EntitySpan], length: int) -> np.ndarray:
        """Tags of entities.

        spans (Iterable[EntitySpan]): (start, end, label), end-exclusive. An entity inside another
            is left out where the joint tags it needs are not in the set, or a third one is there.
        length (int): Number of words.
        RETURNS (ndarray): (length,) tag numbers.
        RAISES (KeyError): If a label is not in the tag set.
        """
        tags = np.full(length, OUTSIDE, dtype=np.int64)
        # What is around another comes first.
        for start, end, label in sorted(spans, key=lambda span: (span[0], -span[1])):
            own = [self._flat[name] for name in _names(end - start, label)]
            if (tags[start:end] != OUTSIDE).any():
                pairs = zip(tags[start:end].tolist(), own, strict=True)
                joint = [self._joint.get(pair, MASKED) for pair in pairs]
                if MASKED not in joint:
                    tags[start:end] = joint
            else:
                tags[start:end] = own
        return tags

    def decode(self, tags: np.ndarray, layer: int = OUTER) -> list[EntitySpan]:
        """Entities of a valid tag sequence.

        tags (ndarray): (length,) as `best_path` returns them.
        layer (int): OUTER for those in no other, NESTED for those in one.
        RETURNS (list[EntitySpan]): (start, end, label), in order.
        """
        flat = self._layers[layer][tags]
        prefix, label = self._prefix[flat], self._label[flat]
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


def joint_tags(outer: EntitySpan, nested: EntitySpan) -> list[tuple[str, str]]:
    """RETURNS (list): The joint tags of the words of an entity that lies inside another."""
    around, own = (_names(end - start, label) for start, end, label in (outer, nested))
    return list(zip(around[nested[0] - outer[0] :], own, strict=False))


def _names(length: int, label: str) -> list[str]:
    """Flat tags of an entity, word by word."""
    if length == 1:
        return [f"S-{label}"]
    return [f"B-{label}", *[f"I-{label}"] * (length - 2), f"E-{label}"]
