"""`spacy-rin.CharacterCNN.v1`: Docs → what each word's characters say of it.

It stands in the `embed` part of a tok2vec, beside others in spacy-rin.Concatenate.v1. A new name is
read by its endings and by its shape, which whole words and their vectors do not show. After Ma &
Hovy (2016): character vectors, a convolution over them, and its maximum over the word.

Shapes: "words" are the tokens of all Docs of a batch; each different word of them is read once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from spacy.tokens import Doc
from thinc.api import (
    HashEmbed,
    Model,
    Ragged,
    Relu,
    chain,
    expand_window,
    reduce_max,
    with_array,
)
from thinc.types import Floats2d

from .static_vectors import read_column

# Control characters that stand for the begin and the end of a word.
_BEGIN, _END = "\x02", "\x03"
# Characters that are read of a word: half from its begin, half from its end.
_LONGEST = 40


def build_character_cnn(
    width: int = 50, char_width: int = 30, rows: int = 1000, window: int = 1
) -> Model[list[Doc], list[Floats2d]]:
    """Construct a layer that reads words by their characters.

    width (int): Number of filters, the width of the output.
    char_width (int): Width of a character's vector.
    rows (int): Rows of the hashed table of characters, which holds those of any script.
    window (int): Characters that a filter sees on each side of the one in its middle.
    RETURNS (Model): Turns Docs into a (words, width) array each.
    """
    read_word: Model[list[str], Floats2d] = chain(
        _spell(),
        # With a seed of its own, since thinc would make one of the number of models so far.
        with_array(HashEmbed(char_width, rows, seed=0)),
        expand_window(window),
        with_array(Relu(width, char_width * (2 * window + 1), normalize=False)),
        reduce_max(),
    )
    return Model(
        "spacy-rin.characters", _forward, init=_init, layers=[read_word], dims={"nO": width}
    )


def _init(model: Model, X: list[Doc] | None = None, Y: object = None) -> None:
    model.layers[0].initialize(X=["a"])


def _forward(
    model: Model, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    """Read each different word once, and copy what it says to all its places."""
    ops = model.ops
    lengths = ops.asarray1i([len(doc) for doc in docs])
    keys, places = np.unique(read_column(docs, "ORTH"), return_inverse=True)
    if not len(keys):
        return ops.unflatten(ops.alloc2f(0, model.get_dim("nO")), lengths), lambda dY: []
    strings = docs[0].vocab.strings
    Y, backprop_words = model.layers[0]([strings[int(key)] for key in keys], is_train)
    ids = ops.asarray1i(places)

    def backprop(dYs: list[Floats2d]) -> list[Doc]:
        d_words = ops.alloc2f(*Y.shape)
        ops.scatter_add(d_words, ids, ops.flatten(dYs))
        backprop_words(d_words)
        return []

    return ops.unflatten(Y[ids], lengths), backprop


def _spell() -> Model[list[str], Ragged]:
    """Construct the layer that spells words: words → the code points of each, with its ends."""
    return Model("spacy-rin.spell", _forward_spell)


def _forward_spell(
    model: Model, words: list[str], is_train: bool
) -> tuple[Ragged, Callable[[Ragged], list[str]]]:
    half = _LONGEST // 2
    cut = [word if len(word) <= _LONGEST else word[:half] + word[-half:] for word in words]
    spelled = [f"{_BEGIN}{word}{_END}" for word in cut]
    # A lone surrogate is a code point like any other.
    points = np.frombuffer("".join(spelled).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    lengths = model.ops.asarray1i([len(word) for word in spelled])
    return Ragged(model.ops.asarray(points.astype("uint64")), lengths), lambda dY: []
