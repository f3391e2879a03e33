"""The page of the case studies, on a small trained pipeline."""

from __future__ import annotations

from pathlib import Path

import case_studies
import pytest
from spacy.vocab import Vocab
from toy import gold_docs, rin_of, trained, write_corpus

from spacy_rin import get_relations


def test_sentence_is_read_in_its_tokens_round_by_round() -> None:
    nlp = trained()
    gold = next(doc for doc in gold_docs(nlp.vocab) if get_relations(doc))
    doc, rounds = case_studies.read_sentence(nlp, gold)
    assert [t.text_with_ws for t in doc] == [t.text_with_ws for t in gold]
    assert case_studies.say(doc) == case_studies.say(gold) != "nothing"
    rows = case_studies.rounds_table(rin_of(nlp), doc, rounds).splitlines()[2:]
    assert len(rows) == len(rounds) > 1
    last = rows[-1].split(" | ")
    for relation in get_relations(gold):
        assert f"{relation.head.text} → {relation.label} → {relation.tail.text}" in last[3]
        assert relation.label in last[2]
    assert all(ent[-1].text in last[1] for ent in gold.ents)


def test_sentence_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = write_corpus(tmp_path / "test.spacy", gold_docs(Vocab()))
    with pytest.raises(ValueError, match="Atlantis"):
        case_studies.find_sentence(path, ("Atlantis",))
