"""A transformer's tokenizer → how many word pieces a text has, and how many can be read at once.

`spacy-rin.unit_spans.v1` asks here, so that it cuts units that are too long. spacy-transformers
would drop what is over the limit, and the words there would get zeros as their vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spacy.language import Language
from thinc.api import Model

from ..arrays.batch import UnitSpans


class PieceCounter:
    """Counts word pieces with the tokenizer of a transformer, which may be loaded later.

    model (Model): The layer of spacy-transformers that has the tokenizer.
    """

    def __init__(self, model: Model) -> None:
        self._model: Any = model

    def __deepcopy__(self, memo: dict[int, Any]) -> PieceCounter:
        # It is an attribute of the model's own layer. A copy of that has the same tokenizer.
        return self

    @property
    def limit(self) -> int:
        """How many pieces are read at once, with those at the start and end of each text.

        RETURNS (int): The number; 0 if the transformer is not loaded.
        """
        parts = self._model.layers[0].shims[0]._hfmodel
        if parts.tokenizer is None or parts.transformer is None:
            return 0
        most = int(parts.tokenizer.model_max_length)  # a huge number where it is not known
        return min(most, getattr(parts.transformer.config, "max_position_embeddings", most))

    def count(self, texts: Sequence[str]) -> list[int]:
        """Count the pieces of texts.

        texts (Sequence[str]): Any texts.
        RETURNS (list[int]): The pieces of each, with those at its start and end.
        """
        found = self._model.tokenizer(list(texts), verbose=False)
        return [len(pieces) for pieces in found["input_ids"]]


def connect_tokenizers(nlp: Language) -> None:
    """Let the span getters of a pipeline's transformers count word pieces.

    nlp (Language): The pipeline.
    """
    for _, pipe in nlp.components:
        model = getattr(pipe, "model", None)
        for node in model.walk() if isinstance(model, Model) else ():
            if isinstance(get_spans := node.attrs.get("get_spans"), UnitSpans):
                get_spans.pieces = PieceCounter(node)
