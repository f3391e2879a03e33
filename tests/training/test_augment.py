"""Joined texts, compared with the texts they are made of."""

from __future__ import annotations

import random
from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry
from toy import gold_docs, gold_examples, initialised

from spacy_rin import get_relations, has_relations, set_relations
from spacy_rin.stores import stored_attributes
from spacy_rin.training import augment
from spacy_rin.training.augment import Augmenter, join_examples

NLP = spacy.blank("en")
GOLD = gold_docs(NLP.vocab)
EXAMPLES = [Example(NLP.make_doc(doc.text), doc) for doc in GOLD]


def make(**settings: Any) -> Augmenter:
    joiner: Augmenter = registry.resolve(
        {"augmenter": {"@augmenters": "spacy-rin.join.v1", **settings}}
    )["augmenter"]
    return joiner


def run(joiner: Augmenter, examples: list[Example]) -> list[Example]:
    """Check that every Example stays, in order, and return the Examples that are added."""
    found = [eg for example in examples for eg in joiner(NLP, example)]
    assert [eg for eg in found if eg in examples] == examples
    return [eg for eg in found if eg not in examples]


def described(doc: Doc, shift: int = 0) -> tuple[list[Any], list[Any]]:
    """Entities and triples of a Doc, with offsets that are moved by `shift` characters."""
    ents = [(e.start_char + shift, e.text, e.label_) for e in doc.ents]
    triples = [
        [(e.start_char + shift, e.text, e.label_) for e in (r.head, r.tail)] + [r.label, r.score]
        for r in get_relations(doc)
    ]
    return ents, triples


@given(st.lists(st.sampled_from(EXAMPLES), min_size=1, max_size=4))
def test_joined_examples_hold_what_each_held(examples: list[Example]) -> None:
    joined = join_examples(examples)
    ents, triples, before = list[Any](), list[Any](), ""
    for eg in examples:
        more = described(eg.reference, len(before))
        ents += more[0]
        triples += more[1]
        before += eg.text + " "
    assert joined.reference.text == joined.predicted.text == before.rstrip()
    assert described(joined.reference) == (ents, triples)
    assert has_relations(joined.reference) and not joined.predicted.ents
    for doc in (joined.predicted, joined.reference):
        parts = [
            getattr(eg, "predicted" if doc is joined.predicted else "reference") for eg in examples
        ]
        assert [token.text for token in doc] == [token.text for part in parts for token in part]
        assert not doc.has_annotation("SENT_START")  # Else they would be read apart.


def test_gold_tags_are_kept() -> None:
    doc = Doc(NLP.vocab, words=["Plato", "slept"], tags=["NNP", "VBD"])
    joined = join_examples([Example(NLP.make_doc(doc.text), doc)] * 2)
    assert [token.tag_ for token in joined.reference] == ["NNP", "VBD"] * 2


def test_a_share_of_texts_comes_again_behind_others() -> None:
    joined = run(make(level=0.5), EXAMPLES * 4)
    count = 4 * len(EXAMPLES)
    assert count / 4 < len(joined) < 3 * count / 4
    texts = [eg.text for eg in EXAMPLES]
    ends = {text for text in texts if any(eg.text.endswith(f" {text}") for eg in joined)}
    starts = {text for text in texts if any(eg.text.startswith(f"{text} ") for eg in joined)}
    assert len(ends) > len(set(texts)) / 2 and len(starts) > len(set(texts)) / 2


@pytest.mark.parametrize("most", [2, 4])
def test_number_of_joined_texts_is_from_two_to_the_most(most: int) -> None:
    words = [Doc(NLP.vocab, words=["w"]) for _ in range(60)]
    joined = run(make(level=1.0, most=most), [Example(NLP.make_doc("w"), doc) for doc in words])
    assert {len(eg.reference) for eg in joined} == set(range(2, most + 1))


def test_level_0_adds_nothing_and_1_all_but_the_first() -> None:
    before = random.getstate()
    assert run(make(level=0.0), EXAMPLES) == []
    assert random.getstate() == before  # Training is as without it.
    assert len(run(make(level=1.0), EXAMPLES)) == len(EXAMPLES) - 1


def test_the_pool_of_earlier_texts_does_not_grow_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(augment, "POOL", 3)
    docs = [Doc(NLP.vocab, words=[str(k)]) for k in range(200)]
    joined = run(make(level=1.0, most=2), [Example(NLP.make_doc(doc.text), doc) for doc in docs])
    gaps = [int(b) - int(a) for a, b in (eg.text.split() for eg in joined)]
    assert min(gaps) > 0 and 3 < max(gaps) < 60  # Texts are earlier ones, and none stays for ever.


