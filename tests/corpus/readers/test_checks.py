"""What is wrong with a record, in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from raw_records import RECORDS, lines, read

from spacy_rin.corpus.readers import Dropped, Record


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("jointer", {"tokens": None}, "field 'tokens' is missing; found tokens, pos_tags"),
        ("jointer", {"tokens": []}, "at least one token"),
        ("jointer", {"tokens": ["a", ""]}, "not empty"),
        ("jointer", {"tokens": "Ada"}, "tokens: expected a list, found 'Ada'"),
        ("jointer", {"pos_tags": ["NN"]}, "one for each of 7 tokens, found '1 of them'"),
        ("jointer", {"spo_details": [[0, 2, "a", "b", 3]]}, r"spo_details\[0\]: expected"),
        ("jointer", {"spo_details": [[0, 9, "a", "b", 3, 4, "c"]]}, "within 0 to 7, found '0, 9'"),
        ("jointer", {"spo_details": [[2, 2, "a", "b", 3, 4, "c"]]}, "start < end"),
        (
            "jointer",
            {"spo_details": [[False, 2, "a", "b", 3, 4, "c"]]},
            "whole number, found False",
        ),
        ("spert", {"entities": [{"start": 0, "end": 1}]}, "field 'type' is missing"),
        ("spert", {"relations": [{"type": "x", "head": 0, "tail": 2}]}, "tail: expected"),
        ("spert", {"relations": [{"type": "x", "head": -1, "tail": 1}]}, "head: expected"),
        ("spert", {"relations": [{"type": "", "head": 0, "tail": 1}]}, "not empty"),
        ("spert", {"relations": {}}, "relations: expected a list"),
        ("copyre", {"relationMentions": [{"em1Text": "Ada", "label": "x"}]}, "'em2Text'"),
        ("copyre", {"entityMentions": ["Ada"]}, "expected an object"),
        ("copyre", {"sentText": "  "}, "not empty"),
        ("casrel", {"triple_list": [["Ada", "x"]]}, "head text, relation, tail text"),
        ("casrel", {"triple_list": [["Ada", None, "x"]]}, "expected a text, found None"),
        ("prodigy", {"tokens": ["Ada"]}, "expected an object"),
        ("prodigy", {"relations": [{"head": 1, "child": 7, "label": "x"}]}, "child: expected"),
        ("prodigy", {"spans": [{"token_start": 6, "token_end": 7}]}, "span: expected"),
        ("rin", {"tokens": ["Ada"]}, "either 'text' or 'tokens'"),
        ("rin", {"entities": [{"start": 0, "end": 99, "label": "x"}]}, "within 0 to 32"),
        ("rin", {"relations": [{"head": 2, "label": "x", "tail": 0}]}, "place of one of 2, from 0"),
        ("rin", {"relations": [{"head": True, "label": "x", "tail": 0}]}, "found True"),
        ("rin", {"relations": [{"label": "x", "tail": 0}]}, "field 'head' is missing"),
        # what no file can hold: half of a character
        ("rin", {"entities": [{"start": 0, "end": 3, "label": "\ud800"}]}, "lone surrogates"),
        ("rin", {"entities": [{"start": 0, "end": 3, "label": " "}]}, "label: expected text"),
        ("rin", {"relations": [{"head": 0, "label": "\udc00", "tail": 1}]}, "lone surrogates"),
        ("prodigy", {"tokens": [{"text": "Ada", "tag": "\ud800"}]}, "lone surrogates"),
        (
            "prodigy",
            {"spans": [{"token_start": 0, "token_end": 0, "label": "\ud800"}]},
            "lone surrogates",
        ),
        ("prodigy", {"relations": [{"head": 1, "child": 5, "label": "\ud800"}]}, "lone surr"),
    ],
)
def test_an_error_says_what_was_expected_and_found(
    tmp_path: Path, name: str, change: dict[str, Any], message: str
) -> None:
    path = lines(tmp_path, {**RECORDS[name], **change})
    with pytest.raises(ValueError, match=message):
        read(path, name, strict=True)
    assert [row.reason for row in read(path, name) if isinstance(row, Dropped)] == ["malformed"]


def test_record_without_relations_is_no_record_without_a_triple(tmp_path: Path) -> None:
    path = tmp_path / "typo.jsonl"
    rows = [{"text": "A b.", "relation": []}, {"text": "A b.", "relations": []}]
    path.write_text("\n".join(map(json.dumps, rows)))
    first, second = read(path)
    assert isinstance(second, Record)
    assert "'relations' is missing" in str(first) and "relation" in str(first)
