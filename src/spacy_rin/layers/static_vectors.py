"""`spacy-rin.StaticVectors.v1`: Docs → the pipeline's word vectors, projected to one width.

It stands in the `embed` part of a tok2vec, beside others in spacy-rin.Concatenate.v1. The vectors
stay as they are; only the projection learns. They may have any width, and either mode of spaCy's:
a row for each word, or rows for parts of words (floret). `embed` looks vectors up by the same
functions.

Shapes: "words" are the tokens of all Docs of a batch; nM is the width of the vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from spacy.tokens import Doc
from spacy.vectors import BaseVectors, Mode, Vectors
from thinc.api import Linear, Model, Ops, chain, get_array_module, with_array
from thinc.types import Floats2d

from ..errors import Errors
from .finite import find_bad_vector


def build_static_vectors(width: int = 100) -> Model[list[Doc], list[Floats2d]]:
    """Construct a layer that reads the pipeline's word vectors, and learns to project them.

    A word without a vector takes that of the word in lower case, and zeros if that has none.

    width (int): Width of the output. The vectors may have another one.
    RETURNS (Model): Turns Docs into a (words, width) array each.
    """
    return chain(_look_up(), with_array(Linear(nO=width)))


def read_column(docs: Sequence[Doc], attr: str | int) -> np.ndarray:
    """Read one attribute of all tokens.

    docs (Sequence[Doc]): Any Docs.
    attr (str | int): The attribute, by its name or by spaCy's number.
    RETURNS (ndarray): (words,) hashes.
    """
    columns = [doc.to_array(attr) for doc in docs]
    return np.concatenate([np.zeros(0, dtype=np.uint64), *columns]).astype(np.uint64)


def find_vector_rows(vectors: Vectors, keys: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Find the static vector of each word as written, else of the word in lower case.

    vectors (Vectors): Vectors with a row for each word.
    keys (ndarray): (words,) hashes of the words.
    lower (ndarray): (words,) hashes of the words in lower case.
    RETURNS (ndarray): (words,) rows of static vectors, -1 for none.
    """
    written, lowered = (
        np.array(vectors.find(keys=array.tolist()).tolist(), dtype=np.int64)
        for array in (keys, lower)
    )
    return np.where(written >= 0, written, lowered)


def take_vectors(ops: Ops, vectors: Vectors, rows: np.ndarray) -> Floats2d:
    """Copy static vectors to the model's device.

    ops (Ops): The model's.
    vectors (Vectors): Vectors with a row for each word.
    rows (ndarray): (words,) rows of static vectors.
    RETURNS (Floats2d): (words, nM) vectors.
    """
    return ops.asarray2f(vectors.data[get_array_module(vectors.data).asarray(rows)])


def _look_up() -> Model[list[Doc], list[Floats2d]]:
    """Construct the layer that reads the vectors: Docs → a (words, nM) array each."""
    return Model("spacy-rin.static_vectors", _forward, init=_init, dims={"nO": None})


def _init(model: Model, X: list[Doc] | None = None, Y: object = None) -> None:
    """Remember the width of the pipeline's vectors, which is fixed from then on."""
    if X:
        vectors = X[0].vocab.vectors
        if not vectors.size:
            raise ValueError(Errors.R150)
        if word := find_bad_vector(X[0].vocab):
            raise ValueError(Errors.R190.format(word=word))
        model.set_dim("nO", vectors.shape[1], force=True)


def _forward(
    model: Model, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    lengths = model.ops.asarray1i([len(doc) for doc in docs])
    width = model.get_dim("nO")
    Y = model.ops.alloc2f(0, width)
    if lengths.sum():
        vectors = docs[0].vocab.vectors
        if vectors.shape[1] != width:
            raise ValueError(Errors.R151.format(expected=width, found=vectors.shape[1]))
        # Each word is looked up once, since floret vectors are made of their parts by a loop.
        keys = read_column(docs, getattr(vectors, "attr", "ORTH"))
        _, firsts, places = np.unique(keys, return_index=True, return_inverse=True)
        lower = read_column(docs, "LOWER")
        Y = _read(model.ops, vectors, keys[firsts], lower[firsts])[model.ops.asarray1i(places)]
    return model.ops.unflatten(Y, lengths), lambda dY: []


def _read(ops: Ops, vectors: BaseVectors, keys: np.ndarray, lower: np.ndarray) -> Floats2d:
    """Read the vectors of words: (words,) hashes of them, as written and lower → (words, nM)."""
    if not isinstance(vectors, Vectors) or vectors.mode != Mode.default:
        return ops.asarray2f(vectors.get_batch(keys.tolist()))
    rows = find_vector_rows(vectors, keys, lower)
    Y = take_vectors(ops, vectors, rows)
    Y[ops.asarray1i(np.flatnonzero(rows < 0))] = 0.0
    return Y
