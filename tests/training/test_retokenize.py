"""Texts that came as words: some of them as the tokenizer splits them, with the same gold."""

from __future__ import annotations

import pickle
import random

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_rin import Relation, get_relations, set_relations
from spacy_rin.training.retokenize import make_retokenizer, retokenize

WORDS = ["He", "left", "Bosnia-Herzegovina", "for", "Zagreb.", "(AP)"]


@pytest.fixture
def nlp() -> Language:
    return spacy.blank("en")


def make_example(nlp: Language, spaces: list[bool] | None = None) -> Example:
    gold = Doc(nlp.vocab, words=WORDS, spaces=spaces)
    ents = [Span(gold, i, i + 1, label) for i, label in ((2, "LOC"), (4, "LOC"), (5, "ORG"))]
    gold.set_ents(ents, default="outside")
    set_relations(gold, [Relation(ents[0], "far_from", ents[1])])
    return Example(Doc(nlp.vocab, words=WORDS, spaces=spaces), gold)


def test_words_without_spaces_are_split_by_the_tokenizer(nlp: Language) -> None:
    (changed,) = make_retokenizer(1.0)(nlp, make_example(nlp))
    expected = ["He", "left", "Bosnia", "-", "Herzegovina", "for", "Zagreb", ".", "(", "AP", ")"]
    for doc in (changed.predicted, changed.reference):
        assert [token.text for token in doc] == expected
    assert [(ent.text, ent.label_) for ent in changed.reference.ents] == [
        ("Bosnia-Herzegovina", "LOC"),
        ("Zagreb", "LOC"),
        ("(AP)", "ORG"),
    ]
    assert [r.text for r in get_relations(changed.reference)] == [
        "Bosnia-Herzegovina | far_from | Zagreb"
    ]


def test_full_stop_of_a_mention_stays_where_it_is_a_word_or_belongs_to_one(nlp: Language) -> None:
    gold = Doc(nlp.vocab, words=["Acme", "Inc", ".", "of", "the", "U.S."])
    gold.set_ents([Span(gold, 0, 3, label="ORG"), Span(gold, 5, 6, label="LOC")])
    assert [ent.text for ent in retokenize(nlp, gold).ents] == ["Acme Inc .", "U.S."]


def test_tags_and_ids_stay(nlp: Language) -> None:
    gold = Doc(nlp.vocab, words=WORDS, tags=["PRP", "VBD", "NNP", "IN", "NNP", "NNP"])
    gold.set_ents([Span(gold, 4, 5, label="LOC", kb_id="Q1435", span_id="zagreb")])
    doc = retokenize(nlp, gold)
    # not of words that are split
    assert [token.tag_ for token in doc] == ["PRP", "VBD", "", "", "", "IN", *[""] * 5]
    (ent,) = doc.ents
    assert (ent.text, ent.kb_id_, ent.id_) == ("Zagreb", "Q1435", "zagreb")


def test_words_of_which_nothing_is_known_stay_unknown(nlp: Language) -> None:
    gold = Doc(nlp.vocab, words=WORDS)
    gold.set_ents([], missing=[gold[2:3]], default="outside")
    iob = [(token.text, token.ent_iob_) for token in retokenize(nlp, gold)][1:6]
    unknown = [(text, "") for text in ("Bosnia", "-", "Herzegovina")]
    assert iob == [("left", "O"), *unknown, ("for", "O")]


def test_raw_text_stays_as_it_is_and_draws_no_number(nlp: Language) -> None:
    example = make_example(nlp, [True] * 5 + [False])
    random.seed(0)
    expected = random.Random(0).random()
    assert list(make_retokenizer(0.5)(nlp, example)) == [example]
    assert random.random() == expected


def test_level_is_the_share_that_changes(nlp: Language) -> None:
    example = make_example(nlp)
    random.seed(0)
    augment = pickle.loads(pickle.dumps(make_retokenizer(0.25)))
    changed = sum(next(augment(nlp, example)) is not example for _ in range(400))
    assert 70 <= changed <= 130
    assert list(make_retokenizer(0.0)(nlp, example)) == [example]


@pytest.mark.parametrize("level", [-0.1, 1.5])
def test_level_out_of_range_is_an_error(level: float) -> None:
    with pytest.raises(ValueError, match=r"level.*a number from 0 to 1"):
        make_retokenizer(level)
