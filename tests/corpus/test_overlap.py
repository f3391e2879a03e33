"""Overlap classes, on hand-made triples of one sentence."""

from __future__ import annotations

import pytest
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_rin import Relation
from spacy_rin.corpus.overlap import overlap_classes

SPANS = {"a": (0, 1), "b": (2, 3), "c": (4, 6), "d": (7, 8), "in_c": (5, 6)}


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], set()),
        (["a b"], {"Normal"}),
        (["a b", "c d"], {"Normal"}),
        (["a b", "a c"], {"SEO"}),
        (["a b", "c b"], {"SEO"}),
        (["a b", "b c"], {"SEO"}),
        (["a b", "a b"], {"EPO"}),
        (["a b", "b a"], {"EPO"}),
        (["a b", "a b", "a c"], {"EPO", "SEO"}),
        (["c in_c"], {"SOO"}),
        (["a a"], {"SOO"}),
        (["c in_c", "a b"], {"SOO"}),
        (["c in_c", "c b"], {"SOO", "SEO"}),
    ],
)
def test_overlap_classes(pairs: list[str], expected: set[str]) -> None:
    doc = Doc(Vocab(), words=list("abcdefgh"))
    spans = {name: Span(doc, *bounds, label="X") for name, bounds in SPANS.items()}
    relations = [
        Relation(spans[pair.split()[0]], f"r{k}", spans[pair.split()[1]])
        for k, pair in enumerate(pairs)
    ]
    assert overlap_classes(relations) == expected
