"""Docs → the windows of words that the model reads: the first step of training and prediction.

A *word* is a token that is not whitespace. Line breaks and double spaces thus change nothing.

A *unit* is the text that one triple must lie within. It is a sentence where sentence starts are
set, and the whole Doc otherwise.

A *window* is what the model reads at once. Most units are one window. A unit of more than
`max_length` words is cut into windows of `max_length` words that overlap by half.

The *own words* of a window are the words whose tags are taken from it. In an overlap, a word
belongs to the window whose middle is nearer, so that every word is owned once. A pair of entities
has no owner: it is read in every window that holds both. A unit of six words, with
`max_length=4`, is read in two windows (own words in brackets):

    window 0:  [0  1  2] 3             start=0, end=4, own_start=0, own_end=3
    window 1:         2 [3  4  5]      start=2, end=6, own_start=3, own_end=6
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
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
    """A window of one unit; see the head of this file.

    doc (int): Position of its Doc in the batch.
    unit (int): Number of its unit, counted over the batch.
    start (int): First word, counted in the Doc.
    end (int): End of the words, exclusive.
    own_start (int): First of its own words, counted in the Doc.
    own_end (int): End of its own words, exclusive.
    """

    doc: int
    unit: int
    start: int
    end: int
    own_start: int
    own_end: int


@dataclass(frozen=True)
class WindowBatch:
    """A batch of Docs and the windows they are read in. It is the input of the model.

    The words of all windows, one window after the other, are the W rows of every flat array in
    this package. A word that lies in two windows has two rows.

    docs (Sequence[Doc]): The Docs.
    words (list[ndarray]): For each Doc, the positions of the tokens that are words.
    windows (list[Window]): The windows, in the order of the Docs.
    """

    docs: Sequence[Doc]
    words: list[np.ndarray]
    windows: list[Window]

    @property
    def lengths(self) -> list[int]:
        """Number of words of each window.

        RETURNS (list[int]): One number a window; their sum is W.
        """
        return [window.end - window.start for window in self.windows]

    @property
    def offsets(self) -> np.ndarray:
        """Row of the first word of each window.

        RETURNS (ndarray): (number of windows + 1,) rows; the last one is W, the number of rows.
        """
        return np.concatenate([[0], np.cumsum(self.lengths, dtype=np.int64)]).astype(np.int64)

    def tokens(self, window: Window) -> np.ndarray:
        """Find the tokens of a window.

        window (Window): One of the windows of this batch.
        RETURNS (ndarray): (words of the window,) positions of its words in the tokens of its Doc.
        """
        return self.words[window.doc][window.start : window.end]

    def texts(self) -> list[Doc]:
        """Make a Doc of each window, with everything that a tok2vec may read of its tokens.

        RETURNS (list[Doc]): One Doc a window. A window that is a whole Doc is that Doc itself.
        """
        texts: list[Doc] = []
        attrs: dict[int, np.ndarray] = {}
        for window in self.windows:
            doc, positions = self.docs[window.doc], self.tokens(window)
            if len(positions) == len(doc):
                texts.append(doc)
                continue
            # Attributes are read once per Doc. Span.as_doc would read those of the whole Doc for
            # each span, and the time of a long Doc would grow with its square.
            if window.doc not in attrs:
                attrs[window.doc] = doc.to_array(TOKEN_ATTRS)
            tokens = [doc[i] for i in positions.tolist()]
            words, spaces = [t.text for t in tokens], [_is_spaced(t) for t in tokens]
            text = Doc(doc.vocab, words=words, spaces=spaces)
            texts.append(text.from_array(TOKEN_ATTRS, attrs[window.doc][positions]))
        return texts


def find_words(doc: Doc) -> np.ndarray:
    """Find the tokens that are words: all but whitespace.

    doc (Doc): Any Doc.
    RETURNS (ndarray): (words,) positions of the tokens that are words.
    """
    return np.flatnonzero(doc.to_array("IS_SPACE") == 0)


def to_words(words: np.ndarray, start: int, end: int) -> tuple[int, int]:
    """Count the bounds of a span in words instead of tokens.

    words (ndarray): (words,) positions of the tokens that are words.
    start (int): First token of the span.
    end (int): End of the span in tokens, exclusive.
    RETURNS (tuple[int, int]): First word and end, exclusive. The two are equal if the span is
        whitespace alone.
    """
    n = len(words)
    if not n or words[-1] == n - 1:  # no whitespace before the last word
        return min(start, n), min(end, n)
    first, last = np.searchsorted(words, (start, end)).tolist()
    return first, last


def make_batch(docs: Iterable[Doc], unit: str = "sentence", max_length: int = 0) -> WindowBatch:
    """Cut Docs into units and units into windows.

    docs (Iterable[Doc]): Any Docs. One without words has no window.
    unit (str): "sentence" to read by sentences where sentence starts are set, or "doc".
    max_length (int): Words of the longest window; 0 for no limit.
    RETURNS (WindowBatch): The Docs and their windows, in the order of the Docs.
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
    """Construct a span getter for spacy-transformers, which makes a transformer read as `rin` does.

    A transformer that was trained on single sentences is misled by the sentences around one.

    unit (str): "sentence" to read by sentences where sentence starts are set, or "doc".
    max_length (int): Words of the longest span. A longer unit is read in spans that overlap.
    RETURNS (Callable): Takes Docs and returns a list of spans for each.
    RAISES (ValueError): If `unit` or `max_length` is none of the values they can have.
    """
    for setting, value, expected, is_right in (
        ("unit", unit, " or ".join(map(repr, UNITS)), unit in UNITS),
        ("max_length", max_length, "1 or more words", max_length >= 1),
    ):
        if not is_right:
            raise ValueError(Errors.R030.format(setting=setting, value=value, expected=expected))

    # Not a function in this one: a pipeline that has it could not be pickled, and so could not be
    # used in processes that are spawned.
    return partial(_unit_spans, unit, max_length)


