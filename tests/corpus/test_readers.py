"""Raw records of all formats -> Records: where mentions stand, what is dropped, what an error."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import SHARED_DATA

from spacy_rin.corpus.readers import FORMATS, Dropped, Reason, Record, detect_format, read_records
from spacy_rin.corpus.readers.jsonstream import JsonStream

DATA = SHARED_DATA
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no data sets in {DATA}")

WORDS = ["Ada", "Lovelace", "was", "born", "in", "London", "."]
JOINTER: dict[str, Any] = {
    "tokens": WORDS,
    "pos_tags": ["NNP", "NNP", "VBD", "VBN", "IN", "NNP", "."],
    "spo_details": [[0, 2, "None-label", "birthPlace", 5, 6, "None-label"]],
}
SPERT: dict[str, Any] = {
    "tokens": WORDS,
    "entities": [
        {"type": "Peop", "start": 0, "end": 2},
        {"type": "Loc", "start": 5, "end": 6},
    ],
    "relations": [{"type": "Live_In", "head": 0, "tail": 1}],
}
COPYRE: dict[str, Any] = {
    "sentText": " ".join(WORDS),
    "entityMentions": [
        {"start": 0, "label": "PERSON", "text": "Ada Lovelace"},
        {"start": 1, "label": "LOCATION", "text": "London"},
    ],
    "relationMentions": [{"em1Text": "Ada Lovelace", "em2Text": "London", "label": "birthPlace"}],
}
AUTHORS: dict[str, Any] = {
    "sentText": WORDS,
    "pos": JOINTER["pos_tags"],
    "en_list": [["Ada", "Lovelace"], ["London"]],
    "relationMentions": [{"em1Text": ["Lovelace"], "em2Text": ["London"], "label": "birthPlace"}],
}
CASREL: dict[str, Any] = {
    "text": " ".join(WORDS),
    "triple_list": [["Ada Lovelace", "birthPlace", "London"]],
}
PRODIGY: dict[str, Any] = {
    "text": "Ada Lovelace was born in London.",
    "tokens": [
        {"text": "Ada", "start": 0, "end": 3, "id": 0, "ws": True},
        {"text": "Lovelace", "start": 4, "end": 12, "id": 1, "ws": True},
        {"text": "was", "start": 13, "end": 16, "id": 2, "ws": True},
        {"text": "born", "start": 17, "end": 21, "id": 3, "ws": True},
        {"text": "in", "start": 22, "end": 24, "id": 4, "ws": True},
        {"text": "London", "start": 25, "end": 31, "id": 5, "ws": False},
        {"text": ".", "start": 31, "end": 32, "id": 6, "ws": False},
    ],
    "spans": [
        {"start": 0, "end": 12, "token_start": 0, "token_end": 1, "label": "PERSON"},
        {"start": 25, "end": 31, "token_start": 5, "token_end": 5, "label": "GPE"},
    ],
    "relations": [{"head": 1, "child": 5, "label": "birthPlace"}],
    "answer": "accept",
}
RIN: dict[str, Any] = {
    "text": "Ada Lovelace was born in London.",
    "entities": [
        {"start": 0, "end": 12, "label": "PERSON"},
        {"start": 25, "end": 31, "label": "GPE"},
    ],
    "relations": [{"head": 0, "label": "birthPlace", "tail": 1}],
}
COPYMTL: list[Any] = [[[4, 5, 6]], [[0, 2, 1]]]
RECORDS = {
    "jointer": JOINTER,
    "spert": SPERT,
    "copyre": COPYRE,
    "casrel": CASREL,
    "prodigy": PRODIGY,
    "rin": RIN,
}


def lines(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "data.jsonl"
    texts = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def copymtl(tmp_path: Path, data: Any) -> Path:
    words = {"PAD": 0, "UNK": 1, "``": 2, "Ada": 4, "in": 5, "London": 6}
    (tmp_path / "words2id.json").write_text(json.dumps(words))
    (tmp_path / "relations2id.json").write_text(json.dumps({"None": 0, "birthPlace": 1}))
    path = tmp_path / "data.json"
    path.write_text(json.dumps(data))
    return path


def read(path: Path, format: str = "auto", **settings: Any) -> list[Record | Dropped]:
    return list(read_records(path, format, **settings))


def one(tmp_path: Path, row: Any, format: str = "auto") -> Record:
    [record] = read(lines(tmp_path, row), format, strict=True)
    assert isinstance(record, Record)
    return record


def texts(record: Record) -> list[tuple[str, str, str]]:
    words = record.words
    return [
        (" ".join(words[head.start : head.end]), label, " ".join(words[tail.start : tail.end]))
        for head, label, tail in record.triples
    ]


def reasons(record: Record) -> list[Reason]:
    return [dropped.reason for dropped in record.dropped]


# All formats


@pytest.mark.parametrize("row", [*RECORDS.values(), AUTHORS])
def test_every_format_reads_the_same_triple(tmp_path: Path, row: dict[str, Any]) -> None:
    record = one(tmp_path, row)
    assert record.words == WORDS
    assert [triple[0][:2] + triple[2][:2] for triple in record.triples] == [(0, 2, 5, 6)]
    assert {mention[:2] for mention in record.entities} == {(0, 2), (5, 6)}
    assert record.dropped == [] and record.unplaced == 0
    assert record.source.endswith("data.jsonl:1")


@pytest.mark.parametrize(("name", "row"), RECORDS.items())
def test_the_format_is_told_from_the_record(tmp_path: Path, name: str, row: dict[str, Any]) -> None:
    assert detect_format(lines(tmp_path, row)) == name
    assert detect_format(lines(tmp_path, "no json", row)) == name
    (tmp_path / "list.json").write_text(json.dumps([row, row], indent=1))
    assert detect_format(tmp_path / "list.json") == name


def test_the_format_of_the_other_forms_is_told(tmp_path: Path) -> None:
    assert detect_format(copymtl(tmp_path, COPYMTL)) == "copymtl"
    assert detect_format(lines(tmp_path, AUTHORS)) == "copyre"
    assert detect_format(lines(tmp_path, {"text": "Nothing here."})) == "rin"
    empty = {"tokens": ["a"], "entities": [], "relations": []}
    assert detect_format(lines(tmp_path, empty, SPERT)) == "spert"
    assert detect_format(lines(tmp_path, empty)) == "rin"


def test_an_unknown_form_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="found fields 'sentence', 'labels'") as err:
        detect_format(lines(tmp_path, {"sentence": "x", "labels": []}))
    assert all(name in str(err.value) for name in FORMATS)
    with pytest.raises(ValueError, match="Unknown format 'conll'"):
        read(lines(tmp_path, RIN), "conll")


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize(
    "bad", ["{", "7", "null", "[]", '"x"', "{}", '{"text": 1}', '{"text": "\\ud800"}', '{"a": []}']
)
def test_a_malformed_line_costs_only_itself(tmp_path: Path, name: str, bad: str) -> None:
    path = lines(tmp_path, RECORDS[name], bad, RECORDS[name])
    first, malformed, last = read(path, name)
    assert isinstance(first, Record) and isinstance(last, Record)
    assert isinstance(malformed, Dropped) and malformed.reason is Reason.MALFORMED
    assert malformed.source == f"{path}:2" and last.source == f"{path}:3"
    with pytest.raises(ValueError, match=r"data\.jsonl:2: "):
        read(path, name, strict=True)


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


@pytest.mark.parametrize(("name", "row"), [*RECORDS.items(), ("copyre", AUTHORS)])
def test_a_record_without_relations_is_one(tmp_path: Path, name: str, row: dict[str, Any]) -> None:
    lists = ("spo_details", "relations", "relationMentions", "triple_list")
    record = one(tmp_path, {**row, **{key: [] for key in lists if key in row}}, name)
    assert record.words == WORDS and record.triples == [] and record.dropped == []


# Files


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    empty, blank, latin = (tmp_path / name for name in ("empty", "blank", "latin"))
    empty.write_text("")
    blank.write_text(" \n\n")
    latin.write_bytes('{"text": "Köln"}'.encode("latin-1"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, message in [
        (empty, "empty"),
        (blank, "empty"),
        (latin, "not UTF-8, byte 0xf6"),
        (tmp_path, "directory"),
        (tmp_path / "nothing", "No such file"),
        (pipe, "it is a pipe"),
    ]:
        for name in ("auto", "rin", "copymtl" if path.is_dir() else "jointer"):
            with pytest.raises(ValueError, match=message) as err:
                read(path, name)
            assert "\n" not in str(err.value) or name == "copymtl"


def test_byte_order_mark_blank_lines_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    text = json.dumps({"tokens": ["Köln\u2028", "ü"], "relations": []}, ensure_ascii=False)
    path.write_bytes(b"\xef\xbb\xbf" + f"{text}\r\n\r\n{text}".encode())
    first, second = read(path, strict=True)
    assert isinstance(first, Record) and first.words == ["Köln\u2028", "ü"]
    assert second.source == f"{path}:3"


def test_a_list_is_read_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    with path.open("w") as handle:
        handle.write("[" + ",\n".join([json.dumps(JOINTER)] * 10_000) + ", broken")
    assert path.stat().st_size > 2_000_000
    tracemalloc.start()
    records = read_records(path, strict=True)
    first = next(records)
    assert first.source == f"{path}:1 (record 1)"
    second = next(records)
    assert second.source == f"{path}:2 (record 2)"
    with pytest.raises(ValueError, match=r"line 10000 \(record 10001\)"):
        for _ in records:
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("end", ["", ",", ", ]", "] []", ' {"tokens": 1}]', ', {"tokens": ["a'])
def test_a_broken_list_is_an_error_that_names_the_place(tmp_path: Path, end: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(f"[{json.dumps(JOINTER)}\n{end}")
    with pytest.raises(ValueError, match=r"Broken JSON in .*list\.json, line 2 \(record [12]\)"):
        read(path, "jointer")


def test_malformed_items_of_a_list_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(f"[12, {json.dumps(JOINTER)},\n null, [1, 2]]")
    rows = read(path, "jointer")
    assert [isinstance(row, Record) for row in rows] == [False, True, False, False]
    assert rows[2].source == f"{path}:2 (record 3)"


@given(
    values=st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ),
        max_size=5,
    ),
    chunk=st.integers(1, 40),
    indent=st.none() | st.integers(0, 2),
    ascii=st.booleans(),
)
def test_streaming_gives_what_loading_gives(
    values: list[Any], chunk: int, indent: int | None, ascii: bool
) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=ascii)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spacy_rin.corpus.readers.jsonstream.CHUNK", chunk)
        stream = JsonStream(StringIO(text), Path("list.json"))
        assert [value for _, _, value in stream.items()] == json.loads(text)
        stream.end()


# Mentions


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


# What each format has of its own


def test_jointer_types_and_tags(tmp_path: Path) -> None:
    record = one(tmp_path, JOINTER)
    assert record.tags == JOINTER["pos_tags"] and record.spaces is None
    assert record.entities == [(0, 2, "ENTITY"), (5, 6, "ENTITY")]
    typed = one(tmp_path, {**JOINTER, "spo_details": [[0, 2, "PER", "x", 5, 6, "None-label"]]})
    assert typed.entities == [(0, 2, "PER"), (5, 6, "ENTITY")]


def test_copymtl_walks_both_arrays(tmp_path: Path) -> None:
    data = [[[4, 5, 6], [2, 6, 1], [6]], [[0, 2, 1, 2, 2, 1, 0, 2, 1], [0, 1, 0], []]]
    first, second, third = read(copymtl(tmp_path, data), strict=True)
    assert isinstance(first, Record) and isinstance(second, Record) and isinstance(third, Record)
    assert texts(first) == [("Ada", "birthPlace", "London"), ("London", "birthPlace", "London")]
    assert reasons(first) == [Reason.DUPLICATE]
    assert second.words == ['"', "London", "UNK"] and second.triples == [] == second.dropped
    assert third.words == ["London"] and third.source.endswith("data.json:1 (record 3)")


def test_copymtl_relations_without_a_name_are_misses(tmp_path: Path) -> None:
    [record] = read(copymtl(tmp_path, [[[4, 5, 6]], [[0, 2, 99]]]))
    assert isinstance(record, Record) and record.triples == [] and record.unplaced == 1
    assert record.dropped[0][:2] == (Reason.UNKNOWN_LABEL, "Ada | relation 99 | London")


@pytest.mark.parametrize(
    ("ids", "flat"),
    [
        ([4, 99], []),
        ([4], [0, 0]),
        ([4], [0, 1, 1]),
        ([], []),
        (4, []),
        ([True], []),
        ([4], [0] * 4),
    ],
)
def test_copymtl_malformed_sentences(tmp_path: Path, ids: Any, flat: Any) -> None:
    path = copymtl(tmp_path, [[[4], ids], [[], flat]])
    good, bad = read(path)
    assert isinstance(good, Record) and isinstance(bad, Dropped)
    with pytest.raises(ValueError, match="record 2"):
        read(path, strict=True)


def test_copymtl_files_that_do_not_fit(tmp_path: Path) -> None:
    misfits: list[Any] = [[[[4], [5]], [[]]], [[[4]], [[], []]]]
    for data in misfits:
        with pytest.raises(ValueError, match=f"found {len(data[0])} sentences, and another number"):
            read(copymtl(tmp_path, data))
    path = copymtl(tmp_path, COPYMTL)
    (tmp_path / "words2id.json").write_text('["Ada"]')
    with pytest.raises(ValueError, match=r"words2id\.json must be a JSON object"):
        read(path)
    (tmp_path / "words2id.json").unlink()
    with pytest.raises(ValueError, match=r"words2id\.json: No such file"):
        read(path)


def test_copyre_types_go_by_text_and_none_is_no_relation(tmp_path: Path) -> None:
    record = one(tmp_path, {**COPYRE, "entityMentions": COPYRE["entityMentions"][:1]})
    assert record.triples[0].head.label == "PERSON" and record.triples[0].tail.label == "ENTITY"
    none = {**COPYRE["relationMentions"][0], "label": "None"}
    record = one(tmp_path, {**COPYRE, "relationMentions": [none]})
    assert record.triples == [] == record.dropped


def test_copyre_last_words_stand_for_entities(tmp_path: Path) -> None:
    row: dict[str, Any] = {
        "sentText": ["Italy", "borders", "Turin", ",", "Italy", "and", "old", "Turin"],
        "en_list": [["Turin"], ["Turin", ",", "Italy"], [",", "Italy"], ["old", "Turin"]],
        "relationMentions": [{"em1Text": ["Italy"], "em2Text": ["Turin"], "label": "x"}],
    }
    # The longest that ends with Italy; Turin is an entity itself.
    assert texts(one(tmp_path, row)) == [("Turin , Italy", "x", "Turin")]
    # Without a list, a mention is what it says.
    assert texts(one(tmp_path, {**row, "en_list": []})) == [("Italy", "x", "Turin")]


def test_casrel_keeps_the_words_of_tokenised_text(tmp_path: Path) -> None:
    row = {"text": "Joe Smith-Jones , 9\\/11 Inc. , U.S .", "triple_list": [["Jones", "x", "U.S"]]}
    record = one(tmp_path, row)
    assert record.words == ["Joe", "Smith-Jones", ",", "9/11", "Inc.", ",", "U.S", "."]
    assert record.spaces is None and reasons(record) == [Reason.MENTION_NOT_FOUND]


def test_casrel_splits_raw_text(tmp_path: Path) -> None:
    row = {"text": "Joe Smith, of Oslo, left.", "triple_list": [["Joe Smith", "x", "Oslo"]]}
    record = one(tmp_path, row)
    assert record.words == ["Joe", "Smith", ",", "of", "Oslo", ",", "left", "."]
    assert record.spaces == [True, False, True, True, False, True, False, False]
    assert texts(record) == [("Joe Smith", "x", "Oslo")]


def test_casrel_decides_once_for_a_file(tmp_path: Path) -> None:
    odd = {"text": "Joe works for Acme Inc.", "triple_list": []}
    path = lines(tmp_path, CASREL, odd, CASREL)
    assert [row.words[-1] for row in read(path) if isinstance(row, Record)] == [".", "Inc.", "."]


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
    record = one(tmp_path, {**RIN, "entities": entities})
    assert record.entities == [(5, 6, "GPE")] and record.triples == [] and record.unplaced == 1
    assert [dropped[:2] for dropped in record.dropped] == [
        (Reason.MENTION_NOT_FOUND, "da Lovelace"),
        (Reason.MENTION_NOT_FOUND, "da Lovelace | birthPlace | London"),
    ]


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


# The data sets themselves


def brute_force(path: Path) -> Counter[str]:
    """Records, and distinct triples of a record, straight from the JSON, without a reader."""
    text = path.read_text(encoding="utf-8")
    rows = json.loads(text) if text[0] == "[" else [json.loads(line) for line in text.splitlines()]
    count: Counter[str] = Counter()
    if isinstance(rows[0], list):
        rows = [{"flat": flat} for _, flat in zip(*rows, strict=True)]
    for row in rows:
        flat = row.get("flat", [])
        keys = [tuple(flat[i : i + 3]) for i in range(0, len(flat), 3)]
        keys += [tuple(spo) for spo in row.get("spo_details", [])]
        keys += [(rel["head"], rel["type"], rel["tail"]) for rel in row.get("relations", [])]
        keys += [
            (str(rel["em1Text"]), rel["label"], str(rel["em2Text"]))
            for rel in row.get("relationMentions", [])
        ]
        count.update(records=1, triples=len(set(keys)), duplicates=len(keys) - len(set(keys)))
    return count


@needs_data
@pytest.mark.parametrize(
    ("name", "format", "records", "triples", "duplicates"),
    [
        ("webnlg/train.json", "jointer", 5019, 11312, 1),
        ("webnlg/dev.json", "jointer", 500, 1223, 1),
        ("webnlg/test.json", "jointer", 703, 1607, 0),
        ("webnlg_copyre/train.json", "copymtl", 5019, 11687, 89),
        ("webnlg_copyre/valid.json", "copymtl", 500, 1113, 5),
        ("webnlg_copyre/test.json", "copymtl", 703, 1581, 10),
        ("webnlg_copyre/test_authors.jsonl", "copyre", 703, 1581, 0),
        ("nyt/valid.jsonl", "copyre", 5000, 8489 - 504, 504),
        ("nyt/test.jsonl", "copyre", 5000, 8616 - 496, 496),
        ("nyt/extra.jsonl", "copyre", 870, 2388 - 194, 194),
        ("conll04/train_triples.json", "spert", 922, 1283, 0),
        ("conll04/dev_triples.json", "spert", 231, 343, 0),
        ("conll04/test_triples.json", "spert", 288, 422, 0),
    ],
)
def test_counts_of_the_data_sets(
    name: str, format: str, records: int, triples: int, duplicates: int
) -> None:
    path = DATA / name
    assert detect_format(path) == format
    expected = {"records": records, "triples": triples, "duplicates": duplicates}
    assert brute_force(path) == Counter(expected)
    rows = [row for row in read(path, strict=True) if isinstance(row, Record)]
    dropped = Counter(dropped.reason for row in rows for dropped in row.dropped)
    found = {"records": len(rows), "triples": sum(len(row.triples) for row in rows)}
    assert {**found, "duplicates": dropped.pop(Reason.DUPLICATE, 0)} == expected
    # One entity of NYT, "Conn", is listed once more than it stands in its sentence.
    assert dropped == ({Reason.MENTION_NOT_FOUND: 1} if name == "nyt/valid.jsonl" else {})
    assert sum(row.unplaced for row in rows) == 0


@needs_data
def test_the_types_of_nyt_are_complete() -> None:
    rows = read(DATA / "nyt" / "valid.jsonl")
    labels = {ent.label for row in rows if isinstance(row, Record) for ent in row.entities}
    assert labels == {"PERSON", "LOCATION", "ORGANIZATION"}


@needs_data
def test_the_authors_spans_end_where_copymtl_has_its_words() -> None:
    ids = read(DATA / "webnlg_copyre" / "test.json")
    spans = read(DATA / "webnlg_copyre" / "test_authors.jsonl")
    same = different = 0
    for one_row, other in zip(ids, spans, strict=True):
        assert isinstance(one_row, Record) and isinstance(other, Record)
        assert one_row.words == other.words
        ends = [{(h.end, label, t.end) for h, label, t in row.triples} for row in (one_row, other)]
        same += len(ends[0] & ends[1])
        different += len(ends[0] ^ ends[1])
    # The one that differs is an UNK: there are two in "AIP Advances had the UNK UNK .".
    assert (same, different) == (1580, 2)


@needs_data
def test_mentions_stand_at_their_first_occurrence_in_nyt() -> None:
    rows = read(DATA / "nyt" / "extra.jsonl")
    for record in rows:
        assert isinstance(record, Record)
        text = f" {' '.join(record.words)} "
        for mention in {end for head, _, tail in record.triples for end in (head, tail)}:
            words = " ".join(record.words[mention.start : mention.end])
            before = text[: text.index(f" {words} ")]
            assert len(before.split()) == mention.start


def test_record_without_relations_is_no_record_without_a_triple(tmp_path: Path) -> None:
    path = tmp_path / "typo.jsonl"
    rows = [{"text": "A b.", "relation": []}, {"text": "A b.", "relations": []}]
    path.write_text("\n".join(map(json.dumps, rows)))
    first, second = read(path)
    assert isinstance(second, Record)
    assert "'relations' is missing" in str(first) and "relation" in str(first)
