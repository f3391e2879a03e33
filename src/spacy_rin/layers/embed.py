"""`spacy-rin.WordTagEmbed.v1`: Docs → one vector a word, from a table of words and one of POS tags.

It is the `embed` part of the paper's tok2vec; the encoder reads its output. The tables hold the
words and tags of the training data. `TableCounts` counts them while the component reads that data
to initialise itself. They are saved with the model.

Row 0 of each table is for whatever the table does not hold. In the word table, rare words are
dropped at random to train this row: with probability α / (α + count), after Kiperwasser & Goldberg
(2016).

If the pipeline has word vectors, they initialise the word table. A word that the table lacks then
takes its static vector, in training (when it is dropped) as in prediction.

Shapes: "words" are the tokens of a Doc or of all Docs of a batch; "rows" are those of a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vectors import Mode
from thinc.api import Dropout, Model, chain, concatenate
from thinc.types import Floats2d

from ..errors import Errors
from .finite import find_bad_vector
from .static_vectors import find_vector_rows, read_column, take_vectors

# The row for whatever a table does not hold.
UNKNOWN = 0
# Whether the Docs of training had values for a table, such as tags. Pipelines that were saved by
# earlier versions do not say: then they had.
UNTRAINED, TRAINED_WITHOUT, TRAINED_WITH = "untrained", "without", "with"
# The name of a table's layer, by which it is found in a model.
_TABLE = "spacy-rin.table"


def build_word_tag_embed(
    word_width: int = 100, tag_width: int = 10, word_dropout: float = 0.25
) -> Model[list[Doc], list[Floats2d]]:
    """Construct the paper's input layer (section 4.1): word vector ⊕ POS embedding, then dropout.

    The rate of the dropout is that of training: `[training] dropout`.

    word_width (int): Width of the word vectors. If the pipeline has vectors, it must be theirs.
    tag_width (int): Width of the POS (`token.tag_`) embedding; 0 for "w/o POS".
    word_dropout (float): α: a word is dropped with probability α / (α + count); 0 for never.
    RETURNS (Model): Turns Docs into a (words, word_width + tag_width) array each.
    """
    table = _table("ORTH", word_width, word_dropout, use_vectors=True)
    if tag_width:
        table = concatenate(table, _table("TAG", tag_width, 0.0, use_vectors=False))
    embed: Model[list[Doc], list[Floats2d]] = chain(table, Dropout())
    embed.set_dim("nO", word_width + tag_width)
    return embed


def build_concatenate(
    *layers: Model[list[Doc], list[Floats2d]],
) -> Model[list[Doc], list[Floats2d]]:
    """Put the outputs of several layers side by side, as thinc's `concatenate` does.

    thinc's fails on empty Docs, for which a transformer's listener returns arrays without columns.

    layers (Model): Layers that turn Docs into a (words, width) array each.
    RETURNS (Model): Turns Docs into a (words, sum of the widths) array each.
    """
    return concatenate(*(_with_columns(layer) for layer in layers))


class TableCounts:
    """Counts the words and tags of training data for the tables inside a model.

    model (Model): Any model, with any number of tables.
    """

    def __init__(self, model: Model) -> None:
        self.tables = find_tables(model)
        self._counts: list[Counter[int]] = [Counter() for _ in self.tables]

    def add(self, eg: Example) -> None:
        """Count the words of an Example's predicted Doc and the tags of its gold Doc.

        eg (Example): An Example of the training data.
        """
        for table, counts in zip(self.tables, self._counts, strict=True):
            attr = table.attrs["attr"]
            doc = eg.reference if attr == "TAG" else eg.predicted
            counts.update(read_column([doc], attr).tolist())

    def build(self, tags: Iterable[int] = ()) -> None:
        """Tell each table its rows, one for each word or tag that was counted.

        tags (Iterable[int]): Hashes of further tags, which get a row without being counted.
        """
        further = dict.fromkeys(tags, 1)
        for table, counts in zip(self.tables, self._counts, strict=True):
            if table.attrs["attr"] == "TAG":
                counts.update(further)
            # A token without a tag has the empty one, hash 0. It gets no row and stays unknown.
            known = np.array(sorted(key for key in counts if key), dtype=np.uint64)
            table.attrs["keys"] = known
            table.attrs["counts"] = np.array([counts[int(key)] for key in known], dtype=np.int64)


def find_tables(model: Model) -> list[Model]:
    """Find the tables inside a model, which need rows before they are initialised.

    model (Model): Any model.
    RETURNS (list[Model]): Its tables of words and of tags.
    """
    return [node for node in model.walk() if node.name == _TABLE]


def _table(attr: str, width: int, word_dropout: float, use_vectors: bool) -> Model:
    """Construct a table for one attribute of tokens, "ORTH" or "TAG"; `TableCounts` fills it."""
    return Model(
        _TABLE,
        _forward,
        init=_init,
        dims={"nO": width},
        params={"E": None},
        # `keys` are sorted hashes, so that the rows of a whole batch are found at once.
        attrs={
            "attr": attr,
            "word_dropout": word_dropout,
            "use_vectors": use_vectors,
            "has_vectors": False,
            "values_in_training": TRAINED_WITH,
            "keys": None,
            "counts": None,
        },
    )


def _init(model: Model, X: list[Doc] | None = None, Y: object = None) -> None:
    """Make the rows of a table at random. The row of a word with a vector starts from that.

    X (list[Doc]): A sample of Docs. Their vocab has the pipeline's vectors.
    RAISES (ValueError): If the table was not told its rows, or if the vectors do not fit.
    """
    model.attrs["values_in_training"] = UNTRAINED
    if model.attrs["keys"] is None:
        raise ValueError(Errors.R020.format(attr=model.attrs["attr"]))
    ops = model.ops
    # N(0, 1), as in torch's nn.Embedding. thinc's normal_init uses its mean as the scale, and
    # returns zeros.
    shape = (len(model.attrs["keys"]) + 1, model.get_dim("nO"))
    table = ops.asarray2f(np.random.normal(size=shape).astype("float32"))
    vectors = X[0].vocab.vectors if X else None
    has_vectors = vectors is not None and vectors.size > 0
    model.attrs["has_vectors"] = model.attrs["use_vectors"] and has_vectors
    if X and vectors is not None and model.attrs["has_vectors"]:
        if word := find_bad_vector(X[0].vocab):
            raise ValueError(Errors.R190.format(word=word))
        if vectors.mode != Mode.default:
            raise ValueError(Errors.R022.format(mode=vectors.mode))
        if vectors.shape[1] != table.shape[1]:
            raise ValueError(Errors.R021.format(expected=table.shape[1], found=vectors.shape[1]))
        strings = X[0].vocab.strings
        lower = [strings.add(strings[int(key)].lower()) for key in model.attrs["keys"]]
        found = find_vector_rows(vectors, model.attrs["keys"], np.array(lower, dtype=np.uint64))
        rows = np.flatnonzero(found >= 0)
        table[ops.asarray1i(rows + 1)] = take_vectors(ops, vectors, found[rows])
    model.set_param("E", table)


def _forward(
    model: Model, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    """Look up the vector of each word: its row of the table, or else its static vector."""
    ops = model.ops
    lengths = ops.asarray1i([len(doc) for doc in docs])
    keys = read_column(docs, model.attrs["attr"])
    rows = _find_rows(model.attrs["keys"], keys)
    if is_train and model.attrs["word_dropout"]:
        rows = _drop_rare(rows, model.attrs["counts"], model.attrs["word_dropout"])
    ids = ops.asarray1i(rows)
    table = model.get_param("E")  # (rows, width)
    Y = table[ids]  # (words, width)
    static = ops.asarray1i([])  # words that take a static vector
    if docs and model.attrs["has_vectors"] and (vectors := docs[0].vocab.vectors).size:
        unknown = np.flatnonzero(rows == UNKNOWN)
        found = find_vector_rows(vectors, keys[unknown], read_column(docs, "LOWER")[unknown])
        static = ops.asarray1i(unknown[found >= 0])
        Y[static] = take_vectors(ops, vectors, found[found >= 0])

    def backprop(dYs: list[Floats2d]) -> list[Doc]:
        dY = ops.flatten(dYs)
        dY[static] = 0.0  # Static vectors are not trained.
        d_table = ops.alloc2f(*table.shape)
        ops.scatter_add(d_table, ids, dY)
        model.inc_grad("E", d_table)
        return []

    return ops.unflatten(Y, lengths), backprop


def _find_rows(known: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Find the row of each key: (words,) hashes → (words,) rows.

    `known` is sorted. Its key at place k has row k + 1, since row 0 is for unknown ones.
    """
    if not len(known):
        return np.full(len(keys), UNKNOWN)
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[places] == keys, places + 1, UNKNOWN)


def _drop_rare(rows: np.ndarray, counts: np.ndarray, alpha: float) -> np.ndarray:
    """Replace rows by that for unknown words, at random: the rarer a word, the more often."""
    probabilities = alpha / (alpha + np.concatenate([[1], counts])[rows])
    return np.where(np.random.random(len(rows)) < probabilities, UNKNOWN, rows)


def _with_columns(layer: Model[list[Doc], list[Floats2d]]) -> Model[list[Doc], list[Floats2d]]:
    """Wrap a layer so that arrays of empty Docs have as many columns as the others."""
    return Model("with_columns", _forward_columns, init=_init_columns, layers=[layer])


def _forward_columns(
    model: Model, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    Y, backprop = model.layers[0](docs, is_train)
    width = max((y.shape[1] for y in Y), default=0)
    return [y if len(y) else model.ops.alloc2f(0, width) for y in Y], backprop


def _init_columns(model: Model, X: list[Doc] | None = None, Y: object = None) -> None:
    model.layers[0].initialize(X=X)
