"""Vectors distilled from a small transformer, compared with words that are read one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch
from spacy.tokens import Doc
from tiny_bert import make_bert

import spacy_rin.recipe.distill
from spacy_rin.layers.static_vectors import build_static_vectors
from spacy_rin.recipe.distill import LONGEST, Transformer, distill, load_transformer

PIECES = ["rome", "Rome", "oslo", "go", "##ing", "##es", "love", "##lace", "ada", "bob", "the"]
WORDS = ["rome", "oslo", "going", "goes", "lovelace", "ada", "bob", "the", "go", "love"]


@pytest.fixture(autouse=True)
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the processor gains from."""
    monkeypatch.setattr("spacy_rin.nn.device.product_dtype", lambda *_: torch.float32)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Transformer:
    return load_transformer(str(make_bert(tmp_path_factory.mktemp("bert"), PIECES)))


def vectors_of(nlp: Any, words: list[str] = WORDS) -> np.ndarray:
    return np.stack([nlp.vocab.vectors[nlp.vocab.strings[word]] for word in words])


def read_slowly(transformer: Transformer, word: str) -> np.ndarray:
    """The mean of a word's pieces, without batches, masks or padding."""
    tokenizer = transformer.tokenizer
    pieces = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(word))
    ids = [tokenizer.cls_token_id, *pieces, tokenizer.sep_token_id]
    with torch.no_grad():
        states = transformer.model(torch.tensor([ids])).last_hidden_state[0].numpy()
    mean: np.ndarray = states[1:-1].mean(axis=0)
    return mean


def test_vectors_are_the_main_components_of_words_read_alone(bert: Transformer) -> None:
    nlp, kept = distill(bert, WORDS, width=4)
    X = np.stack([read_slowly(bert, word) for word in WORDS])
    X -= X.mean(axis=0)
    U, S, _ = np.linalg.svd(X, full_matrices=False)
    expected = U[:, :4] * S[:4]
    expected /= expected.std()
    # an axis may point either way
    found = vectors_of(nlp)
    signs = np.sign((found * expected).sum(axis=0))
    np.testing.assert_allclose(found, expected * signs, atol=2e-4)
    assert kept == pytest.approx((S[:4] ** 2).sum() / (S**2).sum(), abs=1e-4)


def test_all_components_keep_all_of_it(bert: Transformer) -> None:
    nlp, kept = distill(bert, WORDS, width=32)
    assert kept == pytest.approx(1.0)
    assert nlp.vocab.vectors.shape == (len(WORDS), 32)


def test_order_and_repetition_of_the_words_change_nothing(bert: Transformer) -> None:
    one, _ = distill(bert, WORDS, width=4)
    other, _ = distill(bert, [*reversed(WORDS), *WORDS], width=4)
    assert np.array_equal(vectors_of(one), vectors_of(other))
    assert one.vocab.vectors.n_keys == other.vocab.vectors.n_keys == len(WORDS)


def test_batches_and_chunks_change_nothing(
    bert: Transformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, _ = distill(bert, WORDS, width=4)
    for name, value in (("WORDS_PER_BATCH", 3), ("CHUNK", 4)):
        monkeypatch.setattr(spacy_rin.recipe.distill, name, value)
    found, _ = distill(bert, WORDS, width=4)
    np.testing.assert_allclose(vectors_of(found), vectors_of(expected), atol=1e-4)


def test_progress_is_told_of_all_words(bert: Transformer) -> None:
    told: list[int] = []
    distill(bert, [*WORDS, "qqq"], width=4, progress=told.append)
    assert told[-1] == len(WORDS) + 1


def test_words_without_a_known_piece_have_no_vector(bert: Transformer) -> None:
    nlp, _ = distill(bert, [*WORDS, "日本", "", " "], width=4)
    assert nlp.vocab.vectors.n_keys == len(WORDS)


def test_very_long_word_is_read_by_its_first_pieces(bert: Transformer) -> None:
    # two of the pieces are those that begin and end every text
    words = ["go" + "ing" * n for n in (LONGEST - 2, LONGEST - 1, 3)]
    nlp, _ = distill(bert, [*WORDS, *words], width=4)
    longest, longer, short = vectors_of(nlp, words)
    assert np.allclose(longest, longer, atol=1e-4) and not np.allclose(longest, short, atol=1e-2)


def test_transformer_without_capitals_has_words_in_lower_case(bert: Transformer) -> None:
    assert bert.lower
    nlp, _ = distill(bert, ["Rome", "ROME", *WORDS], width=4)
    assert nlp.vocab.vectors.n_keys == len(WORDS)
    doc = Doc(nlp.vocab, words=["ROME", "rome", "qqq"])
    layer = build_static_vectors(width=5)
    layer.initialize(X=[doc])
    upper, lower, unknown = layer.predict([doc])[0]
    assert np.array_equal(upper, lower) and not np.array_equal(lower, unknown)


def test_transformer_with_capitals_tells_words_apart(tmp_path: Path) -> None:
    pieces = [*PIECES, "London", "Europe", "May", "The"]
    cased = load_transformer(str(make_bert(tmp_path / "cased", pieces, lower=False)))
    assert not cased.lower
    nlp, _ = distill(cased, ["Rome", *WORDS], width=4)
    found = vectors_of(nlp, ["Rome", "rome"])
    assert not np.allclose(found[0], found[1], atol=1e-2)


def test_saved_pipeline_has_the_same_vectors(bert: Transformer, tmp_path: Path) -> None:
    nlp, _ = distill(bert, WORDS, width=4, lang="de")
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert loaded.lang == "de" and loaded.pipe_names == []
    assert np.array_equal(vectors_of(loaded), vectors_of(nlp))


@pytest.mark.parametrize(
    ("words", "width", "said"),
    [(WORDS, 33, "vectors of 32 dimensions"), (["日本"], 4, "none of the words"), ([], 4, "none")],
)
def test_what_cannot_be_distilled_is_an_error(
    bert: Transformer, words: list[str], width: int, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        distill(bert, words, width=width)


def test_missing_transformer_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers", reason="needs the extra spacy-rin[transformers]")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ValueError, match="Can't load the transformer") as raised:
        load_transformer(str(tmp_path / "none"))
    assert "\n" not in str(raised.value)
