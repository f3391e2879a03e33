"""What a report says of the files of a corpus."""

from __future__ import annotations

from pathlib import Path

import pytest
from spacy.language import Language
from toy import COPIES, PATTERNS, gold_docs, trained, write_corpus

from spacy_rin.corpus.docbin import describe_corpus


@pytest.fixture(scope="module")
def nlp() -> Language:
    return trained()


def test_corpus_description_changes_with_the_file(nlp: Language, tmp_path: Path) -> None:
    docs = gold_docs(nlp.vocab)
    whole = describe_corpus(write_corpus(tmp_path / "a.spacy", docs))
    part = describe_corpus(write_corpus(tmp_path / "b.spacy", docs[1:]))
    assert whole["docs"] == part["docs"] + 1 == COPIES * len(PATTERNS)
    assert whole["md5"] != part["md5"]
