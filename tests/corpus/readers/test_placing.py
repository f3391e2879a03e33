"""Where mentions stand in the words, and what is dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from raw_records import CASREL, COPYRE, JOINTER, RIN, SPERT, lines, one, read, reasons, texts

from spacy_rin.corpus.readers import Reason


@pytest.mark.parametrize(
    "row",
    [
        {
            "sentText": "York , New York , New York",
            "entityMentions": [
                {"text": "New York", "label": "CITY"},
                {"text": "New York", "label": "STATE"},
                {"text": "New York", "label": "STATE"},
                {"text": "York", "label": "CITY"},
            ],
            "relationMentions": [{"em1Text": "New York", "em2Text": "York", "label": "x"}],
        }
    ],
)
def test_repeated_mentions(tmp_path: Path, row: dict[str, Any]) -> None:
    record = one(tmp_path, row)
    assert record.entities == [(2, 4, "CITY"), (5, 7, "STATE"), (0, 1, "CITY")]
    assert record.triples == [((2, 4, "CITY"), "x", (0, 1, "CITY"))]
    # Three are listed, two stand in the words; an entity is no triple, so none is unplaced.
    assert reasons(record) == [Reason.MENTION_NOT_FOUND] and record.unplaced == 0
    assert record.dropped[0].example == "New York"


def test_first_occurrence_in_casrel_and_rin(tmp_path: Path) -> None:
    text = "London , London , Ontario"
    for format, row in (
        ("casrel", {"text": text, "triple_list": [["London", "in", "Ontario"]]}),
        (
            "rin",
            {"text": text, "relations": [{"head": "London", "label": "in", "tail": "Ontario"}]},
        ),
        (
            "rin",
            {
                "tokens": text.split(),
                "relations": [{"head": "London", "label": "in", "tail": "Ontario"}],
            },
        ),
    ):
        assert one(tmp_path, row, format).triples == [((0, 1, "ENTITY"), "in", (4, 5, "ENTITY"))]


def test_mentions_that_are_missing_are_counted_once(tmp_path: Path) -> None:
    relation = {"em1Text": "Ada Byron", "em2Text": "London", "label": "x"}
    record = one(tmp_path, {**COPYRE, "relationMentions": [relation, relation]})
    assert record.triples == [] and record.unplaced == 1
    assert reasons(record) == [Reason.MENTION_NOT_FOUND, Reason.DUPLICATE]
    assert record.dropped[0].example == "Ada Byron | x | London"
    casrel = one(tmp_path, {**CASREL, "triple_list": [["Ada", "x", "Londo"], ["Ada", "x", "in"]]})
    assert casrel.unplaced == 1 and texts(casrel) == [("Ada", "x", "in")]


def test_duplicate_triples_and_mentions(tmp_path: Path) -> None:
    spo = JOINTER["spo_details"][0]
    record = one(tmp_path, {**JOINTER, "spo_details": [spo, spo, [*spo[:3], "other", *spo[4:]]]})
    assert [label for _, label, _ in record.triples] == ["birthPlace", "other"]
    assert reasons(record) == [Reason.DUPLICATE] and len(record.entities) == 2
    spert = one(tmp_path, {**SPERT, "entities": SPERT["entities"] * 2})
    assert len(spert.entities) == 2 and spert.dropped == []


def test_nested_and_self_related_mentions(tmp_path: Path) -> None:
    spo = [[0, 3, "a", "in", 0, 2, "b"], [0, 2, "b", "is", 0, 2, "b"]]
    row = {"tokens": ["New", "York", "City"], "spo_details": spo}
    record = one(tmp_path, row)
    assert record.entities == [(0, 3, "a"), (0, 2, "b")]
    assert len(record.triples) == 2 and record.dropped == []


def test_accents_match_only_when_nothing_else_does(tmp_path: Path) -> None:
    row = {
        "sentText": "Bogota and São Paulo and Sao Paulo",
        "entityMentions": [{"text": "Bogota", "label": "CITY"}],
        "relationMentions": [
            {"em1Text": "Bogotá", "em2Text": "Sao Paulo", "label": "x"},
            {"em1Text": "São Paulo", "em2Text": "BOGOTÁ", "label": "x"},
        ],
    }
    record = one(tmp_path, row)
    assert record.triples == [((0, 1, "CITY"), "x", (5, 7, "ENTITY"))]
    assert reasons(record) == [Reason.MENTION_NOT_FOUND]


@pytest.mark.parametrize("mention", ["Bogota", "Bogot\u00e1", "Bogota\u0301", " Bogot\u00e1 "])
@pytest.mark.parametrize("written", ["Bogota", "Bogot\u00e1", "Bogota\u0301"])
def test_accents_and_spaces_of_mentions_in_raw_text(
    tmp_path: Path, written: str, mention: str
) -> None:
    # spaCy leaves a full stop on a word that ends with a combining accent
    text = f"Ada  Lovelace never saw {written} ."
    row = {"text": text, "relations": [{"head": "Ada Lovelace", "label": "x", "tail": mention}]}
    assert texts(one(tmp_path, row)) == [("Ada   Lovelace", "x", written)]


def test_unicode_mentions(tmp_path: Path) -> None:
    text = "東京 𝔸da 👩‍💻 Zürich ."
    triples = [["👩‍💻", "x", "Zürich"], ["東京", "y", "𝔸da"]]
    record = one(tmp_path, {"text": text, "triple_list": triples}, "casrel")
    assert texts(record) == [("👩‍💻", "x", "Zürich"), ("東京", "y", "𝔸da")]
    text = "Jörg 🙂 lives in Zürich."
    row = {"text": text, "relations": [{"head": "🙂", "label": "x", "tail": "Zürich"}]}
    assert texts(one(tmp_path, row)) == [("🙂", "x", "Zürich")]


def test_escapes_are_undone_in_words_and_mentions(tmp_path: Path) -> None:
    text = r"`` A -LRB- B -RRB- '' 9\/11 \* -LSB- -RSB- -LCB- -RCB- ' it''s --"
    plain = ['"', *"A(B)", '"', "9/11", *"*[]{}", "'", "it''s", "--"]
    relation = {"em1Text": "A -LRB- B -RRB-", "em2Text": r"9\/11", "label": "x"}
    record = one(tmp_path, {"sentText": text, "relationMentions": [relation]})
    assert record.words == plain and texts(record) == [("A ( B )", "x", "9/11")]
    unescaped = {**relation, "em1Text": "A ( B )", "em2Text": "9/11"}
    assert one(tmp_path, {"sentText": text, "relationMentions": [unescaped]}) == record
    casrel = {"text": text + " .", "triple_list": [["A ( B )", "x", r"9\/11"]]}
    assert texts(one(tmp_path, casrel)) == [("A ( B )", "x", "9/11")]
    for row in (
        {"tokens": text.split(), "spo_details": []},
        {"sentText": text.split(), "relationMentions": []},
    ):
        assert one(tmp_path, row).words == plain
    rin = {"tokens": text.split(), "relations": [{"head": "-LRB-", "label": "x", "tail": "''"}]}
    assert texts(one(tmp_path, rin)) == [("-LRB-", "x", "''")]


def test_a_language_spacy_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no language 'qq'"):
        read(lines(tmp_path, RIN), lang="qq")
    assert len(read(lines(tmp_path, JOINTER), lang="qq")) == 1


def test_a_language_whose_tokenizer_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blank(lang: str) -> None:
        raise ImportError("The Japanese tokenizer requires SudachiPy")

    monkeypatch.setattr("spacy.blank", blank)
    with pytest.raises(ValueError, match=r"'ja'.*requires SudachiPy"):
        read(lines(tmp_path, RIN), lang="ja")


def test_only_accents_are_folded(tmp_path: Path) -> None:
    row = {"text": "It is 10² m .", "relations": [{"head": "It", "label": "x", "tail": "102"}]}
    assert reasons(one(tmp_path, row)) == [Reason.MENTION_NOT_FOUND]
