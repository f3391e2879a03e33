"""Predictions on dev, while a component is trained → what its scorer chooses thresholds from.

`spacy train` predicts and scores dev by the same calls as everybody else. So the component knows
that it is trained by this: it was updated, and not scored since.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from spacy.tokens import Doc, Span
from spacy.training import Example

from ..arrays.decode import PredictedTriple, Prediction
from ..arrays.thresholds import ScoredTriples
from ..relations import Relation, has_relations
from ..scorer import ExactKey, exact_key, match_scores

# The score of each candidate of a Doc, and the lowest score that was looked for.
Found = tuple[dict[ExactKey, float], float]


def keyed_scores(doc: Doc, triples: Iterable[PredictedTriple]) -> dict[ExactKey, float]:
    """List the scores of predicted triples by what is equal in an exact match.

    These are offsets of characters, which stay the same if a later component merges tokens.

    doc (Doc): The Doc that was predicted.
    triples (Iterable[PredictedTriple]): What was found in it.
    RETURNS (dict[ExactKey, float]): The score of each triple.
    """
    return {
        exact_key(Relation(Span(doc, *t.head), t.label, Span(doc, *t.tail))): t.score
        for t in triples
    }


class CandidateStore:
    """Keeps the candidates of predicted Docs until these are scored.

    They are beside the Docs and never on them, and die with them. Nothing of this is saved.
    """

    def __init__(self) -> None:
        # Whether predictions need candidates: from an update on until the next scoring.
        self.wanted = False
        # What was scored last after an update: dev, in `spacy train`.
        self.scored: ScoredTriples | None = None
        self._found: WeakKeyDictionary[Doc, Found] = WeakKeyDictionary()

    def keep(self, doc: Doc, prediction: Prediction) -> None:
        """Keep the candidates of a Doc, if they are wanted.

        doc (Doc): The Doc that was predicted.
        prediction (Prediction): The entities and triples found in it.
        """
        if self.wanted:
            self._found[doc] = keyed_scores(doc, prediction.candidates), prediction.floor

    def match(self, examples: Iterable[Example], attribute: str) -> ScoredTriples | None:
        """Compare the candidates of scored Docs with gold. From here on none are wanted.

        examples (Iterable[Example]): The Examples that are scored.
        attribute (str): Name of the extension that reads their relations.
        RETURNS (ScoredTriples): The candidates, or None if they were not kept of every Doc.
        """
        if not self.wanted:
            return None
        annotated = [eg for eg in examples if has_relations(eg.reference, attribute)]
        kept = [(eg.reference, *self._found.get(eg.predicted, (None, 0.0))) for eg in annotated]
        self.wanted, self.scored = False, None
        self._found.clear()
        found = [(gold, scores) for gold, scores, _ in kept if scores is not None]
        if found and len(found) == len(kept):
            floor = max(floor for _, _, floor in kept)
            self.scored = match_scores(found, floor, attribute)
        return self.scored

    def __reduce__(self) -> tuple[Any, ...]:
        # Weak references can't be pickled, and worker processes need none of this.
        return CandidateStore, ()