@pytest.mark.parametrize(("setting", "value"), [("level", -0.1), ("level", 1.1), ("most", 1)])
def test_a_setting_out_of_range_is_an_error(setting: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"`{setting}` of rin takes"):
        make(**{setting: value})


LOWER = {"@augmenters": "spacy.lower_case.v1", "level": 1.0}
VARIANTS = {
    "@augmenters": "spacy.orth_variants.v1",
    "level": 1.0,
    "lower": 0.0,
    "orth_variants": {"single": [{"tags": ["."], "variants": [".", "!"]}], "paired": []},
}
COMBINED = {
    "@augmenters": "spacy.combined_augmenter.v1",
    "lower_level": 1.0,
    "orth_level": 0.0,
    "orth_variants": None,
    "whitespace_level": 0.0,
    "whitespace_per_token": 0.0,
    "whitespace_variants": None,
}


def triples_of(doc: Doc, attribute: str = "relations") -> list[tuple[Any, ...]]:
    """Relations by token, with the labels of both ends."""
    return [
        (r.head.start, r.head.end, r.head.label_, r.label, r.tail.start, r.tail.end, r.tail.label_)
        for r in get_relations(doc, attribute)
    ]


@pytest.mark.parametrize(
    "inner", [LOWER, VARIANTS, COMBINED], ids=lambda inner: inner["@augmenters"]
)
def test_augmenters_of_spacy_keep_the_relations(inner: dict[str, Any]) -> None:
    augmenter = make(level=0.0, augmenter=inner)
    for eg in EXAMPLES:
        (changed,) = augmenter(NLP, eg)
        assert changed is not eg and has_relations(changed.reference)
        assert triples_of(changed.reference) == triples_of(eg.reference)
        if inner is not VARIANTS:
            assert changed.reference.text == changed.predicted.text == eg.text.lower()


def test_texts_are_changed_before_they_are_joined() -> None:
    joiner = make(level=1.0, most=2, augmenter=LOWER)
    found = [eg for example in EXAMPLES[:6] for eg in joiner(NLP, example)]
    assert len(found) == 11 and all(eg.text == eg.text.lower() for eg in found)
    joined = [eg for eg in found if len(eg.reference) > max(map(len, GOLD[:6]))]
    assert joined and any(triples_of(eg.reference) for eg in joined)


def test_a_changed_text_can_be_learned_from() -> None:
    nlp = initialised()
    augmenter = make(level=0.0, augmenter=LOWER)
    examples = [changed for eg in gold_examples(nlp)[:6] for changed in augmenter(nlp, eg)]
    assert nlp.update(examples)["rin"] > 0


def test_an_augmenter_by_itself_is_named_in_the_error() -> None:
    nlp = initialised()
    alone = registry.resolve({"augmenter": LOWER})["augmenter"]
    examples = [changed for eg in gold_examples(nlp)[:2] for changed in alone(nlp, eg)]
    with pytest.raises(ValueError, match=r"spacy\.lower_case\.v1 does: let spacy-rin\.join\.v1"):
        nlp.update(examples)


def test_an_augmenter_that_changes_the_tokens_is_an_error() -> None:
    space = {**COMBINED, "lower_level": 0.0, "whitespace_level": 1.0, "whitespace_per_token": 0.3}
    with pytest.raises(ValueError, match="changed the number of tokens from 7 to 9"):
        list(make(level=0.0, augmenter={**space, "whitespace_variants": ["\n"]})(NLP, EXAMPLES[0]))


def test_relations_of_every_attribute_are_kept() -> None:
    docs = [doc.copy() for doc in GOLD[:2]]
    for doc in docs:
        set_relations(doc, get_relations(doc)[:0], "none")
        set_relations(doc, get_relations(doc), "more")
    examples = [Example(NLP.make_doc(doc.text), doc) for doc in docs]
    (changed,) = make(level=0.0, augmenter=LOWER)(NLP, examples[0])
    joined = join_examples(examples)
    for attribute in ("relations", "more"):
        expected = triples_of(docs[0], attribute)
        assert expected and triples_of(changed.reference, attribute) == expected
        assert triples_of(joined.reference, attribute)[: len(expected)] == expected
    assert stored_attributes(joined.reference) == ["relations", "more", "none"]
    assert not get_relations(joined.reference, "none")
