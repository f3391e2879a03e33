"""The words that a table of static vectors is made for, and how many of a text it knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from spacy.vectors import Vectors
from spacy.vocab import Vocab

from ..corpus.docbin import read_docs
from ..errors import Errors, import_extra


def read_words(path: Path) -> Iterator[str]:
    """Read words from a corpus or from a list.

    path (Path): A .spacy file or a directory of them, or a text with a word a line. What follows a
        word on its line is left out, so that lists of frequencies and of vectors serve too.
    YIELDS (str): A word, as often as it is there.
    RAISES (ValueError): If there is no such file, or if it is no text.
    """
    if path.is_dir() or path.suffix == ".spacy":
        for doc in read_docs(path):
            yield from (token.text for token in doc if token.text.strip())
        return
    if not path.is_file():
        raise ValueError(Errors.R050.format(path=path))
    with path.open(encoding="utf8") as lines:
        try:
            yield from (line.split(maxsplit=1)[0] for line in lines if line.strip())
        except UnicodeDecodeError as error:
            raise ValueError(Errors.R100.format(path=path, reason=error)) from None


def frequent_words(lang: str, number: int) -> list[str]:
    """List the most frequent words of a language, in lower case.

    They are those of the package wordfreq, which counts texts of many kinds.

    lang (str): The language.
    number (int): How many words.
    RETURNS (list[str]): The words; none if `number` is 0.
    RAISES (ValueError): If the package is missing, or does not know the language.
    """
    if not number:
        return []
    wordfreq = import_extra("wordfreq", "vectors", "A list of frequent words (--frequent)")
    try:
        words: list[str] = wordfreq.top_n_list(lang, number)
    except LookupError:
        raise ValueError(Errors.R155.format(lang=lang)) from None
    return words


def whole_words(tokenizer: Any) -> list[str]:
    """List the words that a transformer's tokenizer does not split.

    tokenizer (PreTrainedTokenizerFast): The tokenizer.
    RETURNS (list[str]): What single pieces stand for, if it is read as that piece again.
    """
    pieces = sorted(set(tokenizer.get_vocab().values()) - set(tokenizer.all_special_ids))
    texts = [text.strip() for text in tokenizer.batch_decode([[piece] for piece in pieces])]
    read = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return [
        text
        for text, piece, ids in zip(texts, pieces, read, strict=True)
        if ids == [piece] and text and not any(char.isspace() for char in text)
    ]


def coverage(vectors: Vectors, words: Iterable[str], known: set[str]) -> tuple[float, float]:
    """Count how many words of a text have a vector.

    vectors (Vectors): Vectors with a row for each word.
    words (Iterable[str]): The words of the text, in order.
    known (set[str]): Words that do not count as new, in lower case.
    RETURNS (tuple[float, float]): The share of all words, and that of the new ones. 1.0 for none.
    """
    strings = Vocab().strings
    counts = {True: [0, 0], False: [0, 0]}  # by whether a word is new: words, and those found
    for word in words:
        has_vector = any(strings.add(form) in vectors for form in (word, word.lower()))
        count = counts[word.lower() not in known]
        count[0] += 1
        count[1] += has_vector
    new, old = counts[True], counts[False]
    total, found = new[0] + old[0], new[1] + old[1]
    return found / total if total else 1.0, new[1] / new[0] if new[0] else 1.0