def _unit_spans(unit: str, max_length: int, docs: Iterable[Doc]) -> list[list[Span]]:
    batch = make_batch(docs, unit, max_length)
    spans: list[list[Span]] = [[] for _ in batch.docs]
    for window in batch.windows:
        # A span goes on to the next word: spacy-transformers expects every token in a span.
        doc, words = batch.docs[window.doc], batch.words[window.doc]
        start = int(words[window.start]) if window.start else 0
        end = int(words[window.end]) if window.end < len(words) else len(doc)
        spans[window.doc].append(doc[start:end])
    # A Doc of whitespace has a span, too: a transformer fails on a batch without spans.
    return [
        found or ([doc[:]] if len(doc) else [])
        for doc, found in zip(batch.docs, spans, strict=True)
    ]


def _is_spaced(token: Token) -> bool:
    """Whether there is whitespace between a token and the next word."""
    following = token.i + 1
    return bool(token.whitespace_) or (following < len(token.doc) and token.doc[following].is_space)


def _units(doc: Doc, words: np.ndarray, unit: str) -> Iterator[tuple[int, int]]:
    """First word and end of each unit of a Doc. Sentences of whitespace alone are no units."""
    if unit == "sentence" and doc.has_annotation("SENT_START"):
        sents = (to_words(words, sent.start, sent.end) for sent in doc.sents)
        yield from ((start, end) for start, end in sents if start < end)
    elif len(words):
        yield 0, len(words)


def _windows(start: int, end: int, max_length: int) -> Iterator[tuple[int, int, int, int]]:
    """Start, end, own_start and own_end of each window of a unit.

    Windows are evenly spaced and overlap by half or more. Neighbours divide their overlap at its
    middle: the words before it are owned by the left window, the others by the right one.

    >>> list(_windows(0, 4, max_length=4))
    [(0, 4, 0, 4)]
    >>> list(_windows(0, 6, max_length=4))
    [(0, 4, 0, 3), (2, 6, 3, 6)]
    """
    n = end - start
    if not max_length or n <= max_length:
        yield start, end, start, end
        return
    stride = max(1, max_length // 2)
    count = -(-(n - max_length) // stride) + 1
    starts = [start + round(k * (n - max_length) / (count - 1)) for k in range(count)]
    # The middle of an overlap lies between the start of the right window and the end of the left.
    middles = [(left + max_length + right) // 2 for left, right in pairwise(starts)]
    for first, own_start, own_end in zip(starts, [start, *middles], [*middles, end], strict=True):
        yield first, first + max_length, own_start, own_end
