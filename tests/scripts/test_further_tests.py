"""Further test sets of CoNLL04: as raw text, and without what train has."""

from __future__ import annotations

from pathlib import Path

import spacy
from spacy.training import Corpus

from scripts.data.further_tests import main
from spacy_rin import get_relations
from spacy_rin.corpus.convert import convert

SAID = ["He", "left", "Bosnia-Herzegovina", "for", "Zagreb."]


def record(words: list[str], *triples: tuple[str, str, str]) -> dict[str, object]:
    relations = [{"head": h, "label": label, "tail": t} for h, label, t in triples]
    return {"tokens": words, "relations": relations}


def test_sets_have_the_gold_of_the_test_set(tmp_path: Path) -> None:
    known = record(["It", "rained", "."])
    moved = record(SAID, ("Bosnia-Herzegovina", "near", "Zagreb."))
    for part, rows in (("train", [known]), ("test", [moved, known])):
        convert(rows, tmp_path / "conll04" / part, format="rin")
    main(tmp_path)
    nlp = spacy.blank("en")
    (apart,) = Corpus(tmp_path / "conll04_apart" / "test")(nlp)
    assert [token.text for token in apart.predicted] == SAID
    raw, rain = Corpus(tmp_path / "conll04_raw" / "test")(nlp)
    assert [token.text for token in raw.predicted] == [t.text for t in nlp(" ".join(SAID))]
    assert [r.text for r in get_relations(raw.reference)] == ["Bosnia-Herzegovina | near | Zagreb"]
    assert get_relations(rain.reference) == []
