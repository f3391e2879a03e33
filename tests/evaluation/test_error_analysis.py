"""The analysis of errors, on Docs whose errors are known."""

from __future__ import annotations

import pytest
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab
from toy import gold_docs, gold_examples, initialised, rin_of, train

from spacy_rin import Relation, get_relations, set_relations
from spacy_rin.corpus.statistics import count_labels
from spacy_rin.evaluation.error_analysis import (
    THRESHOLDS,
    by_frequency,
    by_label,
    by_threshold,
    find_candidates,
    missed_kinds,
    score_among_others,
    wrong_kinds,
)

Bounds = tuple[int, int]
ANN, LEE, BOB, YORK = (0, 2), (1, 2), (3, 5), (6, 8)
MET, SAW, LIKES = ((ANN, label, BOB) for label in ("met", "saw", "likes"))
ALL = (ANN, BOB, YORK)


def make_doc(*triples: tuple[Bounds, str, Bounds], ents: tuple[Bounds, ...] = ALL) -> Doc:
    doc = Doc(Vocab(), words=["Ann", "Lee", "met", "Bob", "Ray", "in", "New", "York"])
    doc.ents = [Span(doc, *ent, label="X") for ent in ents]
    set_relations(doc, (Relation(Span(doc, *h), label, Span(doc, *t)) for h, label, t in triples))
    return doc


@pytest.mark.parametrize(
    ("predicted", "kinds"),
    [
        (make_doc(MET, SAW), {}),
        (make_doc(ents=(BOB, YORK)), {"entity missed": 2}),
        (make_doc(ents=(LEE, BOB)), {"span wrong": 2}),
        (make_doc(), {"pair missed": 2}),
        (make_doc(LIKES), {"label wrong": 2}),
        (make_doc((BOB, "met", ANN)), {"pair missed": 2}),
        (make_doc(SAW), {"pair missed": 1}),  # the other label of the two is true
        (make_doc(SAW, LIKES), {"label wrong": 1}),
    ],
)
def test_missed_triples_by_kind(predicted: Doc, kinds: dict[str, int]) -> None:
    assert missed_kinds([Example(predicted, make_doc(MET, SAW))]) == kinds


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (LIKES, "label wrong"),
        ((BOB, "met", ANN), "direction wrong"),
        ((LEE, "met", BOB), "span wrong"),
        ((LEE, "likes", BOB), "no such pair"),
        ((ANN, "met", YORK), "no such pair"),
    ],
)
def test_wrong_triples_by_kind(wrong: tuple[Bounds, str, Bounds], kind: str) -> None:
    assert wrong_kinds([Example(make_doc(MET, wrong), make_doc(MET))]) == {kind: 1}


def test_labels_by_how_often_gold_has_them() -> None:
    examples = [
        Example(make_doc(MET, LIKES), make_doc(MET, SAW)),
        Example(make_doc(), make_doc(SAW)),
    ]
    found = by_label(examples, count_labels([make_doc(MET), make_doc(MET, SAW)]).relations)
    assert [(label, row["triples"], row["predicted"]) for label, row in found.items()] == [
        ("saw", 2, 0),
        ("met", 1, 1),
        ("likes", 0, 1),
    ]
    assert [row["in_train"] for row in found.values()] == [1, 2, 0]
    assert [row["rel_f"] for row in found.values()] == [0.0, 1.0, 0.0]
    assert all("in_train" not in row for row in by_label(examples).values())


def test_scores_by_what_train_has_of_a_label() -> None:
    train = [make_doc(MET)] * 9 + [make_doc(SAW)] * 10
    examples = [Example(make_doc(MET, SAW), make_doc(MET, LIKES))]
    found = by_frequency(examples, count_labels(train).relations)
    assert list(found) == ["0", "1-9", "10-49"]
    assert found["1-9"] == {"rel_p": 1.0, "rel_r": 1.0, "rel_f": 1.0, "triples": 1}
    assert found["0"]["rel_r"] == 0.0 and found["0"]["triples"] == 1  # likes, which train lacks
    assert found["10-49"]["rel_p"] == 0.0 and found["10-49"]["triples"] == 0


@pytest.fixture(scope="module")
def nlp() -> Language:
    """A pipeline that is trained so little that its scores are all over the range."""
    nlp = initialised()
    train(nlp, 8)
    return nlp


def predicted(nlp: Language) -> list[Example]:
    examples = gold_examples(nlp)
    for eg in examples:
        eg.predicted = nlp(eg.predicted)
    return examples


@pytest.mark.training
def test_curve_goes_through_the_scores_of_the_component(nlp: Language) -> None:
    examples = predicted(nlp)
    before = [get_relations(eg.predicted) for eg in examples]
    curve = by_threshold(find_candidates(rin_of(nlp), examples))
    assert [point["threshold"] for point in curve] == list(THRESHOLDS)
    recalls = [point["rel_r"] for point in curve]
    assert recalls == sorted(recalls, reverse=True) and recalls[0] > recalls[-1]
    assert rin_of(nlp).cfg["threshold"] == 0.5
    assert [get_relations(eg.predicted) for eg in examples] == before
    for threshold in (0.1, 0.5, 0.9):
        rin_of(nlp).cfg["threshold"] = threshold
        expected = nlp.evaluate(gold_examples(nlp))
        (point,) = (p for p in curve if p["threshold"] == threshold)
        assert {k: point[k] for k in ("rel_p", "rel_r", "rel_f")} == {
            k: expected[k] for k in ("rel_p", "rel_r", "rel_f")
        }
    rin_of(nlp).cfg["threshold"] = 0.5


@pytest.mark.training
def test_what_is_found_in_texts_without_triple_is_wrong(nlp: Language) -> None:
    examples = predicted(nlp)
    n_predicted = sum(len(get_relations(eg.predicted)) for eg in examples)
    others = gold_docs(nlp.vocab)
    found = score_among_others(nlp, examples, others)
    half = len(examples) // 2
    texts = [doc.text for doc in others[:half]]
    invented = sum(len(get_relations(doc)) for doc in nlp.pipe(texts))
    assert found["texts_without_triple"] == half and found["found_in_them"] == invented > 0
    assert found["silence"] == pytest.approx(1000 * invented / half)
    right = nlp.evaluate(gold_examples(nlp))["rel_p"] * n_predicted
    assert found["rel_p"] == pytest.approx(right / (n_predicted + invented))
