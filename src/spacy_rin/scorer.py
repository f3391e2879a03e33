"""Gold and predicted Docs → scores of entities and relations.

`spacy train`, `spacy evaluate` and the reports of this package call it. Everything is compared by
character offsets, so predicted and gold tokens may differ. All scores are micro-averages over sets:
a triple that occurs twice in a Doc counts once. A triple whose entities were missed is a false
negative like any other.
"""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import numpy as np
from spacy.scorer import PRFScore, Scorer
from spacy.tokens import Doc
from spacy.training import Example

from .arrays.thresholds import ScoredTriples, best_threshold
from .errors import Errors
from .relations import Relation, get_relations, has_relations
from .stores import ATTRIBUTE

# How much each score counts when `spacy train` chooses the best model; those with 0 are only shown,
# and those with None are not.
# `score_rin` must always return them, as floats: spaCy drops any other silently.
SCORE_WEIGHTS: dict[str, float | None] = {
    "rel_f": 1.0,
    "rel_p": 0.0,
    "rel_r": 0.0,
    "rel_partial_f": 0.0,
    "ents_f": 0.0,
    "rel_f_best": None,
}

# Two triples match if their keys are equal.
Key = Callable[[Relation], Hashable]
# Offsets of the head, label, offsets of the tail: what is equal in an exact match.
ExactKey = tuple[int, int, str, int, int]


def make_rin_scorer() -> Callable[..., dict[str, Any]]:
    """Construct the scorer for [components.rin.scorer].

    RETURNS (Callable): `score_rin`.
    """
    return score_rin


def score_rin(
    examples: Iterable[Example], candidates: ScoredTriples | None = None, **settings: Any
) -> dict[str, Any]:
    """Score entities and relations.

    | score | what is equal in a match |
    |---|---|
    | ents_p/r/f, ents_per_type | span and label of an entity |
    | rel_p/r/f, rel_per_type | label of the relation and both spans (exact match) |
    | rel_strict_p/r/f | these and both entity labels |
    | rel_partial_p/r/f | label of the relation and both anchors |
    | rel_text_p/r/f | label of the relation and both texts, in the same Doc |
    | rel_f_best | as in rel_f, at the threshold that would be best for these examples |

    Outside training, rel_f_best knows the triples over the component's threshold only. It is what
    a higher threshold could reach.

    The scores of relations that are stored under another attribute, such as `triples`, have its
    name in front: `triples_rel_f`.

    examples (Iterable[Example]): Examples. Those whose gold Doc has no relations key are left out.
    candidates (ScoredTriples): The triples that rel_f_best chooses from, which the component keeps
        while it is trained. By default they are the relations of the predicted Docs.
    settings (Any): Settings of the component. `anchor` decides what a partial match is, `attribute`
        which relations are compared.
    RETURNS (dict): The scores by name, always floats. Those "per type" are dicts by label.
    """
    examples = list(examples)
    attribute = settings.get("attribute", ATTRIBUTE)
    annotated = [eg for eg in examples if has_relations(eg.reference, attribute)]
    if examples and not annotated:
        warnings.warn(Errors.R010.format(text=examples[0].reference.text[:80]), stacklevel=2)
    examples = annotated
    anchor = settings.get("anchor", "last")
    ents = Scorer.score_spans(examples, "ents")
    scores: dict[str, Any] = {f"ents_{x}": ents[f"ents_{x}"] or 0.0 for x in "prf"}
    scores["ents_per_type"] = ents.get("ents_per_type") or {}
    for name, key in relation_keys(anchor).items():
        score = score_relations(examples, key, attribute)
        scores.update(prf(score_name(name, attribute), score))
    if candidates is None:
        candidates = match_predicted(examples, attribute)
    # At the threshold itself labels may have thresholds of their own, so that it may be better.
    rel_f = scores[score_name("rel_f", attribute)]
    scores[score_name("rel_f_best", attribute)] = max(best_threshold(candidates).f, rel_f)
    by_label = score_by_label(examples, attribute)
    scores[score_name("rel_per_type", attribute)] = {
        label: score.to_dict() for label, score in sorted(by_label.items())
    }
    return scores


def score_name(name: str, attribute: str) -> str:
    """Name a score of the relations that are stored under an attribute.

    name (str): Its name for `doc._.relations`, such as "rel_f".
    attribute (str): Name of the extension that reads the relations.
    RETURNS (str): The name; for another attribute than `relations`, that is in front of it.
    """
    return name if attribute == ATTRIBUTE else f"{attribute}_{name}"


def relation_keys(anchor: str) -> dict[str, Key]:
    """List the keys by which triples are compared.

    Anchors are compared by characters, whatever the tokens are. The last token of an entity ends
    where the entity ends, and the first one starts where it starts.

    anchor (str): "last" or "first": the token that represents an entity in the relation table.
    RETURNS (dict[str, Callable]): The key of each score, by the name of the score.
    """

    def partial_key(relation: Relation) -> Hashable:
        if anchor == "last":
            return relation.head.end_char, relation.label, relation.tail.end_char
        return relation.head.start_char, relation.label, relation.tail.start_char

    return {
        "rel": exact_key,
        "rel_strict": _strict_key,
        "rel_partial": partial_key,
        "rel_text": text_key,
    }


