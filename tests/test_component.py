"""The component alone: the ladder from add_pipe to a saved pipeline, losses, gradients, labels."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Adam
from toy import (
    ENTITY_LABELS,
    PATTERNS,
    RELATION_LABELS,
    as_example,
    assert_same,
    blank,
    entities,
    gold_doc,
    gold_docs,
    gold_examples,
    initialised,
    rin_of,
    scores,
    texts,
    train,
    trained,
    triple_texts,
    triples,
)

from spacy_rin import Relation, get_relations, has_relations, set_relations
from spacy_rin.layers.architecture import Scores, clip_gradients
from spacy_rin.layers.embed import find_tables
from spacy_rin.layers.encoder import build_bilstm_encoder

GOLD = gold_docs(Vocab())
WHITESPACE = st.sampled_from([" ", "  ", "\n", " \n", "\n\n", " \t "])
TWO_WORDS = "Ada Lovelace was born in London ."  # its head has two words, its tail one


@pytest.fixture(scope="module")
def nlp() -> Language:
    """The trained pipeline, for tests that do not change it."""
    return trained()


@pytest.fixture(scope="module")
def untrained() -> Language:
    """Random parameters, for tests that do not change them."""
    return initialised()


def wider(doc: Doc, gap: str) -> Doc:
    """The same gold with other whitespace between its words."""
    nlp = spacy.blank("en")
    wide = nlp.make_doc(gap.join(token.text for token in doc))
    tokens = [token.i for token in wide if not token.is_space]

    def span(found: Span) -> Span:
        return Span(wide, tokens[found.start], tokens[found.end - 1] + 1, found.label_)

    for token, i in zip(doc, tokens, strict=True):
        wide[i].tag_ = token.tag_
    wide.ents = [span(ent) for ent in doc.ents]
    set_relations(wide, [Relation(span(r.head), r.label, span(r.tail)) for r in get_relations(doc)])
    return wide


def network(nlp: Language) -> torch.nn.Module:
    module: torch.nn.Module = rin_of(nlp).model.get_ref("network").shims[0]._model
    return module


def relation_loss(nlp: Language, eg: Example) -> float:
    return rin_of(nlp).update([eg])["rin_relations"]


# -- the ladder ------------------------------------------------------------------------------------


def test_add_pipe_makes_a_component_without_labels() -> None:
    pipe = rin_of(blank())
    assert pipe.labels == pipe.entity_labels == ()
    assert "doc._.relations" in blank().get_pipe_meta("rin").assigns


def test_default_config_can_be_added_and_initialised() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("rin")
    nlp.initialize(lambda: gold_examples(nlp))
    assert rin_of(nlp).labels == RELATION_LABELS


def test_prediction_before_initialisation_is_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match="has no parameters yet"):
        blank()(TWO_WORDS)


def test_update_before_initialisation_is_an_error_that_says_so() -> None:
    nlp = blank()
    with pytest.raises(ValueError, match="has no parameters yet"):
        rin_of(nlp).update(gold_examples(nlp)[:2])


@pytest.mark.parametrize("text", ["", " ", "\n\n \t", "London", "a b", "."])
def test_short_texts_are_normal_input(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert doc.text == text and has_relations(doc)


def test_docs_without_words_have_no_entities_and_an_empty_list_of_relations(nlp: Language) -> None:
    for doc in nlp.pipe(["", "", ""]):
        assert doc.ents == () and doc._.relations == []


def test_predict_does_not_change_the_docs(nlp: Language) -> None:
    doc = nlp.make_doc(TWO_WORDS)
    (prediction,) = rin_of(nlp).predict([doc])
    assert prediction.triples and not doc.ents and not has_relations(doc)


@pytest.mark.parametrize("gold", GOLD, ids=lambda doc: doc.text[:40])
def test_overfit_model_finds_what_it_learned(nlp: Language, gold: Doc) -> None:
    doc = nlp(gold.text)
    assert entities(doc) == entities(gold)
    assert triples(doc) == triples(gold)


def test_overfit_model_scores_one(nlp: Language) -> None:
    scores = nlp.evaluate(gold_examples(nlp))
    for key in ("ents_f", "rel_f", "rel_strict_f", "rel_partial_f", "rel_text_f"):
        assert scores[key] == 1.0


def test_probabilities_are_between_threshold_and_one(nlp: Language) -> None:
    found = [r.score for text in texts() for r in nlp(text)._.relations]
    assert found and all(0.5 <= score <= 1 for score in found)


def test_to_disk_and_back_gives_the_same_output(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    for text in texts():
        assert_same(loaded(text), nlp(text))


def test_to_bytes_and_back_gives_the_same_output(nlp: Language) -> None:
    loaded = blank().from_bytes(nlp.to_bytes())
    for text in texts():
        assert_same(loaded(text), nlp(text))


def test_loading_twice_over_the_same_component_gives_the_same_output(nlp: Language) -> None:
    other = trained()
    train_a_little(other)
    other.from_bytes(nlp.to_bytes())
    assert_same(other(TWO_WORDS), nlp(TWO_WORDS))


def test_settings_and_labels_are_saved(nlp: Language, tmp_path: Path) -> None:
    changed = trained(threshold=0.25, decode="partial", max_length=17)
    changed.to_disk(tmp_path)
    assert rin_of(spacy.load(tmp_path)).cfg == rin_of(changed).cfg


def test_pipeline_that_is_not_initialised_can_be_saved_and_loaded(tmp_path: Path) -> None:
    blank().to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert not rin_of(loaded).labels
    loaded.initialize(lambda: gold_examples(loaded))
    assert rin_of(loaded).labels == RELATION_LABELS


def test_sourced_component_gives_the_same_output(nlp: Language) -> None:
    other = spacy.blank("en")
    other.add_pipe("rin", source=nlp)
    for text in texts():
        assert_same(other(text), nlp(text))


def test_sourced_component_survives_saving(nlp: Language, tmp_path: Path) -> None:
    other = spacy.blank("en")
    other.add_pipe("rin", name="triples", source=nlp)
    other.to_disk(tmp_path)
    assert_same(spacy.load(tmp_path)(TWO_WORDS), nlp(TWO_WORDS))


def test_saved_pipeline_loads_in_a_fresh_process(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path)
    code = (
        "import sys, spacy\n"
        "doc = spacy.load(sys.argv[1])(sys.argv[2])\n"
        "print([r.text for r in doc._.relations])"
    )
    command = [sys.executable, "-c", code, str(tmp_path), TWO_WORDS]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert found.stdout.strip() == "['Ada Lovelace | born_in | London']", found.stderr


def test_importing_the_component_does_not_import_its_torch_parts() -> None:
    code = "import sys, spacy_rin.component; print('spacy_rin.layers.architecture' in sys.modules)"
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert found.stdout.strip() == "False", found.stderr


def test_loaded_pipeline_can_be_trained_further(nlp: Language) -> None:
    other = trained()
    fresh = gold_doc(other.vocab, "P likes L .", [("P", "located_in", "L")])
    eg = as_example(other, fresh)
    optimizer = other.resume_training()
    losses = [other.update([eg], sgd=optimizer)["rin"] for _ in range(10)]
    assert losses[-1] < losses[0] / 2


# -- tokenisation ----------------------------------------------------------------------------------


def split_example(vocab: Vocab, gold: Doc, words: list[str], spaces: list[bool]) -> Example:
    eg = Example(Doc(vocab, words=words, spaces=spaces), gold)
    assert eg.predicted.text == gold.text
    return eg


def test_gold_is_learned_in_other_tokens_whose_boundaries_fit() -> None:
    nlp = initialised()
    gold = gold_doc(nlp.vocab, *PATTERNS[0])
    words = ["Ada", "Love", "lace", "was", "born", "in", "Lon", "don", "."]
    spaces = [True, False, True, True, True, True, False, True, False]
    eg = split_example(nlp.vocab, gold, words, spaces)
    optimizer = Adam(0.02, L2=0.0, grad_clip=0.0)
    for _ in range(30):
        nlp.update([eg], sgd=optimizer)
    doc = rin_of(nlp)(Doc(nlp.vocab, words=words, spaces=spaces))
    assert entities(doc) == entities(gold) and triples(doc) == triples(gold)


def test_gold_that_fits_no_token_is_neither_positive_nor_negative() -> None:
    untrained = initialised()
    gold = Doc(untrained.vocab, words=["Pla", "to"], spaces=[False, False])
    gold.ents = [Span(gold, 0, 1, "PER")]
    set_relations(gold, [Relation(gold[0:1], "knows", gold[0:1])])
    masked = rin_of(untrained).update([split_example(untrained.vocab, gold, ["Plato"], [False])])
    plain = Doc(untrained.vocab, words=["Plato"], spaces=[False])
    plain.ents = []
    set_relations(plain, [])
    negative = rin_of(untrained).update([as_example(untrained, plain)])
    assert masked["rin_entities"] == 0.0 < negative["rin_entities"]
    assert masked["rin_relations"] < negative["rin_relations"]


def test_predictions_in_other_tokens_are_scored_by_their_characters(nlp: Language) -> None:
    gold = gold_doc(nlp.vocab, *PATTERNS[0])
    words = ["Ada", "Love", "lace", "was", "born", "in", "London", "."]
    spaces = [True, False, True, True, True, True, True, False]
    eg = split_example(nlp.vocab, gold, words, spaces)
    eg.predicted.ents = [Span(eg.predicted, 0, 3, "PER"), Span(eg.predicted, 6, 7, "LOC")]
    set_relations(
        eg.predicted, [Relation(eg.predicted.ents[0], "born_in", eg.predicted.ents[1], 0.9)]
    )
    scores = rin_of(nlp).score([eg])
    assert scores["rel_strict_f"] == scores["ents_f"] == scores["rel_partial_f"] == 1.0


# -- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting",
    [
        {"decode": "all"},
        {"anchor": "middle"},
        {"unit": "paragraph"},
        {"threshold": 1.5},
        {"threshold": -0.1},
        {"max_length": -5},
        {"max_grad_norm": -1.0},
        {"learn_rate_factor": -1.0},
    ],
    ids=str,
)
def test_impossible_setting_is_an_error_that_names_it(setting: dict[str, Any]) -> None:
    (name,) = setting
    with pytest.raises(ValueError, match=name):
        blank(**setting)


def test_odd_width_of_the_bilstm_is_an_error() -> None:
    with pytest.raises(ValueError, match="33"):
        build_bilstm_encoder(33)


@settings(max_examples=25, deadline=None)
@given(threshold=st.floats(0.001, 1.0), gold=st.sampled_from(GOLD[:8]))
def test_threshold_is_the_least_probability(threshold: float, gold: Doc) -> None:
    all_cells = trained_with(threshold=0.001)(gold.text)._.relations
    expected = [r.text for r in all_cells if r.score >= threshold]
    margin = min((abs(r.score - threshold) for r in all_cells), default=1.0)
    if margin > 1e-6:
        assert [r.text for r in trained_with(threshold=threshold)(gold.text)._.relations] == (
            expected
        )


_shared: list[Language] = []


def trained_with(**cfg: Any) -> Language:
    """One pipeline for all examples of a property; each sets what it needs."""
    if not _shared:
        _shared.append(trained())
    rin_of(_shared[0]).cfg.update(cfg)
    return _shared[0]


@pytest.mark.parametrize("threshold, expected", [(0.0, True), (1.0, False)])
def test_threshold_at_its_ends(threshold: float, expected: bool) -> None:
    assert bool(trained(threshold=threshold)(TWO_WORDS)._.relations) is expected


def test_anchor_decides_which_cells_are_gold(nlp: Language) -> None:
    two_words = as_example(nlp, gold_doc(nlp.vocab, *PATTERNS[0], 0))
    one_word = as_example(nlp, gold_doc(nlp.vocab, *PATTERNS[0], 3))
    first, last = trained(anchor="first"), trained(anchor="last")
    assert relation_loss(first, two_words) > 10 * relation_loss(last, two_words)
    assert relation_loss(first, one_word) == pytest.approx(relation_loss(last, one_word))


def test_anchor_decides_which_cells_are_read() -> None:
    nlp = trained(anchor="first")
    assert [r.text for r in nlp("Plato was born in Athens .")._.relations]
    assert not nlp(TWO_WORDS)._.relations


def test_model_with_first_anchors_learns_entities_of_two_words() -> None:
    nlp = initialised(anchor="first")
    examples = [as_example(nlp, gold_doc(nlp.vocab, *pattern)) for pattern in PATTERNS[:4]]
    optimizer = Adam(0.02, L2=0.0, grad_clip=0.0)
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    assert nlp.evaluate(examples)["rel_f"] == 1.0
    assert triple_texts(nlp(TWO_WORDS)) == {("Ada Lovelace", "born_in", "London")}


@pytest.mark.parametrize("anchor, expected", [("last", 1.0), ("first", 0.0)])
def test_anchor_reaches_the_scorer(anchor: str, expected: float) -> None:
    nlp = trained(anchor=anchor)
    eg = as_example(nlp, gold_doc(nlp.vocab, *PATTERNS[0]))
    doc = eg.predicted  # Lovelace, without Ada
    set_relations(doc, [Relation(Span(doc, 1, 2, "PER"), "born_in", Span(doc, 5, 6, "LOC"))])
    scores = rin_of(nlp).score([eg])
    assert scores["rel_f"] == 0.0 and scores["rel_partial_f"] == expected


tags_of_the_model = Scores.tags


def no_entities(self: Scores) -> np.ndarray:
    tags = np.full(tags_of_the_model(self).shape, -50.0)
    tags[:, 0] = 0.0
    return tags


def test_exact_decoding_relates_recognised_entities_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scores, "tags", no_entities)
    assert trained(decode="exact")(TWO_WORDS)._.relations == []


def test_partial_decoding_makes_anchors_without_entity_one_token_spans(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Scores, "tags", no_entities)
    doc = trained(decode="partial")(TWO_WORDS)
    assert triple_texts(doc) == {("Lovelace", "born_in", "London")}
    assert not doc.ents


def test_partial_decoding_takes_the_entity_that_claims_the_anchor() -> None:
    doc = trained(decode="partial")(TWO_WORDS)
    assert triple_texts(doc) == {("Ada Lovelace", "born_in", "London")}
    assert [r.head.label_ for r in doc._.relations] == ["PER"]


def split_in_the_middle(nlp: Language) -> Doc:
    doc = nlp.make_doc(TWO_WORDS)
    doc[3].is_sent_start = True
    return doc


def test_no_triple_crosses_a_sentence_start() -> None:
    nlp = trained(unit="sentence")
    assert nlp(split_in_the_middle(nlp))._.relations == []


def test_unit_doc_does_not_see_sentence_starts(nlp: Language) -> None:
    other = trained(unit="doc")
    assert_same(other(split_in_the_middle(other)), nlp(TWO_WORDS))


def test_gold_across_a_sentence_start_is_not_trained_on_when_read_by_sentence() -> None:
    nlp = trained()
    eg = as_example(nlp, gold_doc(nlp.vocab, *PATTERNS[0]))
    eg.predicted[3].is_sent_start = True
    assert math.isfinite(relation_loss(nlp, eg))


def with_entity(nlp: Language) -> Doc:
    doc = nlp.make_doc("Plato was born in Athens .")
    doc.ents = [Span(doc, 0, 1, "PHILOSOPHER", kb_id="Q859", span_id="plato")]
    return doc


def test_entities_that_are_there_are_kept_and_related() -> None:
    nlp = trained(overwrite=False)
    doc = nlp(with_entity(nlp))
    assert [ent.label_ for ent in doc.ents] == ["PHILOSOPHER", "LOC"]
    assert [r.head.label_ for r in doc._.relations] == ["PHILOSOPHER"]


def test_entities_that_are_kept_keep_their_ids() -> None:
    nlp = trained(overwrite=False)
    ent = nlp(with_entity(nlp)).ents[0]
    assert (ent.kb_id_, ent.id_) == ("Q859", "plato")


def test_entities_that_are_there_are_replaced_with_overwrite() -> None:
    nlp = trained(overwrite=True)
    assert [ent.label_ for ent in nlp(with_entity(nlp)).ents] == ["PER", "LOC"]


def test_predicted_entity_that_overlaps_a_kept_one_gives_way() -> None:
    nlp = trained(overwrite=False)
    doc = nlp.make_doc(TWO_WORDS)
    doc.ents = [Span(doc, 1, 3, "X")]
    assert entities(nlp(doc)) == [(4, 16, "X"), (25, 31, "LOC")]


@pytest.mark.parametrize("decode", ["exact", "partial"])
@pytest.mark.parametrize("max_length", [0, 4])
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_whitespace_changes_nothing(decode: str, max_length: int, data: st.DataObject) -> None:
    nlp = trained(decode=decode, max_length=max_length, threshold=0.1)
    text = data.draw(st.sampled_from(texts()))
    gaps = data.draw(st.lists(WHITESPACE, min_size=text.count(" ") + 2))
    first, *between = text.split(" ")
    wide = gaps[0] + first + "".join(map("".join, zip(gaps[2:], between, strict=False))) + gaps[1]
    found, expected = nlp(wide), nlp(text)
    for ours, right in ((found.ents, expected.ents), (found._.relations, expected._.relations)):
        assert [" ".join(x.text.split()) for x in ours] == [x.text for x in right]
    np.testing.assert_allclose(scores(found), scores(expected), atol=1e-4)
    (rounds,), (right,) = (rin_of(nlp).predict_rounds([doc]) for doc in (found, expected))
    for wide_round, round_ in zip(rounds, right, strict=True):
        is_word = [not token.is_space for token in found]
        np.testing.assert_allclose(wide_round.tags[is_word], round_.tags, atol=1e-4)
        assert not wide_round.relations[~np.array(is_word)].any()


def test_whitespace_changes_nothing_that_is_learned() -> None:
    losses = []
    for gap in (" ", " \n\n "):
        nlp = initialised()
        golds = [wider(doc, gap) for doc in gold_docs(nlp.vocab)]
        assert any(gap in ent.text for doc in golds for ent in doc.ents)
        losses.append(rin_of(nlp).update([as_example(nlp, doc) for doc in golds]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("after", [0, 1])
def test_entities_that_are_there_keep_their_whitespace(before: int, after: int) -> None:
    nlp = trained(overwrite=False)
    doc = nlp.make_doc("Plato was born in\nthe  \n Athens \n .")
    athens = next(t.i for t in doc if t.text == "Athens")
    doc.ents = [Span(doc, athens - before, athens + 1 + after, "LOC")]
    (kept,) = entities(doc)
    assert kept in entities(nlp(doc))
    (relation,) = doc._.relations
    assert (relation.tail.start_char, relation.tail.end_char, "LOC") == kept


def test_entity_of_whitespace_alone_is_kept_and_related_to_nothing() -> None:
    nlp = trained(overwrite=False, threshold=0.001)
    doc = nlp.make_doc("Plato was born \n in Athens .")
    doc.ents = [Span(doc, 3, 4, "LOC")]
    assert doc[3].is_space and (15, 17, "LOC") in entities(nlp(doc))
    assert doc._.relations and all(3 not in (r.head.start, r.tail.start) for r in doc._.relations)


@pytest.mark.parametrize("overwrite", [False, True])
def test_blocked_tokens_are_in_no_entity_unless_overwritten(overwrite: bool) -> None:
    nlp = trained(overwrite=overwrite)
    doc = nlp.make_doc(TWO_WORDS)
    doc.set_ents([], blocked=[doc[5:6]], default="unmodified")
    assert [ent.text for ent in nlp(doc).ents] == ["Ada Lovelace", *["London"] * overwrite]
    assert len(doc._.relations) == overwrite
    assert (doc[5].ent_iob_, doc[5].ent_type_) == ("B", "LOC" * overwrite)


def test_running_twice_over_a_doc_changes_nothing(nlp: Language) -> None:
    doc = nlp(TWO_WORDS)
    assert_same(rin_of(nlp)(doc), nlp(TWO_WORDS))


def test_relations_that_are_there_are_replaced(nlp: Language) -> None:
    doc = nlp.make_doc(TWO_WORDS)
    set_relations(doc, [Relation(Span(doc, 3, 4), "old", Span(doc, 3, 4))])
    assert triple_texts(rin_of(nlp)(doc)) == {("Ada Lovelace", "born_in", "London")}


def test_attribute_names_the_extension() -> None:
    nlp = blank(attribute="rin_test_triples").from_bytes(trained().to_bytes(exclude=["config"]))
    try:
        doc = nlp(TWO_WORDS)
        assert [r.text for r in doc._.rin_test_triples] == [r.text for r in doc._.relations] != []
    finally:
        Doc.remove_extension("rin_test_triples")


def test_attribute_of_another_package_is_an_error() -> None:
    Doc.set_extension("rin_test_taken", default=None)
    try:
        with pytest.raises(ValueError, match="another package"):
            blank(attribute="rin_test_taken")
    finally:
        Doc.remove_extension("rin_test_taken")


def test_own_scorer_is_called_with_the_settings() -> None:
    seen: dict[str, Any] = {}

    def score(examples: Iterable[Example], **cfg: Any) -> dict[str, Any]:
        seen.update(cfg)
        return {"n": len(list(examples))}

    nlp = trained(anchor="first")
    rin_of(nlp).scorer = score
    assert nlp.evaluate(gold_examples(nlp)[:3])["n"] == 3
    assert seen["anchor"] == "first" and seen["threshold"] == 0.5


def test_component_without_scorer_scores_nothing() -> None:
    nlp = blank(scorer=None)
    assert rin_of(nlp).score(gold_examples(nlp)[:1]) == {}


def test_score_weights_are_keys_that_the_scorer_returns(nlp: Language) -> None:
    weights = nlp.get_pipe_meta("rin").default_score_weights or {}
    scores = rin_of(nlp).score(gold_examples(nlp)[:2])
    assert weights and set(weights) <= set(scores)
    assert all(isinstance(scores[key], float) for key in weights)


def test_scores_without_examples_are_floats_all_the_same(nlp: Language) -> None:
    scores = rin_of(nlp).score([])
    weights = nlp.get_pipe_meta("rin").default_score_weights or {}
    assert {scores[key] for key in weights} == {0.0}


# -- losses and gradients --------------------------------------------------------------------------


def recorded_gradients(nlp: Language) -> list[np.ndarray]:
    """What finish_update hands to the optimizer, all parameters in a fixed order; takes no step."""
    seen: list[np.ndarray] = []

    def record(
        key: tuple[int, str], weights: np.ndarray, gradient: np.ndarray, **_: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        seen.append(np.array(gradient, dtype=np.float64))
        gradient[...] = 0  # thinc's optimizers clear it in place
        return weights, gradient

    rin_of(nlp).finish_update(record)
    return seen


def gradients(examples: list[Example], **cfg: Any) -> list[np.ndarray]:
    nlp = initialised(**{"max_grad_norm": 0.0, **cfg})
    rin_of(nlp).update(examples)
    return recorded_gradients(nlp)


def norm(arrays: list[np.ndarray]) -> float:
    return math.sqrt(sum(float((a * a).sum()) for a in arrays))


def train_a_little(nlp: Language) -> None:
    optimizer = Adam(0.05, L2=0.0, grad_clip=0.0)
    nlp.update(gold_examples(nlp)[:8], sgd=optimizer)


def test_losses_are_finite_floats_and_parts_sum_to_the_total(untrained: Language) -> None:
    losses = rin_of(initialised()).update(gold_examples(untrained)[:5])
    assert set(losses) == {"rin", "rin_entities", "rin_relations"}
    assert all(type(value) is float and math.isfinite(value) for value in losses.values())
    assert losses["rin"] == pytest.approx(losses["rin_entities"] + losses["rin_relations"])
    assert min(losses.values()) > 0


def test_losses_are_named_after_the_component() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("rin", name="triples", source=trained())
    losses = nlp.update(gold_examples(nlp)[:2])
    assert set(losses) == {"triples", "triples_entities", "triples_relations"}


def test_losses_add_up_over_updates(untrained: Language) -> None:
    nlp = initialised()
    examples = gold_examples(nlp)[:4]
    once = dict(rin_of(nlp).update(examples))
    losses = rin_of(nlp).update(examples, losses=dict(once))
    assert losses["rin"] == pytest.approx(2 * once["rin"])


def test_loss_and_both_of_its_parts_fall_in_training() -> None:
    nlp = initialised()
    examples = gold_examples(nlp)[:8]
    optimizer = Adam(0.01, L2=0.0, grad_clip=0.0)
    history = [nlp.update(examples, sgd=optimizer, losses={}) for _ in range(60)]
    for key in ("rin", "rin_entities", "rin_relations"):
        assert history[-1][key] < history[0][key] / 2


def test_loss_of_a_batch_is_the_mean_of_its_docs() -> None:
    nlp = initialised()
    examples = gold_examples(nlp)[:7]
    alone = [rin_of(nlp).update([eg])["rin"] for eg in examples]
    assert rin_of(nlp).update(examples)["rin"] == pytest.approx(np.mean(alone), rel=1e-4)


def test_empty_docs_of_a_batch_are_left_out_of_the_mean() -> None:
    nlp = initialised()
    examples = gold_examples(nlp)[:2]
    empty = Doc(nlp.vocab)
    set_relations(empty, [])
    batch = [examples[0], Example(Doc(nlp.vocab), empty), examples[1]]
    assert rin_of(nlp).update(batch)["rin"] == pytest.approx(
        rin_of(nlp).update(examples)["rin"], rel=1e-5
    )


@pytest.mark.parametrize("n", [0, 1, 3])
def test_update_on_empty_docs_is_a_loss_of_nought(n: int) -> None:
    nlp = initialised()
    empty = Doc(nlp.vocab)
    set_relations(empty, [])
    losses = rin_of(nlp).update([Example(Doc(nlp.vocab), empty)] * n, sgd=Adam(0.01))
    assert losses == {"rin": 0.0, "rin_entities": 0.0, "rin_relations": 0.0}


def test_get_loss_is_that_of_update() -> None:
    nlp = initialised()
    examples = gold_examples(nlp)[:4]
    pipe = rin_of(nlp)
    scores, _ = pipe.model.begin_update(pipe._batch(eg.predicted for eg in examples))
    assert pipe.get_loss(examples, scores)[0] == pytest.approx(rin_of(nlp).update(examples)["rin"])


def test_gradient_of_a_batch_is_the_mean_of_its_docs() -> None:
    examples = gold_examples(initialised())[:3]
    alone = [gradients([eg]) for eg in examples]
    for k, together in enumerate(gradients(examples)):
        expected = sum(a[k] for a in alone) / 3
        np.testing.assert_allclose(together, expected, atol=1e-4 * np.abs(expected).max() + 1e-9)


def test_gradient_of_a_table_is_numerically_right() -> None:
    nlp = initialised()
    examples = gold_examples(nlp)[:3]
    table = find_tables(rin_of(nlp).model)[0]
    E = table.get_param("E")
    (found,) = [gradient for gradient in gradients(examples) if gradient.shape == E.shape]
    row, column = np.unravel_index(np.abs(found).argmax(), found.shape)
    losses = []
    for step in (1e-2, -2e-2):  # first above, then as much below
        E[row, column] += step
        table.set_param("E", E)
        losses.append(rin_of(nlp).update(examples)["rin"])
    assert found[row, column] == pytest.approx((losses[0] - losses[1]) / 2e-2, rel=0.05)


def test_loss_that_is_not_finite_is_an_error_that_names_the_batch() -> None:
    nlp = initialised()
    with torch.no_grad():
        network(nlp).get_parameter("tags.bias").fill_(float("nan"))
    with pytest.raises(ValueError, match="never saw London"):
        nlp.update(gold_examples(nlp)[6:7], sgd=Adam(0.01))


def test_loss_that_is_not_finite_leaves_the_parameters_as_they_are() -> None:
    nlp = initialised()
    with torch.no_grad():
        network(nlp).get_parameter("tags.bias").fill_(float("nan"))
    before = nlp.to_bytes()
    with pytest.raises(ValueError, match="not finite"):
        nlp.update(gold_examples(nlp)[:2], sgd=Adam(0.01))
    rin_of(nlp).finish_update(Adam(0.01))
    assert nlp.to_bytes() == before


def test_update_without_optimizer_changes_no_parameter() -> None:
    nlp = initialised()
    before = [p.clone() for p in network(nlp).parameters()]
    nlp.update(gold_examples(nlp)[:4], sgd=False)
    for p, expected in zip(network(nlp).parameters(), before, strict=True):
        assert torch.equal(p, expected)


def test_gradients_of_several_updates_add_up() -> None:
    nlp = initialised(max_grad_norm=0.0)
    examples = gold_examples(nlp)[:4]
    rin_of(nlp).update(examples[:2], sgd=None)
    rin_of(nlp).update(examples[2:], sgd=None)
    both = zip(gradients(examples[:2]), gradients(examples[2:]), strict=True)
    for found, (a, b) in zip(recorded_gradients(nlp), both, strict=True):
        np.testing.assert_allclose(found, a + b, rtol=1e-4, atol=1e-6)


def test_finish_update_forgets_the_gradients() -> None:
    nlp = initialised()
    rin_of(nlp).update(gold_examples(nlp)[:2])
    assert norm(recorded_gradients(nlp)) > 0
    assert norm(recorded_gradients(nlp)) == 0


@pytest.mark.parametrize("max_norm", [0.5, 5.0, 1e6])
def test_gradients_are_clipped_by_their_global_norm_as_torch_does(max_norm: float) -> None:
    examples = gold_examples(initialised())[:6]
    parameters = []
    for gradient in gradients(examples):
        parameters.append(torch.nn.Parameter(torch.zeros(gradient.shape, dtype=torch.float64)))
        parameters[-1].grad = torch.from_numpy(gradient)
    torch.nn.utils.clip_grad_norm_(parameters, max_norm)
    clipped = gradients(examples, max_grad_norm=max_norm)
    assert len(clipped) == len(parameters) > 10
    for found, parameter in zip(clipped, parameters, strict=True):
        assert parameter.grad is not None
        np.testing.assert_allclose(found, parameter.grad.numpy(), rtol=1e-4, atol=1e-7)
    assert norm(clipped) <= max_norm * (1 + 1e-5)


def test_layers_of_mixed_precision_are_left_to_thinc() -> None:
    nlp = initialised()
    rin_of(nlp).update(gold_examples(nlp)[:6])
    shims = [shim for node in rin_of(nlp).model.walk() for shim in node.shims]
    assert len(shims) == 2
    shims[0]._mixed_precision = True
    overflown, others = ([p.grad for p in shim._model.parameters()] for shim in shims)
    for gradient in overflown:
        gradient.fill_(math.inf)
    assert norm([gradient.numpy() for gradient in others]) > 1
    clip_gradients(rin_of(nlp).model, 1.0)
    assert norm([gradient.numpy() for gradient in others]) <= 1
    assert all(gradient.isinf().all() for gradient in overflown)


def test_clipping_is_on_by_default_and_spans_embedding_and_network() -> None:
    examples = gold_examples(initialised())[:6]
    assert norm(gradients(examples)) > 5
    assert norm(gradients(examples, max_grad_norm=5.0)) == pytest.approx(5.0, rel=1e-4)


def test_learn_rate_factor_scales_the_step_of_all_own_parameters() -> None:
    def steps(**cfg: Any) -> list[np.ndarray]:
        nlp = initialised(**cfg)
        before = [p.detach().clone() for p in network(nlp).parameters()]
        # Adam's first step is the learning rate in each coordinate that has a gradient
        rin_of(nlp).update(gold_examples(nlp)[:4], sgd=Adam(0.001, L2=0.0, grad_clip=0.0))
        pairs = zip(network(nlp).parameters(), before, strict=True)
        return [(p.detach() - b).numpy() for p, b in pairs]

    for slow, fast in zip(steps(), steps(learn_rate_factor=7.0), strict=True):
        np.testing.assert_allclose(fast, 7 * slow, rtol=1e-3, atol=1e-6)
        assert np.abs(slow).max() > 5e-4


def test_dropout_changes_the_loss_in_training() -> None:
    nlp = trained()
    examples = gold_examples(nlp)[:4]
    plain = rin_of(nlp).update(examples, drop=0.0)["rin"]
    assert rin_of(nlp).update(examples, drop=0.5)["rin"] > 2 * plain


def test_dropout_is_off_in_prediction_and_after_training_with_it() -> None:
    nlp = initialised()
    before = rin_of(nlp).model.predict(rin_of(nlp)._batch([nlp.make_doc(TWO_WORDS)])).tags()
    rin_of(nlp).update(gold_examples(nlp)[:4], drop=0.9)
    after = rin_of(nlp).model.predict(rin_of(nlp)._batch([nlp.make_doc(TWO_WORDS)])).tags()
    np.testing.assert_array_equal(after, before)


def test_same_seed_gives_the_same_training_twice() -> None:
    histories = []
    for _ in range(2):
        nlp = blank()
        find_tables(rin_of(nlp).model)[0].attrs["word_dropout"] = 0.25
        histories.append(train(nlp, epochs=2, seed=7, drop=0.2))
    assert histories[0] == histories[1]


def test_another_seed_gives_another_training() -> None:
    assert train(blank(), epochs=1, seed=1) != train(blank(), epochs=1, seed=2)


# -- initialisation and labels ---------------------------------------------------------------------


def no_key(nlp: Language) -> Example:
    return as_example(nlp, nlp.make_doc("a b"))


def empty_example(nlp: Language) -> Example:
    doc = Doc(nlp.vocab)
    set_relations(doc, [])
    return Example(Doc(nlp.vocab), doc)


def test_labels_are_read_from_the_data(untrained: Language) -> None:
    assert rin_of(untrained).labels == RELATION_LABELS
    assert rin_of(untrained).entity_labels == ENTITY_LABELS


def test_labels_beyond_the_first_examples_are_read_too() -> None:
    nlp = blank()
    plain = [gold_doc(nlp.vocab, *PATTERNS[7])] * 50
    examples = [as_example(nlp, doc) for doc in [*plain, gold_doc(nlp.vocab, *PATTERNS[0])]]
    nlp.initialize(lambda: examples)
    assert rin_of(nlp).labels == ("born_in",)


def test_label_data_is_what_initialize_takes(untrained: Language) -> None:
    labels = rin_of(untrained).label_data
    assert labels == {"entities": list(ENTITY_LABELS), "relations": list(RELATION_LABELS)}
    nlp = blank()
    rin_of(nlp).initialize(lambda: gold_examples(nlp), nlp=nlp, labels=labels)
    assert rin_of(nlp).label_data == labels


def test_given_labels_keep_their_order_and_may_go_beyond_the_data() -> None:
    nlp = blank()
    labels = {"entities": ["PER", "ORG", "LOC"], "relations": ["zoo", *RELATION_LABELS]}
    rin_of(nlp).initialize(lambda: gold_examples(nlp), nlp=nlp, labels=labels)
    assert rin_of(nlp).label_data == labels
    assert math.isfinite(rin_of(nlp).update(gold_examples(nlp)[:2])["rin"])


@pytest.mark.parametrize("given", [{"relations": list(RELATION_LABELS)}, {"entities": ["PER"]}])
def test_labels_that_are_not_given_are_read_from_the_data(given: dict[str, list[str]]) -> None:
    nlp = blank()
    examples = [as_example(nlp, gold_doc(nlp.vocab, *PATTERNS[5]))]  # PER and knows alone
    rin_of(nlp).initialize(lambda: examples, nlp=nlp, labels=given)
    assert rin_of(nlp).label_data == {"entities": ["PER"], "relations": ["knows"]} | given


@pytest.mark.parametrize("labels", [["born_in"], "born_in", {"relation": ["born_in"]}])
def test_labels_of_another_form_are_an_error_that_shows_the_right_one(labels: Any) -> None:
    nlp = blank()
    with pytest.raises(ValueError, match="relations"):
        rin_of(nlp).initialize(lambda: gold_examples(nlp), nlp=nlp, labels=labels)


def test_labels_beyond_the_data_are_warned_of_since_words_are() -> None:
    nlp = blank()
    examples = gold_examples(nlp)
    labels = {"relations": [*RELATION_LABELS, "painted"]}
    with pytest.warns(UserWarning, match=r"\['painted'\].*first 100"):
        rin_of(nlp).initialize(lambda: examples, nlp=nlp, labels=labels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rin_of(nlp).initialize(lambda: examples, nlp=nlp)


def test_gold_label_that_was_not_given_is_an_error_in_training() -> None:
    nlp = blank()
    labels = {"entities": list(ENTITY_LABELS), "relations": ["knows"]}
    rin_of(nlp).initialize(lambda: gold_examples(nlp), nlp=nlp, labels=labels)
    with pytest.raises(ValueError, match="born_in"):
        rin_of(nlp).update(gold_examples(nlp)[:1])


@pytest.mark.parametrize("pattern", [PATTERNS[6], PATTERNS[7]], ids=["no relation", "no entity"])
def test_data_without_labels_is_an_error(pattern: Any) -> None:
    nlp = blank()
    with pytest.raises(ValueError, match="at least one entity label and one relation label"):
        nlp.initialize(lambda: [as_example(nlp, gold_doc(nlp.vocab, *pattern))])


def test_gold_without_the_relations_key_is_an_error_of_initialize() -> None:
    nlp = blank()
    with pytest.raises(ValueError, match="store_user_data"):
        nlp.initialize(lambda: [*gold_examples(nlp), no_key(nlp)])


def test_gold_without_the_relations_key_is_an_error_of_update() -> None:
    nlp = initialised()
    with pytest.raises(ValueError, match="store_user_data"):
        rin_of(nlp).update([no_key(nlp)])


def test_docs_without_the_relations_key_are_not_scored(nlp: Language) -> None:
    examples = gold_examples(nlp)[:3]
    assert nlp.evaluate([*examples, no_key(nlp)])["rel_f"] == 1.0


def test_first_examples_may_be_empty() -> None:
    nlp = blank()
    examples = [empty_example(nlp)] * 12 + gold_examples(nlp)
    nlp.initialize(lambda: examples)
    assert rin_of(nlp).labels == RELATION_LABELS


def test_initialize_reads_the_examples_as_a_stream() -> None:
    nlp = blank()

    def stream() -> Iterable[Example]:
        yield from gold_examples(nlp)

    nlp.initialize(stream)
    assert rin_of(nlp).labels == RELATION_LABELS


def test_initialize_again_on_the_same_data_starts_afresh() -> None:
    nlp = trained()
    nlp.initialize(lambda: gold_examples(nlp))
    assert not any(nlp(text)._.relations for text in texts())


def test_initialize_again_on_other_data_takes_its_words_and_labels() -> None:
    nlp = blank()
    nlp.initialize(lambda: gold_examples(nlp)[:1])
    nlp.initialize(lambda: gold_examples(nlp))
    assert rin_of(nlp).labels == RELATION_LABELS
    assert math.isfinite(rin_of(nlp).update(gold_examples(nlp))["rin"])


def test_add_label_before_initialisation() -> None:
    nlp = blank()
    assert rin_of(nlp).add_label("knows") == 1
    assert rin_of(nlp).add_label("knows") == 0
    assert rin_of(nlp).add_label("GOD", "entity") == 1
    nlp.initialize(lambda: gold_examples(nlp))
    assert set(rin_of(nlp).labels) == set(RELATION_LABELS)
    assert set(rin_of(nlp).entity_labels) == {*ENTITY_LABELS, "GOD"}


def test_add_label_after_initialisation_is_an_error(untrained: Language) -> None:
    with pytest.raises(ValueError, match="new"):
        rin_of(untrained).add_label("new")
    assert rin_of(untrained).labels == RELATION_LABELS


def test_add_label_that_is_there_is_fine_after_initialisation(untrained: Language) -> None:
    assert rin_of(untrained).add_label("knows") == 0


def test_add_label_of_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="person"):
        rin_of(blank()).add_label("x", "person")  # type: ignore[arg-type]


# -- word vectors ----------------------------------------------------------------------------------


def with_vectors(words: Iterable[str], width: int = 24) -> Language:
    nlp = blank()
    rng = np.random.default_rng(0)
    for word in words:
        nlp.vocab.set_vector(word, rng.standard_normal(width).astype("float32"))
    return nlp


def word_vector(nlp: Language, word: str) -> np.ndarray:
    """What the word table gives for a word in prediction."""
    table = find_tables(rin_of(nlp).model)[0]
    vector: np.ndarray = table.predict([Doc(nlp.vocab, words=[word])])[0][0]
    return vector


@pytest.mark.parametrize("word, key", [("born", "born"), ("London", "london")])
def test_word_vectors_start_the_table(word: str, key: str) -> None:
    nlp = with_vectors(["born", "london"])
    nlp.initialize(lambda: gold_examples(nlp))
    np.testing.assert_array_equal(word_vector(nlp, word), nlp.vocab.get_vector(key))


def test_unknown_word_takes_its_static_vector() -> None:
    nlp = with_vectors(["born", "zanzibar"])
    nlp.initialize(lambda: gold_examples(nlp))
    np.testing.assert_array_equal(word_vector(nlp, "Zanzibar"), nlp.vocab.get_vector("zanzibar"))
    np.testing.assert_array_equal(word_vector(nlp, "qux"), word_vector(nlp, "quux"))


def test_word_of_the_table_is_trained_and_its_static_vector_is_not() -> None:
    nlp = with_vectors(["born", "zanzibar"])
    nlp.initialize(lambda: gold_examples(nlp))
    static = nlp.vocab.get_vector("born").copy()
    train_a_little(nlp)
    assert np.abs(word_vector(nlp, "born") - static).max() > 1e-3
    np.testing.assert_array_equal(nlp.vocab.get_vector("born"), static)


def test_static_vectors_are_there_after_saving(tmp_path: Path) -> None:
    nlp = with_vectors(["born", "zanzibar"])
    nlp.initialize(lambda: gold_examples(nlp))
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    for word in ("born", "Zanzibar", "qux"):
        np.testing.assert_array_equal(word_vector(loaded, word), word_vector(nlp, word))


def test_vectors_of_another_width_are_an_error_that_says_what_to_set() -> None:
    nlp = with_vectors(["born"], width=7)
    with pytest.raises(ValueError, match="word_width = 7"):
        nlp.initialize(lambda: gold_examples(nlp))


def test_tags_of_the_data_have_rows_and_reach_the_prediction() -> None:
    nlp = trained()
    words = TWO_WORDS.split()
    plain, tagged = Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words, tags=["NNP"] * 7)
    model = rin_of(nlp).model
    scores = [model.predict(rin_of(nlp)._batch([doc])).tags() for doc in (plain, tagged)]
    assert np.abs(scores[0] - scores[1]).max() > 1e-6


def test_initialize_without_examples_is_spacys_own_error() -> None:
    with pytest.raises(TypeError, match="E930"):
        blank().initialize(lambda: [])


def test_relations_belong_to_their_doc(nlp: Language) -> None:
    doc = nlp(TWO_WORDS)
    assert all(r.head.doc is doc and r.tail.doc is doc for r in get_relations(doc))


def test_tagger_that_left_its_tok2vec_behind_is_named() -> None:
    other = spacy.blank("en")
    other.add_pipe("tok2vec")
    tagger = other.add_pipe(
        "tagger",
        config={
            "model": {
                "@architectures": "spacy.Tagger.v2",
                "tok2vec": {
                    "@architectures": "spacy.Tok2VecListener.v1",
                    "width": 96,
                    "upstream": "tok2vec",
                },
            }
        },
    )
    tagger.add_label("NN")
    other.initialize()
    nlp = blank()
    nlp.add_pipe("tagger", source=other, first=True)
    # disabled, as a frozen one is while spaCy initialises, and there all the same
    with (
        nlp.select_pipes(disable=["tagger"]),
        pytest.raises(ValueError, match=r"'tagger' listens to 'tok2vec'.*replace_listeners"),
    ):
        nlp.initialize(lambda: gold_examples(nlp))
    nlp.remove_pipe("tagger")
    other.replace_listeners("tok2vec", "tagger", ["model.tok2vec"])
    nlp.add_pipe("tagger", source=other, first=True)
    with nlp.select_pipes(disable=["tagger"]):
        nlp.initialize(lambda: gold_examples(nlp))
