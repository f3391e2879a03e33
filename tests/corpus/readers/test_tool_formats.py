"""Exports of Label Studio and doccano. The structures are those of public exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from raw_records import lines, one, read, reasons, texts

from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.readers import Dropped, Reason, Record, detect_format

TEXT = "Ada Lovelace was born in London."


def region(name: str, start: int, end: int, label: str, text: str = TEXT) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": text[start:end], "labels": [label]}
    return {"value": value, "id": name, "from_name": "label", "to_name": "text", "type": "labels"}


def link(head: str, tail: str, *labels: str, **more: Any) -> dict[str, Any]:
    fields = {"from_id": head, "to_id": tail, "type": "relation", "direction": "right"}
    return {**fields, **({"labels": list(labels)} if labels else {}), **more}


def task(result: list[Any], text: str = TEXT, **more: Any) -> dict[str, Any]:
    answer = {"id": 7, "completed_by": 1, "was_cancelled": False, "ground_truth": False}
    answer |= {"result": result, "updated_at": "2024-01-02T00:00:00Z"}
    return {"id": 1, "annotations": [answer], "data": {"text": text}, "predictions": [], **more}


REGIONS = [region("a", 0, 12, "PER"), region("b", 25, 31, "LOC")]


def test_regions_and_relations_stand_in_one_list(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([task([*REGIONS, link("a", "b", "born_in")])], indent=1))
    assert detect_format(path) == "label_studio"
    [record] = read(path)
    assert isinstance(record, Record)
    assert record.entities == [(0, 2, "PER"), (5, 6, "LOC")]
    assert texts(record) == [("Ada Lovelace", "born_in", "London")] and record.dropped == []


@pytest.mark.parametrize(
    ("direction", "found"),
    [
        ("right", [("Ada Lovelace", "x", "London")]),
        ("left", [("London", "x", "Ada Lovelace")]),
        ("bi", [("Ada Lovelace", "x", "London"), ("London", "x", "Ada Lovelace")]),
        (None, [("Ada Lovelace", "x", "London")]),
    ],
)
def test_direction(tmp_path: Path, direction: str, found: list[tuple[str, str, str]]) -> None:
    row = task([*REGIONS, link("a", "b", "x", direction=direction)])
    assert texts(one(tmp_path, row)) == found


def test_relations_with_several_labels_or_none(tmp_path: Path) -> None:
    record = one(tmp_path, task([*REGIONS, link("a", "b", "x", "y"), link("b", "a")]))
    assert [label for _, label, _ in record.triples] == ["x", "y"]
    assert reasons(record) == [Reason.UNKNOWN_LABEL] and record.unplaced == 1


def test_a_relation_of_what_is_no_region_is_counted(tmp_path: Path) -> None:
    record = one(tmp_path, task([*REGIONS, link("a", "gone", "x")]))
    assert reasons(record) == [Reason.MENTION_NOT_FOUND] and record.unplaced == 1
    assert record.dropped[0].example == "Ada Lovelace | x | id gone"


def test_of_several_annotators_one_is_taken(tmp_path: Path) -> None:
    row = task([REGIONS[0]])
    first = row["annotations"][0]
    late = {**first, "id": 8, "result": REGIONS, "updated_at": "2024-05-01T00:00:00Z"}
    cancelled = {**late, "id": 9, "was_cancelled": True, "updated_at": "2025-01-01T00:00:00Z"}
    record = one(tmp_path, {**row, "annotations": [late, first, cancelled]})
    assert len(record.entities) == 2 and reasons(record) == [Reason.OTHER_ANNOTATION]
    assert record.dropped[0].example == "annotation 7"
    truth = {**first, "ground_truth": True}
    assert len(one(tmp_path, {**row, "annotations": [late, truth]}).entities) == 1


@pytest.mark.parametrize(("annotations", "reason"), [([], "not annotated"), (None, "cancelled")])
def test_tasks_without_an_answer_are_rejected(
    tmp_path: Path, annotations: list[Any] | None, reason: str
) -> None:
    row = task(REGIONS)
    row["annotations"][0]["was_cancelled"] = True
    path = lines(tmp_path, row | ({"annotations": []} if annotations is not None else {}))
    [dropped] = read(path)
    assert isinstance(dropped, Dropped)
    assert dropped[:2] == (Reason.REJECTED, reason)


def test_old_exports_have_completions(tmp_path: Path) -> None:
    row = task([*REGIONS, link("a", "b", "x")])
    row["completions"] = row.pop("annotations")
    assert texts(one(tmp_path, row)) == [("Ada Lovelace", "x", "London")]


def test_the_text_is_the_one_that_holds_the_regions(tmp_path: Path) -> None:
    row = task([*REGIONS, link("a", "b", "x")])
    row["data"] = {
        "title": "A long title " * 9,
        "Full_Text": TEXT,
        "n": 3,
        "text": "Something else",
    }
    assert texts(one(tmp_path, row)) == [("Ada Lovelace", "x", "London")]


EMOJI = "👨‍👩‍👧 Ada Lovelace 😀 was born in London."


@pytest.mark.parametrize("utf16", [False, True])
def test_emoji_count_once_or_twice(tmp_path: Path, utf16: bool) -> None:
    def units(text: str) -> int:
        return len(text.encode("utf-16-le")) // 2 if utf16 else len(text)

    result: list[Any] = []
    for name, mention in (("a", "Ada Lovelace"), ("b", "London")):
        start = units(EMOJI[: EMOJI.index(mention)])
        value = {"start": start, "end": start + units(mention), "text": mention, "labels": ["X"]}
        result.append({"value": value, "id": name, "type": "labels"})
    record = one(tmp_path, task([*result, link("a", "b", "x")], EMOJI))
    assert texts(record) == [("Ada Lovelace", "x", "London")] and record.dropped == []
    entities = [
        {
            "id": i,
            "label": "X",
            "start_offset": r["value"]["start"],
            "end_offset": r["value"]["end"],
        }
        for i, r in enumerate(result)
    ]
    relations = [{"id": 0, "from_id": 0, "to_id": 1, "type": "x"}]
    doccano = one(tmp_path, {"text": EMOJI, "entities": entities, "relations": relations})
    assert texts(doccano) == [("Ada Lovelace", "x", "London")] and doccano.notes == {}


def test_line_breaks_of_two_characters_counted_once(tmp_path: Path) -> None:
    text = "It rained.\r\nAda left.\r\nRome stayed."
    shown = text.replace("\r\n", "\n")
    result = [
        region("a", shown.index("Ada"), shown.index("Ada") + 3, "X", shown),
        region("b", shown.index("Rome"), shown.index("Rome") + 4, "X", shown),
    ]
    record = one(tmp_path, task([*result, link("a", "b", "x")], text))
    assert texts(record) == [("Ada", "x", "Rome")] and record.dropped == []


def test_a_region_whose_text_is_elsewhere_is_counted(tmp_path: Path) -> None:
    wrong = region("a", 0, 12, "PER")
    wrong["value"]["text"] = "Somebody else"
    record = one(tmp_path, task([wrong, REGIONS[1], link("a", "b", "x")]))
    assert reasons(record) == [Reason.UNALIGNED] * 2 and record.unplaced == 1


def test_nested_repeated_and_rated_regions(tmp_path: Path) -> None:
    text = "New York City and New York"
    both = region("a", 0, 13, "CITY", text)
    both["value"]["labels"] = ["CITY", "PLACE"]
    rated = {**both, "type": "choices", "from_name": "sure"}
    rated["value"] = {**both["value"], "choices": ["yes"]}
    result = [rated, both, region("b", 0, 8, "STATE", text), region("c", 18, 26, "STATE", text)]
    record = one(tmp_path, task([*result, link("a", "b", "x"), link("a", "c", "x")], text))
    assert [mention.label for mention in record.entities] == ["CITY", "PLACE", "STATE", "STATE"]
    assert [tail.start for _, _, tail in record.triples] == [0, 4]


def test_pages_are_malformed_with_the_reason(tmp_path: Path) -> None:
    html = {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "startOffset": 0, "endOffset": 3}
    row = task([{"value": {**html, "labels": ["X"]}, "id": "a", "type": "hypertextlabels"}])
    with pytest.raises(ValueError, match="characters of a plain text"):
        read(lines(tmp_path, row), strict=True)


def test_counts_equal_an_independent_parse(tmp_path: Path) -> None:
    rows = []
    for number in range(60):
        result: list[Any] = [*REGIONS, link("a", "b", "born_in")]
        result += [link("b", "a", "has", direction="left")] * (number % 3 == 0)
        result += [region("c", 0, 3, "PER")] * (number % 4 == 0)
        rows.append(task(result))
        rows[-1]["annotations"][0]["was_cancelled"] = number % 10 == 0
    report = convert(lines(tmp_path, *rows), tmp_path / "out.spacy")
    entities = triples = docs = 0
    for row in rows:
        for answer in row["annotations"]:
            if not answer["was_cancelled"]:
                docs += 1
                entities += sum(item["type"] == "labels" for item in answer["result"])
                triples += sum(item["type"] == "relation" for item in answer["result"])
    assert (report.docs, report.triples) == (docs, triples)
    assert report.entities + report.noted[Reason.OVERLAPPING] == entities
    assert report.dropped == {Reason.REJECTED: len(rows) - docs}


# doccano


def doccano(**more: Any) -> dict[str, Any]:
    entities = [
        {"id": 11, "label": "PER", "start_offset": 0, "end_offset": 12},
        {"id": 12, "label": "LOC", "start_offset": 25, "end_offset": 31},
    ]
    relations = [{"id": 3, "from_id": 11, "to_id": 12, "type": "born_in"}]
    return {"id": 4, "text": TEXT, "entities": entities, "relations": relations, **more}


def test_doccano(tmp_path: Path) -> None:
    path = lines(tmp_path, doccano(Comments=[]))
    assert detect_format(path) == "doccano"
    [record] = read(path)
    assert isinstance(record, Record)
    assert record.entities == [(0, 2, "PER"), (5, 6, "LOC")]
    assert texts(record) == [("Ada Lovelace", "born_in", "London")]


def test_old_doccano(tmp_path: Path) -> None:
    row = doccano()
    old = {"data": TEXT, "label": {name: row[name] for name in ("entities", "relations")}}
    assert texts(one(tmp_path, old)) == [("Ada Lovelace", "born_in", "London")]


def test_doccano_with_what_does_not_fit(tmp_path: Path) -> None:
    row = doccano()
    row["entities"] += [{"id": 13, "label": "LOC", "start_offset": 24, "end_offset": 31}]
    row["relations"] += [
        {"id": 4, "from_id": 11, "to_id": 99, "type": "x"},
        {"id": 5, "from_id": 11, "to_id": 12, "type": "born_in"},
        {"id": 6, "from_id": 12, "to_id": 11, "type": None},
    ]
    record = one(tmp_path, row)
    wanted = [Reason.MENTION_NOT_FOUND, Reason.DUPLICATE, Reason.UNKNOWN_LABEL]
    assert reasons(record) == wanted and record.unplaced == 2
    assert {reason for reason, _ in record.notes} == {Reason.TRIMMED, Reason.REPEATED}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"relations": None}, "'relations' is missing"),
        ({"entities": [{"id": 1, "label": "X", "start_offset": 0}]}, "'end_offset' is missing"),
        ({"relations": [{"from_id": 11, "type": "x"}]}, "'to_id' is missing"),
    ],
)
def test_doccano_that_is_malformed(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(lines(tmp_path, doccano(**change)), strict=True)
