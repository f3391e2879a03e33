"""What a record makes of the mentions and labels that a reader gives it."""

from __future__ import annotations

import pytest

from spacy_rin.corpus.readers.records import Mention, Reason, Record

WORDS = ["Ada", "lives", "in", "York"]


@pytest.mark.parametrize("spaced", [" lives_in", "lives_in ", "\tlives_in\n"])
def test_spaces_around_a_relation_do_not_make_another(spaced: str) -> None:
    record = Record(WORDS)
    for label in ("lives_in", spaced):
        record.add_triple(Mention(0, 1, "PER"), label, Mention(3, 4, "LOC"), "example")
    assert [triple.label for triple in record.triples] == ["lives_in"]
    assert record.dropped[0].reason is Reason.DUPLICATE


def test_spaces_around_the_label_of_an_entity_do_not_make_another() -> None:
    record = Record(WORDS)
    record.add_entity(Mention(0, 1, " PER "))
    record.add_triple(Mention(0, 1, "PER"), "lives_in", Mention(3, 4, "LOC "), "example")
    assert [entity.label for entity in record.entities] == ["PER", "LOC"]
    assert [record.triples[0].head.label, record.triples[0].tail.label] == ["PER", "LOC"]


def test_relation_of_spaces_alone_is_none() -> None:
    record = Record(WORDS)
    record.add_triple(Mention(0, 1, "PER"), "  ", Mention(3, 4, "LOC"), "example")
    assert not record.triples and record.unplaced == 1
