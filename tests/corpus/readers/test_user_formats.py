"""What Prodigy's format and rin's own have of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from raw_records import PRODIGY, RIN, WORDS, lines, one, read

from spacy_rin.corpus.readers import Dropped, Reason, Record


def test_prodigy_spaces_answers_and_spans(tmp_path: Path) -> None:
    record = one(tmp_path, PRODIGY)
    assert record.spaces == [True, True, True, True, True, False, False]
    assert record.entities == [(0, 2, "PERSON"), (5, 6, "GPE")]
    bare = [{k: v for k, v in token.items() if k != "ws"} for token in PRODIGY["tokens"]]
    assert one(tmp_path, {**PRODIGY, "tokens": bare}).spaces == record.spaces
    path = lines(tmp_path, *({**PRODIGY, "answer": x} for x in ("reject", "accept", "ignore")))
    rows = read(path, strict=True)
    assert [row.reason for row in rows if isinstance(row, Dropped)] == [Reason.REJECTED] * 2
    assert isinstance(rows[1], Record)


def test_prodigy_is_told_by_its_interface_where_nothing_else_says_so(tmp_path: Path) -> None:
    empty = {"text": "", "tokens": [], "spans": [], "relations": [], "_view_id": "relations"}
    record = one(tmp_path, empty)
    assert (record.words, record.entities, record.triples) == ([], [], [])


def test_prodigy_relations_with_spans_of_their_own(tmp_path: Path) -> None:
    whole = {"token_start": 0, "token_end": 1, "label": "NAME"}
    relation = {"head": 1, "child": 3, "label": "x", "head_span": whole}
    record = one(tmp_path, {**PRODIGY, "spans": [], "relations": [relation]})
    assert record.triples == [((0, 2, "NAME"), "x", (3, 4, "ENTITY"))]


def test_rin_ways_to_name_a_mention(tmp_path: Path) -> None:
    ada: list[Any] = [0, "Ada Lovelace", {"start": 0, "end": 12}]
    for head in [*ada, {"start": 0, "end": 12, "label": "PERSON"}]:
        record = one(
            tmp_path, {**RIN, "relations": [{"head": head, "label": "x", "tail": "London"}]}
        )
        assert record.triples == [((0, 2, "PERSON"), "x", (5, 6, "GPE"))]
    row = {"text": RIN["text"], "relations": [{"head": "Ada", "label": "x", "tail": "London"}]}
    assert one(tmp_path, row).entities == [(0, 1, "ENTITY"), (5, 6, "ENTITY")]


def test_rin_tokens_spaces_and_tags(tmp_path: Path) -> None:
    row: dict[str, Any] = {
        "tokens": ["Ada", "'s", "cat"],
        "spaces": [False, True, False],
        "tags": ["NNP", "POS", "NN"],
        "entities": [{"start": 0, "end": 1, "label": "PERSON"}],
        "relations": [{"head": 0, "label": "owns", "tail": {"start": 2, "end": 3, "label": "PET"}}],
    }
    record = one(tmp_path, row)
    assert record.spaces == row["spaces"] and record.tags == row["tags"]
    assert record.triples == [((0, 1, "PERSON"), "owns", (2, 3, "PET"))]
    with pytest.raises(ValueError, match="one for each of 3 tokens"):
        one(tmp_path, {**row, "spaces": [True]})


def test_rin_offsets_inside_a_token(tmp_path: Path) -> None:
    entities = [{"start": 1, "end": 12, "label": "PERSON"}, RIN["entities"][1]]
    record = one(tmp_path, {**RIN, "entities": entities}, alignment="strict")
    assert record.entities == [(5, 6, "GPE")] and record.triples == [] and record.unplaced == 1
    assert [dropped[:2] for dropped in record.dropped] == [
        (Reason.MENTION_NOT_FOUND, "da Lovelace"),
        (Reason.MENTION_NOT_FOUND, "da Lovelace | birthPlace | London"),
    ]


def test_prodigy_tokens_without_offsets_have_unknown_spaces(tmp_path: Path) -> None:
    row = {"tokens": [{"text": word} for word in WORDS], "relations": []}
    assert one(tmp_path, row, "prodigy").spaces is None
