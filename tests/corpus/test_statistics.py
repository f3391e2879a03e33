"""What is counted in Docs."""

from __future__ import annotations

import spacy
from toy import gold_docs

from spacy_rin.corpus.statistics import inspect_docs


def test_inspection_of_nothing() -> None:
    assert inspect_docs([])["counts"]["docs"] == 0


def test_nested_mentions_lower_what_flat_tags_can_find() -> None:
    docs = gold_docs(spacy.blank("en").vocab)
    whole = inspect_docs(docs)
    docs[0].ents = []
    assert inspect_docs(docs)["flat_tags_recall"] < whole["flat_tags_recall"] == 1.0
