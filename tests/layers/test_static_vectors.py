"""Static vectors: which vector a word takes, what learns, and what is saved."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from spacy.util import registry
from spacy.vectors import Vectors
from spacy.vocab import Vocab
from thinc.api import Model

from spacy_rin.layers.embed import build_concatenate
from spacy_rin.layers.static_vectors import build_static_vectors

WIDTH = 4
WORDS = ["rome", "Rome", "oslo", "bob"]
SUBWORDS = {
    "@architectures": "spacy.MultiHashEmbed.v2",
    "width": 6,
    "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
    "rows": [20, 20, 20, 20],
    "include_static_vectors": False,
}


def make_vocab(nM: int = 3, mode: str = "default", attr: str = "ORTH") -> Vocab:
    vocab = spacy.blank("en").vocab
    data = np.random.default_rng(0).normal(size=(len(WORDS), nM)).astype("f")
    keys = [vocab.strings.add(word) for word in WORDS]
    if mode == "floret":
        # Both hash to all rows of the table, so that each word has parts there.
        settings = {"hash_count": 2, "minn": 2, "maxn": 3}
        vocab.vectors = Vectors(strings=vocab.strings, data=data, mode=mode, **settings)
    else:
        vocab.vectors = Vectors(strings=vocab.strings, data=data, keys=keys, attr=attr)
    return vocab


def make_doc(vocab: Vocab, text: str) -> Doc:
    return Doc(vocab, words=text.split())


def make_layer(vocab: Vocab) -> Model:
    layer = build_static_vectors(WIDTH)
    layer.initialize(X=[make_doc(vocab, "Rome oslo")])
    return layer


def projected(layer: Model, vector: np.ndarray) -> np.ndarray:
    (linear,) = (node for node in layer.walk() if node.has_param("W"))
    return linear.get_param("W") @ vector + linear.get_param("b")


@pytest.mark.parametrize("nM", [1, 3, 7])
@pytest.mark.parametrize("mode", ["default", "floret"])
def test_vectors_of_any_width_are_projected(nM: int, mode: str) -> None:
    vocab = make_vocab(nM, mode)
    layer = make_layer(vocab)
    (Y,) = layer.predict([make_doc(vocab, "Rome oslo Rome")])
    assert Y.shape == (3, WIDTH) and Y.dtype == np.float32
    for y, word in zip(Y, ("Rome", "oslo", "Rome"), strict=True):
        np.testing.assert_allclose(y, projected(layer, vocab[word].vector), rtol=1e-5, atol=1e-6)


def test_word_without_a_vector_takes_the_one_of_its_lower_case() -> None:
    vocab = make_vocab()
    (Y,) = make_layer(vocab).predict([make_doc(vocab, "Rome ROME rome Oslo oslo")])
    assert np.array_equal(Y[1], Y[2]) and np.array_equal(Y[3], Y[4])
    assert not np.array_equal(Y[0], Y[2])


def test_table_of_lower_case_words_is_read_by_them() -> None:
    vocab = make_vocab(attr="LOWER")
    (Y,) = make_layer(vocab).predict([make_doc(vocab, "OSLO oslo Bob")])
    assert np.array_equal(Y[0], Y[1]) and Y[2].any()


def test_unknown_words_have_a_vector_of_zeros() -> None:
    vocab = make_vocab()
    layer = make_layer(vocab)
    (Y,) = layer.predict([make_doc(vocab, "Zanzibar Rome")])
    np.testing.assert_array_equal(Y[0], projected(layer, np.zeros(3)))
    assert vocab.vectors.data.any(axis=1).all()  # the table itself is not written to


def test_floret_has_a_vector_for_every_word() -> None:
    vocab = make_vocab(mode="floret")
    layer = make_layer(vocab)
    (Y,) = layer.predict([make_doc(vocab, "Zanzibar")])
    assert not np.array_equal(Y[0], projected(layer, np.zeros(3)))


@pytest.mark.parametrize("mode", ["default", "floret"])
def test_gradient_is_that_of_finite_differences(mode: str) -> None:
    vocab = make_vocab(mode=mode)
    layer = make_layer(vocab)
    docs = [make_doc(vocab, "Rome oslo"), make_doc(vocab, "Bob Zanzibar Rome")]
    Y, backprop = layer(docs, is_train=True)
    dY = [np.random.default_rng(1).normal(size=y.shape).astype("f") for y in Y]
    before = vocab.vectors.data.copy()
    backprop([array.copy() for array in dY])
    (linear,) = (node for node in layer.walk() if node.has_param("W"))
    for name in ("W", "b"):
        value = linear.get_param(name).copy()
        for place in np.ndindex(*value.shape):
            sides = []
            for step in (0.5, -0.5):  # the output is linear in both
                moved = value.copy()
                moved[place] += step
                linear.set_param(name, moved)
                Y = layer.predict(docs)
                sides.append(sum(float((y * d).sum()) for y, d in zip(Y, dY, strict=True)))
            linear.set_param(name, value)
            assert linear.get_grad(name)[place] == pytest.approx(sides[0] - sides[1], abs=1e-4)
    assert np.array_equal(vocab.vectors.data, before)


@pytest.mark.parametrize("mode", ["default", "floret"])
def test_neighbours_change_nothing(mode: str) -> None:
    vocab = make_vocab(mode=mode)
    layer = make_layer(vocab)
    docs = [make_doc(vocab, text) for text in ("Bob oslo", "", "Zanzibar", "Rome saw Kim")]
    for doc, together in zip(docs, layer.predict(docs), strict=True):
        np.testing.assert_allclose(layer.predict([doc])[0], together, atol=1e-6)


@pytest.mark.parametrize("is_train", [False, True])
@pytest.mark.parametrize("texts", [[""], ["", ""], ["", "Rome", ""]])
def test_empty_docs_have_no_vectors_also_beside_other_layers(
    texts: list[str], is_train: bool
) -> None:
    vocab = make_vocab()
    layer = build_concatenate(
        build_static_vectors(WIDTH), registry.resolve({"subwords": SUBWORDS})["subwords"]
    )
    layer.initialize(X=[make_doc(vocab, "Rome oslo")])
    docs = [make_doc(vocab, text) for text in texts]
    Y, backprop = layer(docs, is_train=is_train)
    assert [y.shape for y in Y] == [(len(doc), WIDTH + SUBWORDS["width"]) for doc in docs]
    if any(texts):  # rin learns from no batch without a word, which spaCy's layers do not take
        backprop(Y)


@pytest.mark.parametrize("mode", ["default", "floret"])
def test_saved_and_loaded_gives_the_same(mode: str, tmp_path: Path) -> None:
    vocab = make_vocab(mode=mode)
    layer = make_layer(vocab)
    docs = [make_doc(vocab, "Rome Zanzibar"), make_doc(vocab, ""), make_doc(vocab, "oslo")]
    layer.to_disk(tmp_path / "model")
    copies = [
        build_static_vectors(WIDTH).from_bytes(layer.to_bytes()),
        build_static_vectors(WIDTH).from_disk(tmp_path / "model"),
        pickle.loads(pickle.dumps(layer)),
    ]
    for loaded in copies:
        for found, expected in zip(loaded.predict(docs), layer.predict(docs), strict=True):
            assert np.array_equal(found, expected)


def test_pipeline_without_vectors_is_an_error() -> None:
    vocab = spacy.blank("en").vocab
    with pytest.raises(ValueError, match="needs a pipeline with word vectors"):
        make_layer(vocab)


def test_vectors_of_another_width_than_learned_are_an_error() -> None:
    layer = make_layer(make_vocab(nM=3))
    other = make_vocab(nM=5)
    with pytest.raises(ValueError, match=r"of 3 dimensions.* have 5"):
        layer.predict([make_doc(other, "Rome")])


def test_vectors_that_are_not_finite_are_an_error() -> None:
    vocab = make_vocab()
    vocab.vectors.data[WORDS.index("oslo"), 0] = np.nan
    with pytest.raises(ValueError, match="vectors are not finite, for example that of 'oslo'"):
        make_layer(vocab)
