"""Gold and predicted Docs → scores of entities and relations.

Everything is compared by character offsets, so predicted and gold tokens may differ. All figures
are micro-averaged over sets: a triple that occurs twice counts once, and a triple whose entities
were missed is a false negative like any other.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from spacy.scorer import PRFScore, Scorer
from spacy.tokens import Doc
from spacy.training import Example

from .errors import Errors
from .relations import Relation, get_relations, has_relations

Key = Callable[[Relation], Hashable]


def make_rin_scorer() -> Callable[..., dict[str, Any]]:
    """RETURNS (Callable): `score_rin`, for [components.rin.scorer]."""
    return score_rin


def score_rin(examples: Iterable[Example], **settings: Any) -> dict[str, Any]:
    """Score entities and relations.

    examples (Iterable[Example]): Those whose gold Doc has no relations key are left out.
    settings: The component's; `anchor` decides what a partial match is.
    RETURNS (dict): ents_p/r/f and ents_per_type; rel_p/r/f (exact match: label and both spans),
        rel_strict_* (and both entity labels), rel_partial_* (label and both anchors), rel_text_*
        (label and both texts, per Doc); rel_per_type (exact match by label). Always floats.
    """
    examples = list(examples)
    annotated = [eg for eg in examples if has_relations(eg.reference)]
    if examples and not annotated:
        warnings.warn(Errors.R010.format(text=examples[0].reference.text[:80]), stacklevel=2)
    examples = annotated
    anchor = settings.get("anchor", "last")
    ents = Scorer.score_spans(examples, "ents")
    scores: dict[str, Any] = {f"ents_{x}": ents[f"ents_{x}"] or 0.0 for x in "prf"}
    scores["ents_per_type"] = ents.get("ents_per_type") or {}
    for name, key in relation_keys(anchor).items():
        scores.update(prf(name, score_relations(examples, key)))
    scores["rel_per_type"] = {
        label: score.to_dict() for label, score in sorted(score_by_label(examples).items())
    }
    return scores


def relation_keys(anchor: str) -> dict[str, Key]:
    """What has to be equal for two triples to match, by name of the score.

    anchor (str): "last" or "first" token of an entity. Its end (start) is that of the entity, so
        it is compared by that character, whatever the tokens are.
    """

    def anchors(relation: Relation) -> Hashable:
        if anchor == "last":
            return relation.head.end_char, relation.label, relation.tail.end_char
        return relation.head.start_char, relation.label, relation.tail.start_char

    return {"rel": exact_key, "rel_strict": _strict, "rel_partial": anchors, "rel_text": text_key}


def exact_key(relation: Relation) -> Hashable:
    """Exact match: the label and both spans."""
    head, tail = relation.head, relation.tail
    return head.start_char, head.end_char, relation.label, tail.start_char, tail.end_char


def text_key(relation: Relation) -> Hashable:
    """Text match: the label and both surface strings."""
    return relation.head.text, relation.label, relation.tail.text


def keys(doc: Doc, key: Key) -> set[Hashable]:
    """Collect the keys of a Doc's relations, so that two Docs can be compared.

    doc (Doc): A Doc with gold or predicted relations.
    key (Callable): What has to be equal for a match.
    RETURNS (set): One key for all relations that have it in common.
    """
    return {key(relation) for relation in get_relations(doc)}


def score_relations(examples: Iterable[Example], key: Key) -> PRFScore:
    """Micro-averaged score of the relations under one key.

    examples (Iterable[Example]): Gold in `reference`, predictions in `predicted`.
    key (Callable): What has to be equal for a match.
    RETURNS (PRFScore): Counts and scores.
    """
    total = PRFScore()
    for eg in examples:
        total.score_set(keys(eg.predicted, key), keys(eg.reference, key))
    return total


def score_by_label(examples: Iterable[Example]) -> dict[str, PRFScore]:
    """Exact match by relation label; labels that only one side has are there too."""
    totals: dict[str, PRFScore] = defaultdict(PRFScore)
    for eg in examples:
        predicted, gold = _by_label(eg.predicted), _by_label(eg.reference)
        for label in predicted.keys() | gold.keys():
            totals[label].score_set(predicted.get(label, set()), gold.get(label, set()))
    return totals


def prf(name: str, score: PRFScore) -> dict[str, float]:
    """RETURNS (dict): `name_p`, `name_r` and `name_f`, 0.0 where undefined."""
    return {
        f"{name}_p": float(score.precision),
        f"{name}_r": float(score.recall),
        f"{name}_f": float(score.fscore),
    }


def _strict(relation: Relation) -> Hashable:
    return exact_key(relation), relation.head.label_, relation.tail.label_


def _by_label(doc: Doc) -> dict[str, set[Hashable]]:
    groups: dict[str, set[Hashable]] = defaultdict(set)
    for relation in get_relations(doc):
        groups[relation.label].add(exact_key(relation))
    return groups
