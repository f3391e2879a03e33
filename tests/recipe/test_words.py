"""The words of a table of vectors: where they come from, and what they cover."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from spacy.vectors import Vectors
from spacy.vocab import Vocab
from tiny_bert import make_tokenizer
from toy import gold_docs, write_corpus

from spacy_rin.recipe.words import coverage, frequent_words, read_words, whole_words


def test_words_of_a_corpus_are_its_tokens(tmp_path: Path) -> None:
    docs = gold_docs(Vocab())[:3]
    path = write_corpus(tmp_path / "train.spacy", docs)
    assert list(read_words(path)) == [token.text for doc in docs for token in doc]


def test_words_of_a_list_are_the_first_of_each_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("the\t1234\nÉcole 0.1 0.2 0.3\n\n  of\n", encoding="utf8")
    assert list(read_words(path)) == ["the", "École", "of"]


def test_missing_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no file"):
        list(read_words(tmp_path / "none.txt"))


def test_list_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="text in UTF-8"):
        list(read_words(path))


@pytest.mark.parametrize("lower", [True, False])
def test_words_that_a_tokenizer_does_not_split(tmp_path: Path, lower: bool) -> None:
    pieces = ["rome", "Rome", "##ing", "go", "[unused0]"]
    tokenizer = make_tokenizer(tmp_path, pieces, lower=lower)
    # a piece of a word's middle is no word, and with capitals a lower-casing one reads nothing
    assert sorted(whole_words(tokenizer)) == (["go", "rome"] if lower else ["Rome", "go", "rome"])


def test_no_frequent_words_need_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wordfreq", None)
    assert frequent_words("en", 0) == []
    with pytest.raises(ValueError, match=r"spacy-rin\[vectors\]"):
        frequent_words("en", 10)


def fake(top_n_list: Callable[[str, int], list[str]]) -> SimpleNamespace:
    return SimpleNamespace(top_n_list=top_n_list)


def test_frequent_words_are_those_of_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"en": ["the", "of", "and"]}
    monkeypatch.setitem(sys.modules, "wordfreq", fake(lambda lang, n: words[lang][:n]))
    assert frequent_words("en", 2) == ["the", "of"]
    with pytest.raises(ValueError, match="no list of frequent words for the language 'xx'"):
        frequent_words("xx", 2)


def test_list_of_the_real_package() -> None:
    pytest.importorskip("wordfreq", reason="needs the extra spacy-rin[vectors]")
    words = frequent_words("en", 1000)
    assert len(words) == 1000 and words[0] == "the" and "president" in words


def test_coverage_counts_words_and_new_words() -> None:
    vocab = Vocab()
    keys = [vocab.strings.add(word) for word in ("rome", "Oslo", "is")]
    vectors = Vectors(strings=vocab.strings, data=np.ones((3, 2), dtype="f"), keys=keys)
    text = ["Rome", "is", "Rome", "not", "Oslo", "oslo"]
    assert coverage(vectors, text, known=set()) == (4 / 6, 4 / 6)
    assert coverage(vectors, text, known={"is", "not"}) == (4 / 6, 3 / 4)
    assert coverage(vectors, [], known=set()) == (1.0, 1.0)
    assert coverage(vectors, ["Rome"], known={"rome"}) == (1.0, 1.0)
