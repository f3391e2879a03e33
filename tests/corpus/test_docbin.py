"""What a report says of the files of a corpus."""

from __future__ import annotations

from pathlib import Path

from spacy.vocab import Vocab
from toy import COPIES, PATTERNS, gold_docs, write_corpus

from spacy_rin.corpus.docbin import describe_corpus


def test_corpus_description_changes_with_the_file(tmp_path: Path) -> None:
    docs = gold_docs(Vocab())
    whole = describe_corpus(write_corpus(tmp_path / "a.spacy", docs))
    part = describe_corpus(write_corpus(tmp_path / "b.spacy", docs[1:]))
    assert whole["docs"] == part["docs"] + 1 == COPIES * len(PATTERNS)
    assert whole["md5"] != part["md5"]
