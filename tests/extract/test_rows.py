"""Rows of triples: offsets, and the sentence around both ends."""

from __future__ import annotations

import pytest
import spacy
from toy import trained, triples

from spacy_rin import Relation
from spacy_rin.extract.rows import to_rows


@pytest.mark.training
def test_offsets_and_sentences_are_slices_of_the_text() -> None:
    nlp = trained()
    nlp.add_pipe("sentencizer", first=True)
    text = "  It rained all day . \n Ada Lovelace was born in New York . Plato works for Hooli .\n"
    doc = nlp(text)
    rows = to_rows(doc)
    assert len(rows) == len(triples(doc)) >= 2
    for row in rows:
        for side in ("head", "tail"):
            assert text[row[f"{side}_start"] : row[f"{side}_end"]] == row[side]
        start = row["sentence_start"]
        assert text[start:].startswith(row["sentence"])
        assert start <= row["head_start"] < start + len(row["sentence"])
        assert row["sentence"].count(".") == 1


def test_row_of_a_triple_across_sentences_has_both() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    doc = nlp("Plato . He was born in Athens . It rained .")
    doc._.relations = [Relation(doc[6:7], "birthplace_of", doc[0:1])]
    (row,) = to_rows(doc)
    assert row["sentence"] == "Plato . He was born in Athens ."
    assert (row["head"], row["tail"], row["sentence_start"]) == ("Athens", "Plato", 0)


@pytest.mark.parametrize("splits", [False, True])
def test_row_of_a_long_text_has_the_words_around_both_ends(splits: bool) -> None:
    nlp = spacy.blank("en")
    if splits:
        nlp.add_pipe("sentencizer")
    doc = nlp(" ".join(["um"] * 300 + ["Plato", "of", "Athens"] + ["um"] * 300))
    plato, athens = doc[300:301], doc[302:303]
    doc._.relations = [Relation(plato, "from", athens), Relation(doc[:1], "far_from", athens)]
    near, far = sorted(to_rows(doc), key=lambda row: len(row["sentence"]))
    assert near["sentence"].split() == doc[202:402].text.split()[: len(near["sentence"].split())]
    assert 190 <= len(near["sentence"].split()) <= 200
    assert far["sentence"] == doc[:303].text  # both ends, however far
    for row in (near, far):
        start = row["sentence_start"]
        assert doc.text[start:].startswith(row["sentence"])
        assert start <= row["head_start"] < row["tail_end"] <= start + len(row["sentence"])