def exact_key(relation: Relation) -> ExactKey:
    """Build the key of an exact match: the label and both spans.

    relation (Relation): A triple.
    RETURNS (ExactKey): Label and character offsets.
    """
    head, tail = relation.head, relation.tail
    return head.start_char, head.end_char, relation.label, tail.start_char, tail.end_char


def text_key(relation: Relation) -> Hashable:
    """Build the key of a text match: the label and both texts.

    relation (Relation): A triple.
    RETURNS (Hashable): Label and texts.
    """
    return relation.head.text, relation.label, relation.tail.text


def keys(doc: Doc, key: Key, attribute: str = ATTRIBUTE) -> set[Hashable]:
    """Collect the keys of a Doc's relations, so that two Docs can be compared.

    doc (Doc): A Doc with gold or predicted relations.
    key (Callable): What has to be equal for a match.
    attribute (str): Name of the extension that reads the relations.
    RETURNS (set): One key for all relations that have it in common.
    """
    return {key(relation) for relation in get_relations(doc, attribute)}


def score_relations(examples: Iterable[Example], key: Key, attribute: str = ATTRIBUTE) -> PRFScore:
    """Score the relations under one key, micro-averaged.

    examples (Iterable[Example]): Examples with gold in `reference` and predictions in `predicted`.
    key (Callable): Returns what has to be equal in a match.
    attribute (str): Name of the extension that reads the relations.
    RETURNS (PRFScore): Counts and scores.
    """
    total = PRFScore()
    for eg in examples:
        total.score_set(keys(eg.predicted, key, attribute), keys(eg.reference, key, attribute))
    return total


def score_by_label(examples: Iterable[Example], attribute: str = ATTRIBUTE) -> dict[str, PRFScore]:
    """Score the relations of each label, under exact match.

    examples (Iterable[Example]): Examples with gold in `reference` and predictions in `predicted`.
    attribute (str): Name of the extension that reads the relations.
    RETURNS (dict[str, PRFScore]): Counts and scores by label. A label has an entry even if it
        occurs only in gold, or only in predictions.
    """
    totals: dict[str, PRFScore] = defaultdict(PRFScore)
    for eg in examples:
        predicted, gold = (_by_label(doc, attribute) for doc in (eg.predicted, eg.reference))
        for label in predicted.keys() | gold.keys():
            totals[label].score_set(predicted.get(label, set()), gold.get(label, set()))
    return totals


def match_scores(
    found: Iterable[tuple[Doc, Mapping[ExactKey, float]]],
    floor: float = 0.0,
    attribute: str = ATTRIBUTE,
) -> ScoredTriples:
    """Compare triples that were found with gold, under exact match, and keep their scores.

    found (Iterable[tuple[Doc, Mapping]]): Gold Docs, and for each the score of every triple that
        was found in it.
    floor (float): Triples with lower scores were not looked for.
    attribute (str): Name of the extension that reads the relations of gold.
    RETURNS (ScoredTriples): The triples of all Docs.
    """
    labels, scores, right = list[str](), list[float](), list[bool]()
    gold: Counter[str] = Counter()
    for doc, scored in found:
        true = {exact_key(relation) for relation in get_relations(doc, attribute)}
        gold.update(key[2] for key in true)
        for key, score in scored.items():
            if score > floor:
                labels.append(key[2])
                scores.append(score)
                right.append(key in true)
    return ScoredTriples(
        np.array(labels, dtype=object),
        np.array(scores, dtype=np.float64),
        np.array(right, dtype=bool),
        gold,
        floor,
    )


def match_predicted(examples: Iterable[Example], attribute: str = ATTRIBUTE) -> ScoredTriples:
    """Compare the relations of predicted Docs with gold, under exact match, and keep their scores.

    examples (Iterable[Example]): Examples with gold in `reference` and predictions in `predicted`.
    attribute (str): Name of the extension that reads the relations.
    RETURNS (ScoredTriples): The triples of all Docs, each once in its Doc, with its best score.
    """
    best = ((eg.reference, _best_scores(eg.predicted, attribute)) for eg in examples)
    return match_scores(best, attribute=attribute)


def prf(name: str, score: PRFScore) -> dict[str, float]:
    """Name precision, recall and F1 of a score.

    name (str): Name of the score.
    score (PRFScore): Counts and scores.
    RETURNS (dict[str, float]): `name_p`, `name_r` and `name_f`; 0.0 where undefined.
    """
    return {
        f"{name}_p": float(score.precision),
        f"{name}_r": float(score.recall),
        f"{name}_f": float(score.fscore),
    }


def _strict_key(relation: Relation) -> Hashable:
    return exact_key(relation), relation.head.label_, relation.tail.label_


def _best_scores(doc: Doc, attribute: str) -> dict[ExactKey, float]:
    """The triples of a Doc, each once with its best score."""
    best: dict[ExactKey, float] = {}
    for relation in get_relations(doc, attribute):
        key = exact_key(relation)
        best[key] = max(relation.score, best.get(key, 0.0))
    return best


def _by_label(doc: Doc, attribute: str) -> dict[str, set[Hashable]]:
    groups: dict[str, set[Hashable]] = defaultdict(set)
    for relation in get_relations(doc, attribute):
        groups[relation.label].add(exact_key(relation))
    return groups
