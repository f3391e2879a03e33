"""Scores of toy predictions, compared with figures by hand; of random ones, with counted sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

import spacy_rin.component  # noqa: F401 - registers the factory
from spacy_rin import Relation
from spacy_rin.arrays.tags import EntitySpan
from spacy_rin.scorer import exact_key, make_rin_scorer, match_scores, score_rin

NLP = spacy.blank("en")
WORDS = ["Ann", "Lee", "met", "Bob", "Ray", "in", "New", "York", "and", "Rome"]
ANN, BOB, YORK, ROME = (0, 2, "PER"), (3, 5, "PER"), (6, 8, "LOC"), (9, 10, "LOC")
GOLD = [(ANN, "met", BOB), (ANN, "in", YORK)]
ALL = ["rel", "rel_strict", "rel_partial", "rel_text"]
FLOATS = [*(f"{name}_{x}" for name in ["ents", *ALL] for x in "prf"), "rel_f_best"]

Triple = tuple[EntitySpan, str, EntitySpan]


def make_doc(
    triples: list[Triple] | None,
    entities: list[EntitySpan] | None = None,
    words: list[str] | None = None,
    spaces: list[bool] | None = None,
) -> Doc:
    doc = Doc(NLP.vocab, words=WORDS if words is None else words, spaces=spaces)
    if entities is not None:
        doc.ents = [Span(doc, *entity) for entity in entities]
    if triples is not None:
        doc._.relations = [
            Relation(Span(doc, *head), label, Span(doc, *tail)) for head, label, tail in triples
        ]
    return doc


def score(
    predicted: list[Triple] | None, gold: list[Triple] | None = GOLD, anchor: str = "last"
) -> dict[str, float]:
    return score_rin([Example(make_doc(predicted), make_doc(gold))], anchor=anchor)


def prf(scores: dict[str, float], name: str) -> tuple[float, float, float]:
    return scores[f"{name}_p"], scores[f"{name}_r"], scores[f"{name}_f"]


@pytest.mark.parametrize("name", ALL)
def test_gold_itself_scores_one(name: str) -> None:
    assert prf(score(GOLD), name) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize("name", ALL)
def test_missed_triple_is_a_false_negative(name: str) -> None:
    assert prf(score(GOLD[:1]), name) == pytest.approx((1, 1 / 2, 2 / 3))


@pytest.mark.parametrize("name", ALL)
def test_surplus_triple_is_a_false_positive(name: str) -> None:
    assert prf(score([*GOLD, (BOB, "in", ROME)]), name) == pytest.approx((2 / 3, 1, 4 / 5))


@pytest.mark.parametrize("name", ALL)
def test_swapped_ends_are_wrong(name: str) -> None:
    assert prf(score([(BOB, "met", ANN)], GOLD[:1]), name) == (0, 0, 0)


@pytest.mark.parametrize("name", ALL)
def test_other_label_is_wrong(name: str) -> None:
    assert prf(score([(ANN, "knows", BOB)], GOLD[:1]), name) == (0, 0, 0)


@pytest.mark.parametrize(
    "anchor, boundary, partial",
    [
        ("last", (1, 2, "PER"), 1),
        ("last", (0, 1, "PER"), 0),
        ("first", (1, 2, "PER"), 0),
        ("first", (0, 1, "PER"), 1),
        ("last", (0, 3, "PER"), 0),
        ("first", (0, 3, "PER"), 1),
    ],
)
@pytest.mark.parametrize("side", ["head", "tail"])
def test_wrong_boundary_is_a_partial_match_where_the_anchor_is_right(
    anchor: str, boundary: EntitySpan, partial: int, side: str
) -> None:
    if side == "head":
        scores = score([(boundary, "met", BOB)], [(ANN, "met", BOB)], anchor)
    else:
        scores = score([(BOB, "met", boundary)], [(BOB, "met", ANN)], anchor)
    assert scores["rel_f"] == scores["rel_strict_f"] == scores["rel_text_f"] == 0
    assert scores["rel_partial_f"] == pytest.approx(partial)


def test_duplicates_count_once() -> None:
    scores = score([GOLD[0], GOLD[0], (BOB, "met", ANN)], [GOLD[0], GOLD[0]])
    for name in ALL:
        assert prf(scores, name) == pytest.approx((1 / 2, 1, 2 / 3))


@pytest.mark.parametrize("side", ["head", "tail"])
def test_wrong_type_is_wrong_only_when_strict(side: str) -> None:
    org = (ANN[0], ANN[1], "ORG")
    if side == "head":
        scores = score([(org, "met", BOB)], [(ANN, "met", BOB)])
    else:
        scores = score([(BOB, "met", org)], [(BOB, "met", ANN)])
    assert scores["rel_strict_f"] == 0
    assert scores["rel_f"] == scores["rel_partial_f"] == scores["rel_text_f"] == pytest.approx(1)


def test_other_occurrence_matches_as_text_only() -> None:
    words = ["Rome", "is", "Rome", "near", "Oslo"]
    gold = make_doc([((0, 1, ""), "near", (4, 5, ""))], words=words)
    predicted = make_doc([((2, 3, ""), "near", (4, 5, ""))], words=words)
    scores = score_rin([Example(predicted, gold)])
    assert scores["rel_f"] == scores["rel_partial_f"] == 0
    assert scores["rel_text_f"] == pytest.approx(1)


def test_same_triple_of_two_docs_counts_twice() -> None:
    examples = [
        Example(make_doc(GOLD[:1]), make_doc(GOLD[:1])),
        Example(make_doc([]), make_doc(GOLD[:1])),
    ]
    for name in ALL:
        assert prf(score_rin(examples), name) == pytest.approx((1, 1 / 2, 2 / 3))


def test_tokens_may_differ() -> None:
    gold = make_doc(
        [((2, 3, "LOC"), "home_of", (0, 1, "PER"))],
        [(0, 1, "PER"), (2, 3, "LOC")],
        ["Ann", "likes", "Rome-Nord"],
        [True, True, False],
    )
    predicted = make_doc(
        [((2, 5, "LOC"), "home_of", (0, 1, "PER"))],
        [(0, 1, "PER"), (2, 5, "LOC")],
        ["Ann", "likes", "Rome", "-", "Nord"],
        [True, True, False, False, False],
    )
    for anchor in ("last", "first"):
        scores = score_rin([Example(predicted, gold)], anchor=anchor)
        assert [scores[f"{name}_f"] for name in [*ALL, "ents"]] == pytest.approx([1] * 5)


def test_other_boundary_in_other_tokens_is_wrong() -> None:
    gold = make_doc([((0, 1, ""), "r", (0, 1, ""))], words=["Rome-Nord", "x"], spaces=[True, False])
    predicted = make_doc(
        [((0, 1, ""), "r", (0, 1, ""))],
        words=["Rome", "-", "Nord", "x"],
        spaces=[False, False, True, False],
    )
    scores = score_rin([Example(predicted, gold)], anchor="last")
    assert scores["rel_f"] == scores["rel_partial_f"] == 0
    assert score_rin([Example(predicted, gold)], anchor="first")["rel_partial_f"] == 1


def test_no_predictions_score_zero() -> None:
    for predicted in ([], None):
        for name in ALL:
            assert prf(score(predicted), name) == (0, 0, 0)


def test_predictions_where_gold_has_none_are_wrong() -> None:
    examples = [Example(make_doc(GOLD), make_doc(GOLD)), Example(make_doc(GOLD), make_doc([]))]
    for name in ALL:
        assert prf(score_rin(examples), name) == pytest.approx((1 / 2, 1, 2 / 3))


def test_gold_docs_without_relations_are_left_out() -> None:
    examples = [Example(make_doc(GOLD), make_doc(GOLD)), Example(make_doc(GOLD), make_doc(None))]
    for name in ALL:
        assert prf(score_rin(examples), name) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize(
    "examples",
    [
        [],
        [Example(make_doc(None), make_doc(None))],
        [Example(make_doc(None), make_doc([]))],
        [Example(make_doc([], []), make_doc([], []))],
        [Example(make_doc([], words=[]), make_doc([], words=[]))],
        [Example(make_doc(GOLD), make_doc([]))],
        [Example(make_doc([]), make_doc(GOLD))],
        [Example(make_doc(GOLD, [ANN]), make_doc(GOLD, [ANN, BOB]))],
    ],
)
def test_every_score_is_a_float(examples: list[Example]) -> None:
    scores = score_rin(examples)
    assert [key for key in FLOATS if type(scores[key]) is not float] == []
    assert isinstance(scores["rel_per_type"], dict) and isinstance(scores["ents_per_type"], dict)


def test_best_score_leaves_out_the_worst_of_what_was_found() -> None:
    doc = make_doc([*GOLD, (BOB, "in", ROME), (BOB, "met", ANN)])
    found = zip(doc._.relations, (0.9, 0.6, 0.7, 0.8), strict=True)
    doc._.relations = [Relation(r.head, r.label, r.tail, score) for r, score in found]
    scores = score_rin([Example(doc, make_doc(GOLD))])
    by_hand = {0.9: 2 / 3, 0.8: 1 / 2, 0.7: 2 / 5, 0.6: 2 / 3}  # scores in document order
    assert scores["rel_f"] == pytest.approx(by_hand[0.6])
    assert scores["rel_f_best"] == pytest.approx(max(by_hand.values()))


def test_best_score_is_never_below_the_score() -> None:
    for predicted in (GOLD, GOLD[:1], [], [*GOLD, (BOB, "in", ROME)]):
        scores = score(predicted)
        assert scores["rel_f_best"] == scores["rel_f"]  # all have the same probability


def test_candidates_take_the_place_of_the_relations() -> None:
    example = Example(make_doc([]), make_doc(GOLD))
    found = {exact_key(relation): 0.1 for relation in example.reference._.relations}
    scores = score_rin([example], candidates=match_scores([(example.reference, found)]))
    assert scores["rel_f"] == 0 and scores["rel_f_best"] == pytest.approx(1)


def test_weights_of_the_component_are_scores() -> None:
    weights = Language.get_factory_meta("rin").default_score_weights
    assert set(weights) <= set(score_rin([]))


def test_registered_scorer_is_the_scorer() -> None:
    assert spacy.registry.scorers.get("spacy-rin.rin_scorer.v1")() is score_rin
    assert make_rin_scorer() is score_rin


def test_other_settings_of_the_component_do_no_harm() -> None:
    example = Example(make_doc(GOLD), make_doc(GOLD))
    assert score_rin([example], threshold=0.5, decode="exact", anchor="last")["rel_f"] == 1


def test_entities_are_scored_by_boundary_and_label() -> None:
    predicted = make_doc([], [ANN, (3, 4, "PER"), (6, 8, "ORG")])
    gold = make_doc([], [ANN, BOB, YORK, ROME])
    scores = score_rin([Example(predicted, gold)])
    assert prf(scores, "ents") == pytest.approx((1 / 3, 1 / 4, 2 / 7))
    assert set(scores["ents_per_type"]) == {"PER", "LOC", "ORG"}


def test_labels_are_scored_one_by_one() -> None:
    scores = score([GOLD[0], (BOB, "near", ROME)], [*GOLD, (BOB, "met", ANN)])
    assert list(scores["rel_per_type"]) == ["in", "met", "near"]
    found = {label: (s["p"], s["r"]) for label, s in scores["rel_per_type"].items()}
    assert found == {
        "in": pytest.approx((0, 0)),
        "met": pytest.approx((1, 1 / 2)),
        "near": pytest.approx((0, 0)),
    }


def entity_spans(length: int) -> st.SearchStrategy[EntitySpan]:
    return st.integers(0, length - 1).flatmap(
        lambda start: st.tuples(
            st.just(start), st.integers(start + 1, length), st.sampled_from(["A", "B"])
        )
    )


def triple_lists(length: int) -> st.SearchStrategy[list[Triple]]:
    ends = entity_spans(length)
    return st.lists(st.tuples(ends, st.sampled_from(["r", "s"]), ends), max_size=6)


def keys_of(triple: Triple, words: list[str], anchor: str) -> dict[str, Hashable]:
    """What has to be equal in a match, in tokens. Here the tokens of both Docs are the same."""
    (hs, he, hl), label, (ts, te, tl) = triple
    anchors = (he, te) if anchor == "last" else (hs, ts)
    return {
        "rel": (hs, he, label, ts, te),
        "rel_strict": (hs, he, hl, label, ts, te, tl),
        "rel_partial": (label, *anchors),
        "rel_text": (" ".join(words[hs:he]), label, " ".join(words[ts:te])),
    }


@settings(max_examples=60)
@given(
    docs=st.lists(
        st.lists(st.sampled_from("xyz"), min_size=1, max_size=4).flatmap(
            lambda words: st.tuples(
                st.just(words), triple_lists(len(words)), triple_lists(len(words))
            )
        ),
        max_size=3,
    ),
    anchor=st.sampled_from(["last", "first"]),
)
def test_totals_equal_counting_sets(
    docs: list[tuple[list[str], list[Triple], list[Triple]]], anchor: str
) -> None:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for words, predicted, gold in docs:
        for name in ALL:
            found = {keys_of(triple, words, anchor)[name] for triple in predicted}
            true = {keys_of(triple, words, anchor)[name] for triple in gold}
            for k, number in enumerate((len(found & true), len(found), len(true))):
                counts[name][k] += number
        for label in ("r", "s"):
            found = {keys_of(t, words, anchor)["rel"] for t in predicted if t[1] == label}
            true = {keys_of(t, words, anchor)["rel"] for t in gold if t[1] == label}
            for k, number in enumerate((len(found & true), len(found), len(true))):
                counts[label][k] += number

    scores = score_rin(
        [
            Example(make_doc(predicted, words=words), make_doc(gold, words=words))
            for words, predicted, gold in docs
        ],
        anchor=anchor,
    )
    for name in ALL:
        assert prf(scores, name) == pytest.approx(prf_of(counts[name])), name
    for label in ("r", "s"):
        assert (label in scores["rel_per_type"]) == any(counts[label])
        if any(counts[label]):
            found = scores["rel_per_type"][label]
            assert (found["p"], found["r"], found["f"]) == pytest.approx(prf_of(counts[label]))


def prf_of(counts: list[int]) -> tuple[float, float, float]:
    right, found, true = counts
    p, r = right / max(found, 1), right / max(true, 1)
    return p, r, 2 * p * r / (p + r) if right else 0.0
