"""Word vectors: where the word table starts from, and what it does for other words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from toy import blank, gold_examples, rin_of, train_a_little

from spacy_rin.layers.embed import find_tables


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
