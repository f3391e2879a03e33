"""Model and Docs → what the model reads and the Docs lack: tags, vectors, the output of others.

A pipeline from which a component was left out goes on without a word, and finds nothing. The
component asks here at every batch, and warns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from spacy.tokens import Doc
from thinc.api import Model

from .embed import TRAINED_WITH, TRAINED_WITHOUT, find_tables
from .listeners import find_listeners


def find_missing(model: Model, docs: Sequence[Doc]) -> Iterator[str]:
    """Find what a model reads and a batch of Docs does not have.

    model (Model): Any model, initialised.
    docs (Sequence[Doc]): The batch. At least one Doc has words.
    YIELDS (str): A sentence for each thing that is missing, with what to do.
    """
    for table in find_tables(model):
        if table.attrs["has_vectors"] and not docs[0].vocab.vectors.size:
            yield "word vectors (the vocab of the pipeline has none)"
        if (
            table.attrs["attr"] == "TAG"
            and table.attrs["keys"] is not None
            and len(table.attrs["keys"])
            and table.attrs["values_in_training"] == TRAINED_WITH
            and not any(doc.has_annotation("TAG") for doc in docs)
        ):
            yield "POS tags (no token has a `tag_`; a tagger sets them)"
    for listener in find_listeners(model):
        if any(len(doc) and not _has_output(listener, doc) for doc in docs):
            yield f"the output of {_upstream(listener)} (it did not run before)"


def has_unlearned_tags(model: Model, docs: Sequence[Doc]) -> bool:
    """Find out whether a batch has tags, and a model was trained without any.

    model (Model): Any model, initialised.
    docs (Sequence[Doc]): The batch.
    RETURNS (bool): Whether the model reads vectors of tags that are as they were at random.
    """
    return any(
        table.attrs["attr"] == "TAG"
        and table.attrs["values_in_training"] == TRAINED_WITHOUT
        and any(doc.has_annotation("TAG") for doc in docs)
        for table in find_tables(model)
    )


def note_trained(model: Model, docs: Sequence[Doc]) -> None:
    """Note whether a batch of training has tags, so that they are not missed where it had none.

    model (Model): Any model, initialised.
    docs (Sequence[Doc]): The batch that the model learns from.
    """
    for table in find_tables(model):
        if table.attrs["values_in_training"] != TRAINED_WITH:
            attr = table.attrs["attr"]
            found = any(doc.to_array(attr).any() for doc in docs)
            table.attrs["values_in_training"] = TRAINED_WITH if found else TRAINED_WITHOUT


def count_unread(model: Model, docs: Sequence[Doc]) -> int:
    """Count the words that a transformer has not read, since their text had too many word pieces.

    model (Model): Any model, initialised.
    docs (Sequence[Doc]): A batch of Docs.
    RETURNS (int): The number of words; their vectors are zeros.
    """
    if not any(_is_transformer(listener) for listener in find_listeners(model)):
        return 0
    unread = 0
    for doc in docs:
        data = doc._.trf_data
        lengths = model.ops.to_numpy(data.align.lengths) if data is not None else np.ones(len(doc))
        # Words of control characters alone have no pieces, in texts of any length.
        texts = (doc[i].text for i in np.flatnonzero(lengths == 0).tolist())
        unread += sum(any(c.isprintable() and not c.isspace() for c in text) for text in texts)
    return unread


def _has_output(listener: Model, doc: Doc) -> bool:
    """Whether the component that a listener hears has read a Doc."""
    if _is_transformer(listener):
        return doc._.trf_data is not None
    return bool(doc.tensor.size)


def _is_transformer(listener: Model) -> bool:
    return "transformer" in listener.name


def _upstream(listener: Model) -> str:
    """The name of the component that a listener hears; "*" stands for any tok2vec."""
    name = listener.upstream_name
    return "the tok2vec" if name == "*" else repr(name)
