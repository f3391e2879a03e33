"""Docs → the stretches of text the model reads.

A *unit* is what one triple must lie within: a sentence where sentence starts are set, else the
whole Doc. A unit over `max_length` words is read in overlapping *windows*; each window answers for
the words nearest its middle (its *own* words), and a pair of entities is read in every window that
holds both. Most units are one window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from spacy.attrs import LEMMA, MORPH, NORM, POS, TAG
from spacy.tokens import Doc, Span

from .errors import Errors

# What a tok2vec may read of a token beyond the word itself.
TOKEN_ATTRS = [TAG, POS, MORPH, LEMMA, NORM]


class Window(NamedTuple):
    """Words start:end of one Doc, of which it answers for own_start:own_end (tokens of the Doc)."""

    doc: int
    unit: int
    start: int
    end: int
    own_start: int
    own_end: int


@dataclass(frozen=True)
class Batch:
    """A batch of Docs with the windows they are read in; the input of the model.

    The words of all windows, one after the other, are the rows of every flat array in this
    package: `offsets[k]` is the row of the first word of window k.
    """

    docs: Sequence[Doc]
    windows: list[Window]

    @property
    def lengths(self) -> list[int]:
        """RETURNS (list[int]): Words of each window."""
        return [window.end - window.start for window in self.windows]

    @property
    def offsets(self) -> np.ndarray:
        """RETURNS (ndarray): (number of windows + 1,) rows where windows start; last, the total."""
        return np.concatenate([[0], np.cumsum(self.lengths, dtype=np.int64)]).astype(np.int64)

    def texts(self) -> list[Doc]:
        """RETURNS (list[Doc]): A Doc of each window, with what a tok2vec may read of its tokens."""
        texts: list[Doc] = []
        attrs: dict[int, np.ndarray] = {}
        for k, start, end in ((w.doc, w.start, w.end) for w in self.windows):
            doc = self.docs[k]
            if end - start == len(doc):
                texts.append(doc)
                continue
            # Once a Doc: Span.as_doc reads the attributes of the whole Doc for each span, so that
            # the time of a long Doc would grow with its square.
            if k not in attrs:
                attrs[k] = doc.to_array(TOKEN_ATTRS)
            words = [token.text for token in doc[start:end]]
            spaces = [bool(token.whitespace_) for token in doc[start:end]]
            text = Doc(doc.vocab, words=words, spaces=spaces)
            texts.append(text.from_array(TOKEN_ATTRS, attrs[k][start:end]))
        return texts


def make_batch(docs: Iterable[Doc], unit: str = "sentence", max_length: int = 0) -> Batch:
    """Cut Docs into units and units into windows.

    docs (Iterable[Doc]): Any Docs; empty ones have no window.
    unit (str): "sentence" to read by sentences where sentence starts are set, or "doc".
    max_length (int): Words of the longest window; 0 for no limit.
    RETURNS (Batch): In the order of the Docs.
    """
    docs = list(docs)
    windows: list[Window] = []
    units = 0
    for d, doc in enumerate(docs):
        for start, end in _units(doc, unit):
            windows.extend(Window(d, units, *bounds) for bounds in _windows(start, end, max_length))
            units += 1
    return Batch(docs, windows)


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
        ("unit", unit, "'sentence' or 'doc'", unit in ("sentence", "doc")),
        ("max_length", max_length, "1 or more words", max_length >= 1),
    ):
        if not is_right:
            raise ValueError(Errors.R030.format(setting=setting, value=value, expected=expected))

    def get_spans(docs: Iterable[Doc]) -> list[list[Span]]:
        batch = make_batch(docs, unit, max_length)
        spans: list[list[Span]] = [[] for _ in batch.docs]
        for window in batch.windows:
            spans[window.doc].append(batch.docs[window.doc][window.start : window.end])
        return spans

    return get_spans


def _units(doc: Doc, unit: str) -> Iterator[tuple[int, int]]:
    if unit == "sentence" and doc.has_annotation("SENT_START"):
        for sent in doc.sents:
            yield sent.start, sent.end
    elif len(doc):
        yield 0, len(doc)


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
