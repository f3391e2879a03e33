"""Predictions round by round, compared with models of fewer rounds and with the slow reference."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from reference import all_rounds
from spacy.tokens import Doc
from toy import blank, initialised, rin_of, trained

from spacy_rin.arrays.decode import Prediction

pytestmark = pytest.mark.training

TEXTS = ["Ada Lovelace was born in London .", "Plato works for Initech .", "it rained ."]


def test_rounds_are_those_of_the_reference() -> None:
    nlp = trained()
    rin = rin_of(nlp)
    module = rin.model.get_ref("network").shims[0]._model
    params = {n.removeprefix("interaction."): p for n, p in module.state_dict().items()}
    docs = [nlp.make_doc(text) for text in TEXTS]
    vectors = rin.model.layers[0].predict(rin._batch(docs))
    for rounds, words in zip(rin.predict_rounds(docs), vectors, strict=True):
        expected = all_rounds(params, torch.from_numpy(words), module.rounds)
        assert len(rounds) == len(expected) == 3
        for found, (tags, maxima) in zip(rounds, expected, strict=True):
            np.testing.assert_allclose(found.tags, tags, atol=1e-5)
            np.testing.assert_allclose(found.relations, maxima, atol=1e-5)


def test_last_round_is_the_prediction_and_each_that_of_fewer_rounds() -> None:
    nlp = trained()
    rin = rin_of(nlp)
    docs = [nlp.make_doc(text) for text in [*TEXTS, ""]]
    rounds = rin.predict_rounds(docs)
    assert [found[-1].prediction for found in rounds[:-1]] == rin.predict(docs)[:-1]
    module = rin.model.get_ref("network").shims[0]._model
    for k in range(3):
        module.rounds = k
        predictions = rin.predict(docs)
        for found, expected in zip(rounds, predictions, strict=True):
            assert found[k].prediction.entities == expected.entities
            assert {t[:3] for t in found[k].prediction.triples} == {t[:3] for t in expected.triples}


def test_docs_are_not_changed_and_every_token_is_there() -> None:
    nlp = trained(max_length=4)  # The text is read in several windows.
    rin = rin_of(nlp)
    docs = [nlp.make_doc(" ".join(TEXTS)), Doc(nlp.vocab)]
    rounds = rin.predict_rounds(docs)
    assert not docs[0].ents and not docs[0]._.relations
    for doc, found in zip(docs, rounds, strict=True):
        for round_ in found:
            assert round_.tags.shape == (len(doc), len(rin.tag_names))
            assert round_.relations.shape == (len(doc), len(rin.labels))
            np.testing.assert_allclose(round_.tags.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("decode", ["exact", "partial"])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_empty_docs_have_rounds_without_rows(decode: str, n: int) -> None:
    nlp = trained(decode=decode)
    rin = rin_of(nlp)
    found = rin.predict_rounds([Doc(nlp.vocab) for _ in range(n)])
    assert [len(rounds) for rounds in found] == [3] * n
    for round_ in (round_ for rounds in found for round_ in rounds):
        assert round_.tags.shape == (0, len(rin.tag_names))
        assert round_.relations.shape == (0, len(rin.labels))
        assert round_.prediction == Prediction()


def test_tag_names_name_the_columns() -> None:
    nlp = trained()
    (rounds,) = rin_of(nlp).predict_rounds([nlp.make_doc(TEXTS[0])])
    names = rin_of(nlp).tag_names
    assert [names[k] for k in rounds[-1].tags.argmax(1)] == [
        "B-PER", "E-PER", "O", "O", "O", "S-LOC", "O",
    ]  # fmt: skip


def test_no_round_before_initialize() -> None:
    nlp = blank()
    with pytest.raises(ValueError, match="initialize"):
        rin_of(nlp).predict_rounds([nlp.make_doc("a b")])


def test_untrained_model_has_rounds_too() -> None:
    nlp = initialised()
    (rounds,) = rin_of(nlp).predict_rounds([nlp.make_doc("a b c")])
    assert len(rounds) == 3
