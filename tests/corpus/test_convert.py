"""Records → gold Docs → DocBin files: no gold is lost, and no file is left half-written."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from paths import find_data
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus
from spacy.vocab import Vocab

from spacy_rin import get_relations, has_relations
from spacy_rin.corpus.convert import UNPLACED, Report, convert, make_doc
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.corpus.readers import Mention, RawTriple, Reason, Record

WORDS = ["New", "York", "City", "lies", "in", "New", "York", "."]
CITY, STATE, NESTED = Mention(0, 3, "CITY"), Mention(5, 7, "STATE"), Mention(0, 2, "STATE")


def record(*triples: RawTriple, **fields: Any) -> Record:
    made = Record(WORDS, **fields)
    for head, label, tail in triples:
        made.add_triple(head, label, tail, "")
    return made


def row(number: int) -> dict[str, Any]:
    return {
        "tokens": ["Ada", "met", f"Bob{number}", "."],
        "spo_details": [[0, 1, "PER", "met", 2, 3, "PER"]],
    }


def source(tmp_path: Path, count: int = 7, *extra: str) -> Path:
    path = tmp_path / "raw.jsonl"
    path.write_text("\n".join([*extra, *(json.dumps(row(i)) for i in range(count))]))
    return path


def load(path: Path) -> list[Doc]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [doc for file in files for doc in DocBin().from_disk(file).get_docs(Vocab())]


def triples(doc: Doc) -> list[tuple[Any, ...]]:
    return [
        (
            (rel.head.start, rel.head.end, rel.head.label_),
            rel.label,
            (rel.tail.start, rel.tail.end, rel.tail.label_),
        )
        for rel in get_relations(doc)
    ]


def names(path: Path) -> list[str]:
    return sorted(item.name for item in path.iterdir())


# The gold Doc


def test_doc_has_entities_and_every_other_token_outside() -> None:
    doc = make_doc(record(RawTriple(CITY, "in", STATE), tags=["X"] * 8), Vocab())
    assert [(ent.text, ent.label_) for ent in doc.ents] == [
        ("New York City", "CITY"),
        ("New York", "STATE"),
    ]
    assert [token.ent_iob_ for token in doc] == list("BIIOOBIO")
    assert doc.has_annotation("ENT_IOB") and doc[0].tag_ == "X"
    assert not doc.has_annotation("SENT_START")
    assert triples(doc) == [(CITY, "in", STATE)]
    assert UNPLACED not in doc.user_data


def test_nested_mentions_keep_their_triples() -> None:
    given = record(RawTriple(NESTED, "has", CITY), RawTriple(CITY, "in", STATE))
    doc, report = make_doc(given, Vocab()), Report()
    assert [ent.text for ent in doc.ents] == ["New York City", "New York"]
    assert triples(doc) == [(NESTED, "has", CITY), (CITY, "in", STATE)]
    report.add(given, doc)
    assert report.dropped == {Reason.NESTED_MENTION: 1} and report.triples == 2
    assert report.examples[Reason.NESTED_MENTION][0].example == "New York | has | New York City"


def test_mentions_of_hand_made_triples_are_entities() -> None:
    doc = make_doc(Record(WORDS, triples=[RawTriple(CITY, "in", STATE)]), Vocab())
    assert len(doc.ents) == 2


def test_untyped() -> None:
    doc = make_doc(record(RawTriple(CITY, "in", STATE)), Vocab(), untyped=True)
    assert {ent.label_ for ent in doc.ents} == {"ENTITY"}
    assert triples(doc) == [((0, 3, "ENTITY"), "in", (5, 7, "ENTITY"))]


def test_no_relations_is_said_and_missing_ones_are_counted() -> None:
    empty = make_doc(Record(["Hello"]), Vocab())
    assert has_relations(empty) and get_relations(empty) == []
    assert empty.has_annotation("ENT_IOB")
    missing = Record(["Hello"])
    missing.add_triple(None, "x", Mention(0, 1), "you | x | Hello")
    assert make_doc(missing, Vocab()).user_data[UNPLACED] == 1


def test_spaces() -> None:
    assert make_doc(Record(["a", "b"]), Vocab()).has_unknown_spaces
    doc = make_doc(Record(["a", "b"], [False, False]), Vocab())
    assert doc.text == "ab" and not doc.has_unknown_spaces


@st.composite
def drawn_records(draw: st.DrawFn) -> Record:
    words = draw(
        st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=8)
    )
    spaces = draw(st.none() | st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    made = Record(words, spaces)
    spans = st.tuples(*[st.integers(0, len(words))] * 2).filter(lambda span: span[0] < span[1])
    mentions = st.builds(
        lambda span, label: Mention(span[0], span[1], label), spans, st.sampled_from("AB")
    )
    for head, label, tail in draw(st.lists(st.tuples(mentions, st.sampled_from("xy"), mentions))):
        made.add_triple(head, label, tail, "")
    return made


@given(drawn_records())
def test_triples_come_back(given: Record) -> None:
    doc = make_doc(given, Vocab())
    assert set(triples(doc)) == set(given.triples)
    assert len(triples(doc)) == len(given.triples)
    [back] = DocBin(store_user_data=True, docs=[doc]).get_docs(Vocab())
    assert triples(back) == triples(doc) and [token.text for token in back] == given.words
    # The flat entities: none overlap, and no mention that touches none of them is left out.
    covered = [token.i for ent in doc.ents for token in ent]
    assert len(covered) == len(set(covered))
    assert all(set(range(ent.start, ent.end)) & set(covered) for ent in given.entities)


# Files


def test_one_file(tmp_path: Path) -> None:
    report = convert(source(tmp_path), tmp_path / "out.spacy", format="jointer")
    docs = load(tmp_path / "out.spacy")
    assert [doc[2].text for doc in docs] == [f"Bob{i}" for i in range(7)]
    assert all(triples(doc) == [((0, 1, "PER"), "met", (2, 3, "PER"))] for doc in docs)
    assert all(doc.has_annotation("ENT_IOB") for doc in docs)
    assert not any(doc.has_annotation("SENT_START") for doc in docs)
    assert (report.docs, report.entities, report.triples, report.longest) == (7, 14, 7, 4)


def test_shards(tmp_path: Path) -> None:
    convert(source(tmp_path), tmp_path / "new" / "out", shard_size=3)
    out = tmp_path / "new" / "out"
    assert names(out) == ["00000.spacy", "00001.spacy", "00002.spacy"]
    assert [len(load(out / name)) for name in names(out)] == [3, 3, 1]
    assert [doc[2].text for doc in load(out)] == [f"Bob{i}" for i in range(7)]
    convert(source(tmp_path, 6), out, shard_size=3)
    assert names(out) == ["00000.spacy", "00001.spacy"]
    assert names(tmp_path / "new") == ["out"]


def test_corpus_keeps_tokens_and_relations(tmp_path: Path) -> None:
    words = ["don't", "-", "New York", "x.y", "."]
    path = tmp_path / "raw.jsonl"
    path.write_text(json.dumps({"tokens": words, "spo_details": [[2, 4, "A", "r", 2, 3, "B"]]}))
    convert(path, tmp_path / "out", shard_size=1)
    [eg] = Corpus(tmp_path / "out")(spacy.blank("en"))
    assert [token.text for token in eg.predicted] == words
    assert triples(eg.reference) == [((2, 4, "A"), "r", (2, 3, "B"))]
    assert not has_relations(eg.predicted)


def test_corpus_tokenises_text_with_known_spaces_again(tmp_path: Path) -> None:
    text = "Ada's cat (Tom) isn't in Oslo."
    path = tmp_path / "raw.jsonl"
    path.write_text(
        json.dumps({"text": text, "relations": [{"head": "Tom", "label": "x", "tail": "Oslo"}]})
    )
    convert(path, tmp_path / "out.spacy")
    [eg] = Corpus(tmp_path / "out.spacy")(spacy.blank("en"))
    assert eg.reference.text == text
    assert [rel.text for rel in get_relations(eg.reference)] == ["Tom | x | Oslo"]


def test_start_and_limit_cut_a_file_in_two(tmp_path: Path) -> None:
    path = source(tmp_path, 7, "broken")
    first = convert(path, tmp_path / "a.spacy", limit=5)
    rest = convert(path, tmp_path / "b.spacy", start=5)
    assert (first.docs, rest.docs) == (4, 3)
    assert first.dropped == {Reason.MALFORMED: 1} and rest.dropped == {}
    docs = load(tmp_path / "a.spacy") + load(tmp_path / "b.spacy")
    assert [doc[2].text for doc in docs] == [f"Bob{i}" for i in range(7)]
    one = convert(path, tmp_path / "c.spacy", start=2, limit=1)
    assert one.docs == 1 and load(tmp_path / "c.spacy")[0][2].text == "Bob1"


def test_several_files_and_progress(tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps({"text": "Hi there.", "relations": []}))
    seen: list[int] = []
    paths = [source(tmp_path, 2), other]
    report = convert(paths, tmp_path / "out.spacy", progress=seen.append)
    assert report.docs == 3 and seen == [1, 2, 3]
    assert convert(paths, tmp_path / "out.spacy", start=2).docs == 1


def test_untyped_files(tmp_path: Path) -> None:
    report = convert(source(tmp_path), tmp_path / "out.spacy", untyped=True)
    assert report.entity_labels == {"ENTITY": 14}
    assert triples(load(tmp_path / "out.spacy")[0])[0][0][2] == "ENTITY"


def test_report(tmp_path: Path) -> None:
    path = source(tmp_path, 2, *["{"] * 7)
    path.write_text(path.read_text() + "\n" + json.dumps({**row(3), "spo_details": []}))
    report = convert(path, tmp_path / "out", report_path=tmp_path / "reports" / "out.json")
    written = json.loads((tmp_path / "reports" / "out.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(report.as_dict()))
    malformed = written["dropped"]["malformed"]
    assert malformed["count"] == 7 and len(malformed["examples"]) == 5
    assert malformed["examples"][0]["source"] == f"{path}:1"
    assert written["labels"] == {"entities": {"PER": 4}, "relations": {"met": 2}}
    assert (written["docs"], written["entities"], written["triples"]) == (3, 4, 2)
    assert written["longest"] == {"words": 4, "source": f"{path}:8"}
    assert names(tmp_path / "reports") == ["out.json"]


def test_report_can_show_what_utf8_cannot(tmp_path: Path) -> None:
    path = source(tmp_path, 1, '{"spo_details": [], "\\ud800": 1}')
    report = convert(path, tmp_path / "out", report_path=tmp_path / "report.json")
    written = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert written == report.as_dict()
    assert "\ud800" in written["dropped"]["malformed"]["examples"][0]["text"]


def test_misses_are_counted_in_docs_and_report(tmp_path: Path) -> None:
    path = tmp_path / "raw.jsonl"
    path.write_text(json.dumps({"text": "a , b .", "triple_list": [["a", "x", "c"]]}))
    report = convert(path, tmp_path / "out.spacy")
    assert report.unplaced == 1 and report.triples == 0
    assert load(tmp_path / "out.spacy")[0].user_data[UNPLACED] == 1


@pytest.mark.parametrize("name", ["out", "out.spacy"])
def test_an_error_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    work = tmp_path / "work"
    convert(source(tmp_path, 3), work / name, shard_size=1)
    before = {path: path.read_bytes() for path in work.rglob("*.spacy") if path.is_file()}
    path = source(tmp_path, 5)
    path.write_text(path.read_text() + "\nbroken")

    def interrupt(number: int) -> None:
        if number == 4:
            raise KeyboardInterrupt

    with pytest.raises(ValueError, match=r"raw\.jsonl:6: not JSON"):
        convert(path, work / name, shard_size=1, strict=True)
    with pytest.raises(KeyboardInterrupt):
        convert(path, work / name, shard_size=1, progress=interrupt)
    after = {path: path.read_bytes() for path in work.rglob("*.spacy") if path.is_file()}
    assert before == after and names(work) == [name]
    with pytest.raises(ValueError, match="not JSON"):
        convert(path, work / f"new{name}", strict=True)
    assert names(work) == [name]


def test_a_directory_comes_back_when_it_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert(source(tmp_path, 3), tmp_path / "work" / "out")

    def fail(*paths: Path) -> None:
        raise OSError("disk on fire")

    monkeypatch.setattr("spacy_rin.files.os.replace", fail)
    with pytest.raises(OSError, match="disk on fire"):
        convert(source(tmp_path, 5), tmp_path / "work" / "out")
    assert names(tmp_path / "work") == ["out"] and len(load(tmp_path / "work" / "out")) == 3


def test_nothing_usable_is_an_error(tmp_path: Path) -> None:
    path = source(tmp_path, 2, "{", "{")
    with pytest.raises(ValueError, match=r"2 malformed; .*raw\.jsonl:1"):
        convert(path, tmp_path / "out", limit=2)
    with pytest.raises(ValueError, match="none between start and limit"):
        convert(path, tmp_path / "out", start=50)
    assert names(tmp_path) == ["raw.jsonl"]


def test_outputs_that_would_cost_the_user_something(tmp_path: Path) -> None:
    path = source(tmp_path)
    before = path.read_bytes()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("dear diary")
    (tmp_path / "dir.spacy").mkdir()
    (tmp_path / "file").write_text("x")
    out, raw = tmp_path / "out.spacy", path.rename(tmp_path / "raw.spacy")
    for output, report, message in [
        (tmp_path / "mine", None, "not shards"),
        (tmp_path, None, "not shards"),
        (tmp_path / "dir.spacy", None, "is a directory"),
        (tmp_path / "file", None, "it is a file"),
        (raw, None, "the file to read"),
        (out, raw, "the file to read"),
        (out, out, "give another name"),
        (out, tmp_path / "mine", "found a directory"),
        (tmp_path / "shards", tmp_path / "shards" / "report.json", "give another name"),
    ]:
        with pytest.raises(ValueError, match=message):
            convert(raw, output, report_path=report)
    assert raw.read_bytes() == before
    assert names(tmp_path) == ["dir.spacy", "file", "mine", "raw.spacy"]
    assert names(tmp_path / "mine") == ["notes.txt"]


def test_settings_that_make_no_sense(tmp_path: Path) -> None:
    settings: list[tuple[str, Any]] = [("start", -1), ("limit", -1), ("shard_size", 0)]
    for name, value in settings:
        with pytest.raises(ValueError, match=f"{name} must be at least"):
            convert(source(tmp_path), tmp_path / "out", **{name: value})
    with pytest.raises(ValueError, match="at least one file"):
        convert([], tmp_path / "out")


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for count in (200, 1000):
        path = source(tmp_path, count)
        tracemalloc.start()
        convert(path, tmp_path / "out", shard_size=50)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


# The data sets themselves


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "kept", "nested"),
    [
        ("webnlg/dev.json", (500, 1223), 62),
        ("webnlg/test.json", (703, 1607), 95),
        ("webnlg_copyre/valid.json", (500, 1113), 0),
        ("webnlg_copyre/test_authors.jsonl", (703, 1581), 0),
        ("nyt/test.jsonl", (5000, 8120), 116),
        ("conll04/test_triples.json", (288, 422), 0),
    ],
)
def test_data_sets_stay_whole(
    tmp_path: Path, name: str, kept: tuple[int, int], nested: int
) -> None:
    path, field_way = find_data(name), {"mentions": "first", "alignment": "strict"}
    report = convert(path, tmp_path / "out", strict=True, shard_size=1000, **field_way)
    docs = load(tmp_path / "out")
    assert (len(docs), sum(len(get_relations(doc)) for doc in docs)) == kept
    assert (report.docs, report.triples) == kept
    assert report.dropped[Reason.NESTED_MENTION] == nested


@pytest.mark.data
def test_a_part_of_nyt_and_the_rest(tmp_path: Path) -> None:
    path = find_data("nyt/valid.jsonl")
    first = convert(path, tmp_path / "train", limit=4500, mentions="first")
    rest = convert(path, tmp_path / "dev.spacy", start=4500, mentions="first")
    assert (first.docs, rest.docs) == (4500, 500)
    assert first.triples + rest.triples == 7985
    assert first.dropped[Reason.NESTED_MENTION] + rest.dropped[Reason.NESTED_MENTION] == 153


def test_texts_of_another_set_are_left_out_in_any_case_and_spacing(tmp_path: Path) -> None:
    rows = [
        {"text": text, "relations": []} for text in ("Ada lives in  London.", "Bob sings.", "ada")
    ]
    other = [{"text": text, "relations": []} for text in ("ADA lives in London .", "ada sings.")]
    convert(other, tmp_path / "test.spacy")
    report = convert(rows, tmp_path / "train.spacy", without=tmp_path / "test.spacy")
    assert report.dropped == {Reason.IN_ANOTHER_SET: 1}
    (example,) = report.examples[Reason.IN_ANOTHER_SET]
    assert example.example == "Ada lives in  London."
    assert [doc.text for doc in read_docs(tmp_path / "train.spacy")] == ["Bob sings.", "ada"]


def test_set_that_texts_are_told_from_is_not_replaced(tmp_path: Path) -> None:
    rows, other = [{"text": "Bob sings.", "relations": []}], tmp_path / "test.spacy"
    convert(rows, other)
    before = other.read_bytes()
    for output, report_path in ((other, None), (tmp_path / "train.spacy", other)):
        with pytest.raises(ValueError, match=r"test\.spacy"):
            convert(rows, output, without=other, report_path=report_path)
    assert other.read_bytes() == before and [*tmp_path.iterdir()] == [other]
