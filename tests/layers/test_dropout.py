"""Dropout behind any layer: only in training, at training's rate, and the same in the gradient."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from thinc.api import Model, chain, set_dropout_rate

from spacy_rin.layers.dropout import build_with_dropout
from spacy_rin.layers.embed import TableCounts, build_word_tag_embed
from spacy_rin.layers.encoder import build_bilstm_encoder

VECTORS = [np.ones((5, 3), dtype="f"), np.zeros((0, 3), dtype="f"), np.ones((40, 3), dtype="f")]


def encoder(rate: float) -> Model:
    layer = build_with_dropout(build_bilstm_encoder(width=8))
    layer.initialize(X=VECTORS)
    return set_dropout_rate(layer, rate)


def test_predicts_as_the_layer_alone() -> None:
    layer = encoder(rate=0.9)
    alone = layer.layers[0]
    for found, expected in zip(layer.predict(VECTORS), alone.predict(VECTORS), strict=True):
        assert np.array_equal(found, expected)


def test_training_drops_a_share_and_scales_the_rest() -> None:
    layer = encoder(rate=0.25)
    plain = np.concatenate(layer.predict(VECTORS))
    Y = np.concatenate(layer(VECTORS, is_train=True)[0])
    kept = Y != 0
    np.testing.assert_allclose(Y[kept], plain[kept] / 0.75, rtol=1e-5)
    assert 0.6 < kept.mean() < 0.9


def test_gradient_passes_where_the_output_does() -> None:
    layer = build_with_dropout(Model("same", lambda model, X, is_train: (X, lambda dY: dY)))
    set_dropout_rate(layer, 0.5)
    Y, backprop = layer(VECTORS, is_train=True)
    for dX, y in zip(backprop(VECTORS), Y, strict=True):
        assert np.array_equal(dX, y)  # X and dY are both ones


def test_width_is_that_of_the_layer() -> None:
    assert build_with_dropout(build_word_tag_embed(5, 2)).get_dim("nO") == 7
    assert encoder(0.0).get_dim("nO") == 8


def test_word_table_inside_is_found() -> None:
    doc = Doc(spacy.blank("en").vocab, words=["Bob"])
    layer = build_with_dropout(build_word_tag_embed(5, 0))
    counts = TableCounts(layer)
    assert len(counts.tables) == 1
    counts.build()
    layer.initialize(X=[doc])
    assert [y.shape for y in layer.predict([doc])] == [(1, 5)]


@pytest.mark.parametrize("copy", ["bytes", "pickle"])
def test_saved_and_loaded_gives_the_same(copy: str) -> None:
    layer = encoder(rate=0.5)
    loaded = (
        encoder(rate=0.5).from_bytes(layer.to_bytes())
        if copy == "bytes"
        else pickle.loads(pickle.dumps(layer))
    )
    for found, expected in zip(loaded.predict(VECTORS), layer.predict(VECTORS), strict=True):
        assert np.array_equal(found, expected)


def test_dropout_layer_ends_the_chain() -> None:
    layer = chain(*encoder(rate=0.3).layers)
    assert [node.attrs["dropout_rate"] for node in layer.walk() if node.name == "dropout"] == [0.3]
