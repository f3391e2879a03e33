"""Docs → the stretches of text the model reads.

What is read are *words*: all tokens but whitespace, so that line breaks and double spaces change
nothing. A *unit* is what one triple must lie within: a sentence where sentence starts are set, else
the whole Doc. A unit over `max_length` words is read in overlapping *windows*; each window answers
for the words nearest its middle (its *own* words), and a pair of entities is read in every window
that holds both. Most units are one window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from spacy.attrs import LEMMA, MORPH, NORM, POS, TAG
from spacy.tokens import Doc, Span, Token

from ..errors import Errors

UNITS = ("sentence", "doc")
# What a tok2vec may read of a token beyond the word itself.
TOKEN_ATTRS = [TAG, POS, MORPH, LEMMA, NORM]


class Window(NamedTuple):
    """Words start:end of one Doc, of which it answers for own_start:own_end."""

    doc: int
    unit: int
    start: int
    end: int
    own_start: int
    own_end: int


@dataclass(frozen=True)
class WindowBatch:
    """A batch of Docs with the windows they are read in; the input of the model.

    The words of all windows, one after the other, are the rows of every flat array in this
    package: `offsets[k]` is the row of the first word of window k.

    docs (Sequence[Doc]): The Docs.
    words (list[ndarray]): The tokens of each Doc that are words; windows count these.
    windows (list[Window]): In the order of the Docs.
    """

    docs: Sequence[Doc]
    words: list[np.ndarray]
    windows: list[Window]

    @property
    def lengths(self) -> list[int]:
        """RETURNS (list[int]): Words of each window."""
        return [window.end - window.start for window in self.windows]

    @property
    def offsets(self) -> np.ndarray:
        """RETURNS (ndarray): (number of windows + 1,) rows where windows start; last, the total."""
        return np.concatenate([[0], np.cumsum(self.lengths, dtype=np.int64)]).astype(np.int64)

    def tokens(self, window: Window) -> np.ndarray:
        """RETURNS (ndarray): (words,) tokens of its Doc that a window holds."""
        return self.words[window.doc][window.start : window.end]

    def texts(self) -> list[Doc]:
        """RETURNS (list[Doc]): A Doc of each window, with what a tok2vec may read of its tokens."""
        texts: list[Doc] = []
        attrs: dict[int, np.ndarray] = {}
        for window in self.windows:
            doc, tokens = self.docs[window.doc], self.tokens(window)
            if len(tokens) == len(doc):
                texts.append(doc)
                continue
            # Once a Doc: Span.as_doc reads the attributes of the whole Doc for each span, so that
            # the time of a long Doc would grow with its square.
            if window.doc not in attrs:
                attrs[window.doc] = doc.to_array(TOKEN_ATTRS)
            found = [doc[i] for i in tokens.tolist()]
            words, spaces = [t.text for t in found], [_is_spaced(t) for t in found]
            text = Doc(doc.vocab, words=words, spaces=spaces)
            texts.append(text.from_array(TOKEN_ATTRS, attrs[window.doc][tokens]))
        return texts


def find_words(doc: Doc) -> np.ndarray:
    """RETURNS (ndarray): (words,) tokens that are words: all but whitespace."""
    return np.flatnonzero(doc.to_array("IS_SPACE") == 0)


def to_words(words: np.ndarray, start: int, end: int) -> tuple[int, int]:
    """Count a span of tokens in words.

    words (ndarray): The tokens that are words.
    start, end (int): Tokens, end-exclusive.
    RETURNS (tuple[int, int]): Words, end-exclusive; as many as there are, maybe none.
    """
    n = len(words)
    if not n or words[-1] == n - 1:  # no whitespace before the last word
        return min(start, n), min(end, n)
    first, last = np.searchsorted(words, (start, end)).tolist()
    return first, last


def make_batch(docs: Iterable[Doc], unit: str = "sentence", max_length: int = 0) -> WindowBatch:
    """Cut Docs into units and units into windows.

    docs (Iterable[Doc]): Any Docs; those without words have no window.
    unit (str): "sentence" to read by sentences where sentence starts are set, or "doc".
    max_length (int): Words of the longest window; 0 for no limit.
    RETURNS (WindowBatch): In the order of the Docs.
    """
    docs = list(docs)
    words = [find_words(doc) for doc in docs]
    windows: list[Window] = []
    units = 0
    for d, doc in enumerate(docs):
        for start, end in _units(doc, words[d], unit):
            windows.extend(Window(d, units, *bounds) for bounds in _windows(start, end, max_length))
            units += 1
    return WindowBatch(docs, words, windows)


def make_unit_spans(
    unit: str = "sentence", max_length: int = 128
) -> Callable[[Iterable[Doc]], list[list[Span]]]:
    """Construct a span getter for spacy-transformers: a transformer that reads what `rin` reads.

    One that has learned from single sentences is led astray by the sentences around one.

    unit (str): "sentence" to read by sentences where sentence starts are set, or "doc".
    max_length (int): Words of the longest span; a longer unit is read in overlapping ones.
    RAISES (ValueError): If a setting has no such value.
    """
    for setting, value, expected, is_right in (
        ("unit", unit, " or ".join(map(repr, UNITS)), unit in UNITS),
        ("max_length", max_length, "1 or more words", max_length >= 1),
    ):
        if not is_right:
            raise ValueError(Errors.R030.format(setting=setting, value=value, expected=expected))

    def get_spans(docs: Iterable[Doc]) -> list[list[Span]]:
        batch = make_batch(docs, unit, max_length)
        spans: list[list[Span]] = [[] for _ in batch.docs]
        for window in batch.windows:
            # Up to the next word, so that no token is without: spacy-transformers wants them all.
            doc, words = batch.docs[window.doc], batch.words[window.doc]
            start = int(words[window.start]) if window.start else 0
            end = int(words[window.end]) if window.end < len(words) else len(doc)
            spans[window.doc].append(doc[start:end])
        # One without words has a span all the same: a transformer fails on a batch without any.
        return [
            found or ([doc[:]] if len(doc) else [])
            for doc, found in zip(batch.docs, spans, strict=True)
        ]

    return get_spans


def _is_spaced(token: Token) -> bool:
    """Whether something stands between a token and the next word."""
    following = token.i + 1
    return bool(token.whitespace_) or (following < len(token.doc) and token.doc[following].is_space)


def _units(doc: Doc, words: np.ndarray, unit: str) -> Iterator[tuple[int, int]]:
    if unit == "sentence" and doc.has_annotation("SENT_START"):
        sents = (to_words(words, sent.start, sent.end) for sent in doc.sents)
        yield from ((start, end) for start, end in sents if start < end)
    elif len(words):
        yield 0, len(words)


def _windows(start: int, end: int, max_length: int) -> Iterator[tuple[int, int, int, int]]:
    """Windows overlap by half, evenly spaced; neighbours share the overlap at its middle."""
    n = end - start
    if not max_length or n <= max_length:
        yield start, end, start, end
        return
    stride = max(1, max_length // 2)
    count = -(-(n - max_length) // stride) + 1
    starts = [start + round(k * (n - max_length) / (count - 1)) for k in range(count)]
    middles = [(a + max_length + b) // 2 for a, b in pairwise(starts)]
    for first, own_start, own_end in zip(starts, [start, *middles], [*middles, end], strict=True):
        yield first, first + max_length, own_start, own_end
