"""Scored Examples → where the errors are: by threshold, by kind, by label and its frequency.

`report.py` says how good a pipeline is. This module says why it is not better.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from spacy.language import Language
from spacy.scorer import PRFScore
from spacy.tokens import Doc
from spacy.training import Example

from ..arrays.thresholds import ScoredTriples
from ..component import RelationExtractor
from ..component.candidate_store import keyed_scores
from ..corpus.overlap import overlap
from ..relations import Relation, char_bounds, get_relations
from ..scorer import (
    exact_key,
    keys,
    match_scores,
    prf,
    score_by_label,
    score_relations,
)

Bounds = tuple[int, int]  # the first character of an entity, and the one after its last
Ends = tuple[Bounds, Bounds]  # of the head and the tail

# Thresholds of the curve, from low (poor precision) to high (poor recall).
THRESHOLDS = (0.02, 0.05, *(k / 10 for k in range(1, 10)), 0.95, 0.98)
# Bin edges of the number of training triples per label: 0, 1 to 9, 10 to 49 and so on.
FREQUENCIES = (0, 1, 10, 50, 200, 10**9)


class WrongTriple(NamedTuple):
    """A triple that only one side of an Example has.

    example (Example): The Example.
    relation (Relation): The triple, which is either missed or wrong.
    kind (str): What is wrong, as `find_missed` and `find_wrong` name it.
    """

    example: Example
    relation: Relation
    kind: str


def find_candidates(rin: RelationExtractor, examples: Sequence[Example]) -> ScoredTriples:
    """Read the texts of scored examples once more, at the lowest of THRESHOLDS.

    rin (RelationExtractor): The component that made the predictions.
    examples (Sequence[Example]): Scored examples; they are not changed.
    RETURNS (ScoredTriples): The triples that it finds, and which of them are right.
    """
    chosen = {name: rin.cfg[name] for name in ("threshold", "label_thresholds")}
    rin.cfg.update(threshold=THRESHOLDS[0], label_thresholds={})
    try:
        predictions = rin.predict([_without_entities(eg.predicted) for eg in examples])
    finally:
        rin.cfg.update(chosen)
    return match_scores(
        (eg.reference, keyed_scores(eg.predicted, prediction.triples))
        for eg, prediction in zip(examples, predictions, strict=True)
    )


def by_threshold(candidates: ScoredTriples) -> list[dict[str, float]]:
    """Score the exact match at every threshold, for the precision–recall curve.

    candidates (ScoredTriples): What `find_candidates` returned.
    RETURNS (list[dict]): For each of THRESHOLDS: "threshold", "rel_p", "rel_r" and "rel_f".
    """
    curve = []
    for threshold in THRESHOLDS:
        found = candidates.scores >= threshold
        right = int(candidates.right[found].sum())
        score = PRFScore(tp=right, fp=int(found.sum()) - right, fn=candidates.gold.total() - right)
        curve.append({"threshold": threshold, **prf("rel", score)})
    return curve


def missed_kinds(examples: Iterable[Example]) -> dict[str, int]:
    """Count the gold triples that were not found, by kind.

    examples (Iterable[Example]): Scored examples.
    RETURNS (dict[str, int]): The number of each kind of `find_missed`, the most frequent first.
    """
    return dict(Counter(error.kind for error in find_missed(examples)).most_common())


def wrong_kinds(examples: Iterable[Example]) -> dict[str, int]:
    """Count the predicted triples that are not gold, by kind.

    examples (Iterable[Example]): Scored examples.
    RETURNS (dict[str, int]): The number of each kind of `find_wrong`, the most frequent first.
    """
    return dict(Counter(error.kind for error in find_wrong(examples)).most_common())


def find_missed(examples: Iterable[Example]) -> Iterator[WrongTriple]:
    """Find the gold triples that were not found, each with the first of these kinds that applies.

    - entity missed: no predicted entity overlaps the head, or none the tail.
    - span wrong: head or tail has been predicted with other bounds only.
    - label wrong: a triple that is not gold was predicted between the two.
    - pair missed: both entities were predicted, but no such triple between them.

    Predicted entities are those of `doc.ents`, and the heads and tails of all predicted triples.
    Some heads and tails are nested in other entities, and a Doc has nested mentions nowhere else.

    examples (Iterable[Example]): Scored examples.
    YIELDS (WrongTriple): A gold triple, and its kind.
    """
    for eg in examples:
        gold, found = keys(eg.reference, exact_key), keys(eg.predicted, exact_key)
        predicted = get_relations(eg.predicted)
        untrue = {_ends(relation) for relation in predicted if exact_key(relation) not in gold}
        entities = {char_bounds(ent) for ent in eg.predicted.ents}
        entities.update(end for relation in predicted for end in _ends(relation))
        for relation in get_relations(eg.reference):
            if exact_key(relation) not in found:
                yield WrongTriple(eg, relation, _missed_kind(relation, entities, untrue))


def find_wrong(examples: Iterable[Example]) -> Iterator[WrongTriple]:
    """Find the predicted triples that are not gold, each with its kind.

    - label wrong: gold has the same head and tail, with another label.
    - direction wrong: gold has the triple with head and tail exchanged.
    - span wrong: gold has the triple between entities that overlap these.
    - no such pair: none of these.

    examples (Iterable[Example]): Scored examples.
    YIELDS (WrongTriple): A predicted triple, and its kind.
    """
    for eg in examples:
        gold, known = get_relations(eg.reference), keys(eg.reference, exact_key)
        for relation in get_relations(eg.predicted):
            if exact_key(relation) not in known:
                yield WrongTriple(eg, relation, _wrong_kind(relation, gold))


def by_frequency(
    examples: Iterable[Example], in_train: Counter[str]
) -> dict[str, dict[str, float]]:
    """Score the exact match by how many triples of the label train has.

    examples (Iterable[Example]): Scored examples.
    in_train (Counter[str]): Number of triples in train, by label.
    RETURNS (dict): For each range of that number, such as "10-49": "rel_p", "rel_r", "rel_f", and
        the number of gold "triples". Ranges without any triple are left out.
    """
    totals = {bounds: PRFScore() for bounds in pairwise(FREQUENCIES)}
    for label, score in score_by_label(examples).items():
        for (least, above), total in totals.items():
            if least <= in_train[label] < above:
                total += score
    return {
        _range_name(bounds): {**prf("rel", total), "triples": total.tp + total.fn}
        for bounds, total in totals.items()
        if len(total)
    }


def by_label(
    examples: Iterable[Example], in_train: Counter[str] | None = None
) -> dict[str, dict[str, float]]:
    """Score the exact match of each relation label, and count its triples.

    examples (Iterable[Example]): Scored examples.
    in_train (Counter[str] | None): Number of triples in train, by label.
    RETURNS (dict): For each label, the most frequent in gold first: "rel_p", "rel_r", "rel_f", and
        the numbers of gold "triples", of "predicted" triples, and of those "in_train" if train is
        given. Labels that gold has nowhere are in it if they were predicted.
    """
    scores = sorted(score_by_label(examples).items())
    return {
        label: {
            **prf("rel", score),
            "triples": score.tp + score.fn,
            "predicted": score.tp + score.fp,
            **({} if in_train is None else {"in_train": in_train[label]}),
        }
        for label, score in sorted(scores, key=lambda item: -(item[1].tp + item[1].fn))
    }


def score_among_others(
    nlp: Language, examples: Sequence[Example], others: Iterable[Doc]
) -> dict[str, float]:
    """Score the exact match on texts of which a third has no triple.

    Every text of the published data sets has a triple, so that a model can always find something.
    Here texts of another data set are added. Whatever the pipeline finds in them counts as wrong.

    nlp (Language): The pipeline.
    examples (Sequence[Example]): Scored examples.
    others (Iterable[Doc]): Docs of another data set; half as many as there are examples are read.
    RETURNS (dict): "rel_p", "rel_r", "rel_f", the number of "texts_without_triple", the number of
        triples "found_in_them", and "silence", the triples found in a thousand of them.
    """
    total = score_relations(examples, exact_key)
    texts = [doc.text for _, doc in zip(range(len(examples) // 2), others, strict=False)]
    invented = sum(len(get_relations(doc)) for doc in nlp.pipe(texts))
    total.fp += invented
    return {
        **prf("rel", total),
        "texts_without_triple": len(texts),
        "found_in_them": invented,
        "silence": 1000 * invented / max(1, len(texts)),
    }


def _without_entities(doc: Doc) -> Doc:
    copy = doc.copy()
    copy.ents = []
    return copy


def _ends(relation: Relation) -> Ends:
    return char_bounds(relation.head), char_bounds(relation.tail)


def _missed_kind(relation: Relation, entities: set[Bounds], untrue: set[Ends]) -> str:
    """The kind of a missed triple; `untrue` are the ends of predicted triples that are not gold."""
    ends = _ends(relation)
    if any(not any(overlap(end, entity) for entity in entities) for end in ends):
        return "entity missed"
    if not entities.issuperset(ends):
        return "span wrong"
    return "label wrong" if ends in untrue else "pair missed"


def _wrong_kind(relation: Relation, gold: Sequence[Relation]) -> str:
    head, tail = _ends(relation)
    if any(_ends(other) == (head, tail) for other in gold):
        return "label wrong"
    for gold_head, gold_tail in (_ends(other) for other in gold if other.label == relation.label):
        if (gold_head, gold_tail) == (tail, head):
            return "direction wrong"
        if overlap(head, gold_head) and overlap(tail, gold_tail):
            return "span wrong"
    return "no such pair"


def _range_name(bounds: tuple[int, int]) -> str:
    least, above = bounds
    if above == FREQUENCIES[-1]:
        return f">={least}"
    return str(least) if above == least + 1 else f"{least}-{above - 1}"
