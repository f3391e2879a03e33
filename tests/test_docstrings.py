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
    "relations",
    "pictures.notebook",
    "component",
    "nn.blocks",
    "layers.encoder",
    "exchange.prodigy",
    "exchange.rel_component",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_docstrings(name: str) -> None:
    module = import_module(f"spacy_rin.{name}")
    # what the examples take for granted: `nlp` is a pipeline that has learned the toy corpus
    names = {"Doc": Doc, "Span": Span, "Vocab": Vocab, "Relation": Relation, "nlp": trained()}
    result = doctest.testmod(module, extraglobs=names)
    assert result.attempted > 0 and result.failed == 0
