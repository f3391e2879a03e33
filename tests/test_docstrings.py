"""The examples in the docstrings of what users call."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab
from toy import trained

from spacy_rin import Relation

MODULES = (
    "arrays.batch",
    "arrays.decode",
    "arrays.tags",
    "relations",
    "pictures.notebook",
    "component.relation_extractor",
    "nn.blocks",
    "layers.encoder",
    "exchange.prodigy",
    "exchange.rel_component",
)


@pytest.mark.training
@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_docstrings(name: str) -> None:
    module = import_module(f"spacy_rin.{name}")
    # Names that the examples use without defining them. `nlp` is trained on the toy corpus.
    names = {"Doc": Doc, "Span": Span, "Vocab": Vocab, "Relation": Relation, "nlp": trained()}
    result = doctest.testmod(module, extraglobs=names)
    assert result.attempted > 0 and result.failed == 0
