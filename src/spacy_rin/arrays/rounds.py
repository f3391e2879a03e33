"""Scores of all layers → the prediction of each Doc, round by round.

They show how interaction changes a prediction.

Shapes: W rows of the batch (the words of all windows), n tokens of a Doc, T tags, L relation
labels, C columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .batch import WindowBatch
from .cells import CellReader
from .decode import Prediction


@dataclass(frozen=True)
class Round:
    """The prediction of one layer for a Doc of n tokens. Layer 0 is before any interaction.

    Whitespace tokens, which the model does not read, have rows of zeros.

    tags (ndarray): (n, T) probabilities of the tags. The component's `tag_names` has their names.
    relations (ndarray): (n, L) for each token as head, the highest probability of each label over
        all tails, equation (5). This is what the next round reads.
    prediction (Prediction): The entities and triples found if this were the last layer.
    """

    tags: np.ndarray
    relations: np.ndarray
    prediction: Prediction


class LayerReader(CellReader, Protocol):
    """The part of a layer's scores that a Round shows."""

    def row_maximum(self) -> np.ndarray:
        """Score the relations of each word as head.

        RETURNS (ndarray): (W, L) highest probability over the tails, equation (5).
        """
        ...


def read_rounds(
    layers: Iterable[LayerReader],
    batch: WindowBatch,
    decode: Callable[[Any, WindowBatch], list[Prediction]],
) -> list[list[Round]]:
    """Divide the scores of each layer among the Docs, and decode them.

    layers (Iterable[LayerReader]): The scores of layers 0, 1, …, K.
    batch (WindowBatch): The windows the model read.
    decode (Callable): Finds entities and triples in a layer's scores.
    RETURNS (list[list[Round]]): For each Doc, its rounds 0, 1, …, K.
    """
    rounds: list[list[Round]] = [[] for _ in batch.docs]
    for scores in layers:
        tags = _rows_of_docs(np.exp(scores.tags()), batch)
        relations = _rows_of_docs(scores.row_maximum(), batch)
        predictions = decode(scores, batch)
        for doc, found in enumerate(zip(tags, relations, predictions, strict=True)):
            rounds[doc].append(Round(*found))
    return rounds


def _rows_of_docs(rows: np.ndarray, batch: WindowBatch) -> list[np.ndarray]:
    """(W, C) rows of the batch → (n, C) rows of each Doc. Every word is read in its own window."""
    docs = [np.zeros((len(doc), rows.shape[1]), dtype=rows.dtype) for doc in batch.docs]
    for window, offset in zip(batch.windows, batch.offsets, strict=False):
        shift = int(offset) - window.start
        own = slice(window.own_start + shift, window.own_end + shift)
        tokens = batch.words[window.doc][window.own_start : window.own_end]
        docs[window.doc][tokens] = rows[own]
    return docs
