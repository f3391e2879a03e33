"""Entities ↔ BIOES tags: the tags the model scores, and the best valid sequence of its scores.

Flat entities have one layer of tags, the outer one. Entities nested in others have a layer of their
own. The two tags of a word then make one joint tag (Alex et al. 2007, Straková et al. 2019).

Shapes: W words of one unit, T tags, F of these flat (without joint tags).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

OUTSIDE = 0  # the number of the tag O
MASKED = -1  # in the place of a tag that is left out of the loss
OUTER, NESTED = 0, 1  # the layers

# The prefixes of tags. The number of a prefix is its place in this string.
PREFIXES = "OBIES"
# For each prefix, whether its word starts an entity, continues one from the word before, is
# followed by another word of its entity, or ends one.
_STARTS, _CONTINUES, _GOES_ON, _ENDS = (
    np.array([prefix in those for prefix in PREFIXES]) for those in ("BS", "IE", "BI", "ES")
)

EntitySpan = tuple[int, int, str]


class TagSet:
    """The tags of a list of entity labels: O, then B, I, E and S of each label, then joint tags.

    The prefix of a tag says where in its entity the word is:

    | tag | the word is in its entity | it continues an entity | the entity goes on after it |
    |---|---|---|---|
    | O | in none | no | no |
    | B | the first of several | no | yes |
    | I | between first and last | yes | yes |
    | E | the last of several | yes | no |
    | S | the only one | no | no |

    In a valid sequence, B-X and I-X are followed by I-X or E-X, and no other tag is. A sequence of
    joint tags is valid if both of its layers are.

    labels (Sequence[str]): Entity labels. One label makes the five tags of the paper.
    joint (Iterable[Sequence[str]]): Pairs of flat tags that a word can have at once: the first in
        an entity, the second in an entity nested in it.

    >>> tag_set = TagSet(["ORG", "LOC"], joint=[("B-ORG", "S-LOC")])
    >>> tag_set.names[:6], tag_set.names[-1]
    (['O', 'B-ORG', 'I-ORG', 'E-ORG', 'S-ORG', 'B-LOC'], 'B-ORG|S-LOC')
    >>> tags = tag_set.encode([(0, 2, "ORG"), (0, 1, "LOC")], 3)  # "London Bank closed"
    >>> [tag_set.names[tag] for tag in tags]
    ['B-ORG|S-LOC', 'E-ORG', 'O']
    >>> [[PREFIXES[p] for p in layer] for layer in tag_set.prefixes_by_layer[:, tags]]
    [['B', 'E', 'O'], ['S', 'O', 'O']]
    """

    def __init__(self, labels: Sequence[str], joint: Iterable[Sequence[str]] = ()) -> None:
        self.labels = list(labels)
        flat = ["O", *(f"{prefix}-{label}" for label in labels for prefix in PREFIXES[1:])]
        self._flat = {name: tag for tag, name in enumerate(flat)}
        pairs = [(self._flat[outer], self._flat[nested]) for outer, nested in joint]
        self._joint = {pair: len(flat) + k for k, pair in enumerate(pairs)}
        self.names = [*flat, *(f"{flat[outer]}|{flat[nested]}" for outer, nested in pairs)]
        # (F,) prefix and label of each flat tag; O has no label.
        self._prefix = np.array([0, *[1, 2, 3, 4] * len(self.labels)])
        self._label = np.concatenate([[-1], np.repeat(np.arange(len(self.labels)), 4)])
        # (2, T) flat tag of each tag in both layers.
        self._layers = np.array([*((tag, OUTSIDE) for tag in range(len(flat))), *pairs]).T
        self._allowed, self._may_start, self._may_end = self._transitions()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def has_nested(self) -> bool:
        """Whether there are joint tags.

        RETURNS (bool): False where the set has flat tags alone, so that nothing nested is found.
        """
        return bool(self._joint)

    @property
    def prefixes_by_layer(self) -> np.ndarray:
        """Prefix of each tag in the outer and in the nested layer, without the entity label.

        RETURNS (ndarray): (2, T) places in PREFIXES.
        """
        return self._prefix[self._layers]

    def encode(self, spans: Iterable[EntitySpan], length: int) -> np.ndarray:
        """Write entities as tags.

        An entity inside another needs joint tags. It is left out where the set lacks one of them,
        or where a word would be in three entities.

        spans (Iterable[EntitySpan]): Entities in words, (start, end, label), end-exclusive.
        length (int): Number of words.
        RETURNS (ndarray): (length,) tag numbers.
        RAISES (KeyError): If a label is not in the tag set.
        """
        tags = np.full(length, OUTSIDE, dtype=np.int64)
        # An entity comes before those inside it.
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
        """Read the entities from a valid tag sequence.

        tags (ndarray): (W,) tag numbers, as `best_path` returns them.
        layer (int): OUTER for entities that lie in no other, NESTED for those inside one.
        RETURNS (list[EntitySpan]): (start, end, label) in words, end-exclusive, in order.
        """
        flat = self._layers[layer][tags]
        prefix, label = self._prefix[flat], self._label[flat]
        starts, ends = np.flatnonzero(_STARTS[prefix]), np.flatnonzero(_ENDS[prefix]) + 1
        return [(int(s), int(e), self.labels[label[s]]) for s, e in zip(starts, ends, strict=True)]

    def best_path(self, scores: np.ndarray) -> np.ndarray:
        """Find the valid sequence of tags with the highest score.

        If the best tags of all words make a valid sequence, they are the answer without a search.

        scores (ndarray): (W, T) log-probabilities of the tags of one unit.
        RETURNS (ndarray): (W,) tag numbers.
        """
        tags = scores.argmax(axis=1)
        if not len(tags) or self._is_valid(tags):
            return tags
        return self._search(scores)

    def _transitions(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(T, T) whether a tag may follow another; (T,) whether it may start, and end, a unit.

        Both layers have to allow it.
        """
        continues, goes_on = _CONTINUES[self._prefix], _GOES_ON[self._prefix]
        same_label = self._label[:, None] == self._label[None, :]
        # follows[a, b]: flat tag b may follow flat tag a.
        follows = np.where(goes_on[:, None], continues & same_label, ~continues)
        outer, nested = self._layers
        allowed = follows[np.ix_(outer, outer)] & follows[np.ix_(nested, nested)]
        may_start = ~continues[outer] & ~continues[nested]
        may_end = ~goes_on[outer] & ~goes_on[nested]
        return allowed, may_start, may_end

    def _is_valid(self, tags: np.ndarray) -> bool:
        return bool(
            self._may_start[tags[0]]
            and self._may_end[tags[-1]]
            and self._allowed[tags[:-1], tags[1:]].all()
        )

    def _search(self, scores: np.ndarray) -> np.ndarray:
        """Viterbi's search of the best valid sequence."""
        length = len(scores)
        forbidden = np.where(self._allowed, 0.0, -np.inf)
        # best[b]: score of the best sequence so far that ends in tag b.
        best = np.where(self._may_start, scores[0], -np.inf)
        # came_from[i, b]: the tag of word i - 1 in the best sequence with tag b at word i.
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
    """List the joint tags that an entity inside another needs.

    outer (EntitySpan): The entity around the other.
    nested (EntitySpan): The entity inside it.
    RETURNS (list[tuple[str, str]]): One pair of flat tags for each word of the nested entity.

    >>> joint_tags((0, 3, "ORG"), (0, 2, "LOC"))  # "New York" in "New York University"
    [('B-ORG', 'B-LOC'), ('I-ORG', 'E-LOC')]
    """
    around, own = (_names(end - start, label) for start, end, label in (outer, nested))
    return list(zip(around[nested[0] - outer[0] :], own, strict=False))


def _names(length: int, label: str) -> list[str]:
    """Flat tags of an entity, word by word."""
    if length == 1:
        return [f"S-{label}"]
    return [f"B-{label}", *[f"I-{label}"] * (length - 2), f"E-{label}"]
