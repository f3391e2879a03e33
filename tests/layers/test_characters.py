"""The character CNN: what it computes, in which scripts, and what is saved."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import spacy
import torch
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.util import registry
from spacy.vocab import Vocab
from thinc.api import Model

from spacy_rin.layers.characters import build_character_cnn
from spacy_rin.layers.embed import build_concatenate

WIDTH, CHAR_WIDTH, WINDOW = 5, 3, 2


@pytest.fixture(scope="module")
def vocab() -> Vocab:
    return spacy.blank("en").vocab


def make_layer(docs: list[Doc], window: int = WINDOW) -> Model:
    layer = build_character_cnn(WIDTH, CHAR_WIDTH, rows=50, window=window)
    layer.initialize(X=docs)
    return layer


def find(layer: Model, name: str) -> Model:
    (node,) = (node for node in layer.walk() if node.name == name)
    return node


def reference(layer: Model, word: str) -> torch.Tensor:
    """The same by torch's convolution: characters padded with zeros, filters, relu, maximum."""
    ids = np.array([2, *map(ord, word), 3], dtype="uint64")
    vectors = torch.from_numpy(find(layer, "hashembed").predict(ids))  # (characters, width)
    relu = find(layer, "relu")
    seen = 2 * WINDOW + 1
    filters = torch.from_numpy(relu.get_param("W")).view(WIDTH, seen, CHAR_WIDTH)
    b = torch.from_numpy(relu.get_param("b"))
    Y = torch.conv1d(vectors.T[None], filters.transpose(1, 2), b, padding=WINDOW)  # (1, nO, n)
    return torch.relu(Y)[0].amax(dim=1)


def test_equals_a_convolution_of_torch(vocab: Vocab) -> None:
    docs = [Doc(vocab, words=["Antwerp", "is", "a", "Antwerp"]), Doc(vocab, words=["東京"])]
    layer = make_layer(docs)
    for doc, Y in zip(docs, layer.predict(docs), strict=True):
        assert Y.shape == (len(doc), WIDTH)
        for token, y in zip(doc, Y, strict=True):
            np.testing.assert_allclose(y, reference(layer, token.text), atol=1e-5)


def test_gradient_is_the_sum_over_a_words_places(vocab: Vocab) -> None:
    docs = [Doc(vocab, words=["Rome", "Oslo", "Rome"])]
    layer = make_layer(docs)
    (Y,), backprop = layer(docs, is_train=True)
    dY = np.random.default_rng(0).normal(size=Y.shape).astype("f")
    backprop([dY])
    # A loss that is linear in the output has this dY: it must grow as the gradient says.
    relu = find(layer, "relu")
    W, step = relu.get_param("W"), 1e-2 * relu.get_grad("W") / np.linalg.norm(relu.get_grad("W"))
    changes = []
    for sign in (1, -1):
        relu.set_param("W", W + sign * step)
        changes.append(float((layer.predict(docs)[0] * dY).sum()))
    expected = 2 * float((relu.get_grad("W") * step).sum())
    np.testing.assert_allclose(changes[0] - changes[1], expected, rtol=0.05)


@given(words=st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=5))
def test_word_is_read_alike_wherever_it_is(vocab: Vocab, words: list[str]) -> None:
    docs = [Doc(vocab, words=words), Doc(vocab), Doc(vocab, words=words[::-1])]
    layer = make_layer([Doc(vocab, words=["Rome"])])
    first, empty, second = layer.predict(docs)
    assert empty.shape == (0, WIDTH)
    np.testing.assert_allclose(first, second[::-1], atol=1e-6)


def test_long_word_is_read_at_both_ends(vocab: Vocab) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    begin, end = letters[:20], letters[-20:]
    layer = make_layer([Doc(vocab, words=["Rome"])])
    (Y,) = layer.predict([Doc(vocab, words=[begin + 100 * "x" + end])])
    np.testing.assert_allclose(Y[0], reference(layer, begin + end), atol=1e-5)


def test_no_words_at_all(vocab: Vocab) -> None:
    layer = make_layer([Doc(vocab, words=["Rome"])])
    assert layer.predict([]) == []
    (Y,), backprop = layer([Doc(vocab)], is_train=True)
    assert Y.shape == (0, WIDTH) and backprop([Y]) == []


def test_beside_others_and_from_the_registry(vocab: Vocab) -> None:
    build = registry.architectures.get("spacy-rin.CharacterCNN.v1")
    layer = build_concatenate(build(width=4), build(width=3))
    docs = [Doc(vocab), Doc(vocab, words=["Rome"])]
    layer.initialize(X=docs)
    assert [Y.shape for Y in layer.predict(docs)] == [(0, 7), (1, 7)]


def test_hashes_do_not_depend_on_what_was_built_before() -> None:
    seeds = [find(build_character_cnn(), "hashembed").attrs["seed"] for _ in range(2)]
    assert seeds[0] == seeds[1]


def test_saved_copied_and_pickled(vocab: Vocab) -> None:
    docs = [Doc(vocab, words=["Antwerp", "東京"])]
    layer = make_layer(docs)
    (expected,) = layer.predict(docs)
    loaded = make_layer(docs).from_bytes(layer.to_bytes())
    for other in (loaded, layer.copy(), pickle.loads(pickle.dumps(layer))):
        assert np.array_equal(other.predict(docs)[0], expected)
