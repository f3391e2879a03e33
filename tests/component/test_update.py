"""Training: losses and their parts, dropout and seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam
from toy import TWO_WORDS, blank, gold_examples, initialised, network, rin_of, train, trained

from spacy_rin import set_relations
from spacy_rin.layers.embed import find_tables


def test_losses_are_finite_floats_and_parts_sum_to_the_total(untrained: Language) -> None:
    losses = rin_of(initialised()).update(gold_examples(untrained)[:5])
    assert set(losses) == {"rin", "rin_entities", "rin_relations"}
    assert all(type(value) is float and math.isfinite(value) for value in losses.values())
    assert losses["rin"] == pytest.approx(losses["rin_entities"] + losses["rin_relations"])
    assert min(losses.values()) > 0


@pytest.mark.training
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


@pytest.mark.training
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


@pytest.mark.training
def test_same_seed_gives_the_same_training_twice() -> None:
    histories = []
    for _ in range(2):
        nlp = blank()
        find_tables(rin_of(nlp).model)[0].attrs["word_dropout"] = 0.25
        histories.append(train(nlp, epochs=2, seed=7, drop=0.2))
    assert histories[0] == histories[1]


@pytest.mark.training
def test_another_seed_gives_another_training() -> None:
    assert train(blank(), epochs=1, seed=1) != train(blank(), epochs=1, seed=2)
