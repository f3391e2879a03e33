"""How interaction changes the model's mind: what each layer says of a Doc, round by round."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .batch import WindowBatch
from .decode import CellReader, Prediction


@dataclass(frozen=True)
class Round:
    """One layer's view of a Doc of n tokens; layer 0 is that before any interaction. Rows of
    whitespace, which is not read, are zeros.

    tags (ndarray): (n, T) probabilities of the tags, named by the component's `tag_names`.
    relations (ndarray): (n, L) for each token as head, the highest probability over all tails of
        each label, equation (5): what the next round reads.
    prediction (Prediction): Entities and triples, were this the last layer.
    """

    tags: np.ndarray
    relations: np.ndarray
    prediction: Prediction


class LayerReader(CellReader, Protocol):
    """The part of a layer's scores that is shown."""

    def row_maximum(self) -> np.ndarray: ...


def read_rounds(
    layers: Iterable[LayerReader],
    batch: WindowBatch,
    decode: Callable[[Any, WindowBatch], list[Prediction]],
) -> list[list[Round]]:
    """Put what the layers say into rows of Docs.

    layers (Iterable[LayerReader]): The scores of layers 0, 1, …, K.
    batch (WindowBatch): The windows the model read.
    decode (Callable): Finds entities and triples in a layer's scores.
    RETURNS (list[list[Round]]): For each Doc, its rounds.
    """
    rounds: list[list[Round]] = [[] for _ in batch.docs]
    for scores in layers:
        of_docs = [
            _rows_of_docs(rows, batch) for rows in (np.exp(scores.tags()), scores.row_maximum())
        ]
        for kept, *found in zip(rounds, *of_docs, decode(scores, batch), strict=True):
            kept.append(Round(*found))
    return rounds


def _rows_of_docs(rows: np.ndarray, batch: WindowBatch) -> list[np.ndarray]:
    """(W, C) rows of windows → (n, C) rows of each Doc, every token from its own window."""
    docs = [np.zeros((len(doc), rows.shape[1]), dtype=rows.dtype) for doc in batch.docs]
    for window, offset in zip(batch.windows, batch.offsets, strict=False):
        shift = int(offset) - window.start
        own = slice(window.own_start + shift, window.own_end + shift)
        tokens = batch.words[window.doc][window.own_start : window.own_end]
        docs[window.doc][tokens] = rows[own]
    return docs
