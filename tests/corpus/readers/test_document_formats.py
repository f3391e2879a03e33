"""Forms of whole documents: brat's folders, INCEpTION's TSV, DyGIE++, DocRED."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from raw_records import lines, read, reasons, texts

from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.readers import Dropped, Reason, Record, detect_format

# brat: the structure of the example on http://brat.nlplab.org/standoff.html

BRAT_TEXT = "Sony formed a joint venture with Ericsson.\r\nIt saw North and South America 😀 Rome."
BRAT = """T1\tOrg 0 4\tSony
T2\tOrg 33 41\tEricsson
R1\tPartner Arg1:T1 Arg2:T2\t
T3\tLoc 51 56;67 74\tNorth America
T4\tLoc 61 74\tSouth America
R2\tIn Arg1:T2 Arg2:T3
E1\tMerge:T4 Org1:T1
R3\tCause Cause:E1 Effect:T5
T5\tLoc 77 81\tRome
*\tEquiv T2 T1
A1\tNegation E1
N1\tReference T1 Wikipedia:1\tSony
#1\tAnnotatorNotes T1\ta note
"""


def brat(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_bytes(text.encode())
    return folder


def test_brat(tmp_path: Path) -> None:
    folder = brat(tmp_path / "brat", a_txt=BRAT_TEXT, a_ann=BRAT, b_txt="Alone.")
    assert detect_format(folder) == "brat"
    record, alone = read(folder)
    assert isinstance(record, Record) and isinstance(alone, Dropped)
    assert [record.text(mention) for mention in record.entities] == [
        "Sony",
        "Ericsson",
        "South America",
        "Rome",
    ]
    assert texts(record) == [
        ("Sony", "Partner", "Ericsson"),
        ("South America", "Cause", "Rome"),
        ("Sony", "Equiv", "Ericsson"),
    ]
    assert reasons(record) == [Reason.DISCONTINUOUS, Reason.DISCONTINUOUS, Reason.NOT_READ]
    assert record.unplaced == 1
    masked = {word for span in record.masked for word in record.words[slice(*span)]}
    assert masked == {"North", "America"}
    assert alone[:2] == (Reason.REJECTED, "there is no b.ann")


def test_brat_mention_over_a_line_break_is_whole(tmp_path: Path) -> None:
    ann = "T1\tLoc 0 3;4 8\tNew York\n"
    [record] = read(brat(tmp_path / "brat", a_txt="New\nYork is big.", a_ann=ann))
    assert isinstance(record, Record)
    assert [mention[:2] for mention in record.entities] == [(0, 3)] and record.dropped == []


@pytest.mark.parametrize(
    "line", ["T1\tLoc 0\tNew", "T1\tLoc 0 99\tNew", "R1\tx T1 T2", "T1\tLoc 3 1\tNew"]
)
def test_brat_lines_that_are_malformed(tmp_path: Path, line: str) -> None:
    folder = brat(tmp_path / "brat", a_txt="New York", a_ann=line)
    with pytest.raises(ValueError, match="line 1"):
        read(folder, strict=True)


def test_brat_counts_equal_an_independent_parse(tmp_path: Path) -> None:
    folder = tmp_path / "brat"
    folder.mkdir()
    for number in range(20):
        ann = BRAT + f"T6\tOrg 4 5\t \nR9\tx Arg1:T{number % 4} Arg2:T5\n"
        (folder / f"{number}.txt").write_bytes(BRAT_TEXT.encode())
        (folder / f"{number}.ann").write_text(ann)
    report = convert(folder, tmp_path / "out.spacy")
    spans = relations = 0
    for path in folder.glob("*.ann"):
        spans += len(re.findall(r"^T\d+\t", path.read_text(), re.M))
        relations += len(re.findall(r"^(?:R\d+|\*)\t", path.read_text(), re.M))
    dropped = report.dropped
    causes = (Reason.DISCONTINUOUS, Reason.UNALIGNED, Reason.MENTION_NOT_FOUND)
    lost = sum(dropped[cause] for cause in causes)
    assert report.triples + report.unplaced == relations
    assert report.entities + lost - report.unplaced == spans


# INCEpTION: the structures are those of the suites of its repository

TSV = """#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue|coarseValue
#T_SP=webanno.custom.Entity|identifier|value
#T_SP=webanno.custom.Event|ROLE_webanno.custom.Event:who_webanno.custom.EventWhoLink|uimaTarget
#T_RL=de.tudarmstadt.ukp.dkpro.core.api.syntax.type.dependency.Dependency|DependencyType|BT_de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS
#T_RL=webanno.custom.Relation|label|BT_webanno.custom.Entity


#Text=😊 Ada Love-Lace saw Rome, I\\_II .
1-1\t0-2\t😊\tX\tX\t_\t_\t_\t_\t_\t_\t_\t_\t
1-2\t3-6\tAda\tN\tN\tQ1[1]|*[2]\tPER[1]|AUTHOR[2]\t_\t_\tsubj\t1-4\t_\t_\t
1-3\t7-16\tLove-Lace\tN\tN\tQ1[1]|*[2]\tPER[1]|AUTHOR[2]\t_\t_\t_\t_\t_\t_\t
1-3.1\t7-11\tLove\t_\t_\t_\tA\\|B\t_\t_\t_\t_\t_\t_\t
1-4\t17-20\tsaw\tN\tN\t_\t_\t*\t1-2[3]\t_\t_\t_\t_\t
1-5\t21-25\tRome\tN\tN\t*\tLOC\t_\t_\t_\t_\tsaw|left|*\t1-2[2_0]|1-2[1_0]|1-3.1\t
1-6\t25-26\t,\tN\tN\t_\t_\t_\t_\t_\t_\t_\t_\t
1-7\t27-31\tI\\_II\tN\tN\t*\t*\t_\t_\t_\t_\t_\t_\t
1-8\t32-33\t.\tN\tN\t_\t_\t_\t_\t_\t_\t_\t_\t

#Text=Hi
2-1\t34-36\tHi\tN\tN\t*\tX\t_\t_\t_\t_\tr\t1-2[1_0]\t
"""


def test_inception(tmp_path: Path) -> None:
    path = tmp_path / "user.tsv"
    path.write_text(TSV, encoding="utf-8", newline="\r\n")
    assert detect_format(path) == detect_format(tmp_path) == "inception"
    first, second = read(path)
    assert isinstance(first, Record) and isinstance(second, Record)
    assert first.words == ["😊", "Ada", "Love-Lace", "saw", "Rome", ",", "I_II", "."]
    assert first.spaces == [True, True, True, True, False, True, True, False]
    assert first.entities == [
        (1, 3, "PER"),
        (1, 3, "AUTHOR"),
        (2, 3, "A|B"),
        (4, 5, "LOC"),
        (6, 7, "Entity"),
        (3, 4, "Event"),
    ]
    assert [(head.label, label, tail.label) for head, label, tail in first.triples] == [
        ("AUTHOR", "saw", "LOC"),
        ("PER", "left", "LOC"),
        ("A|B", "Relation", "LOC"),
    ]
    assert [reason for reason, _ in first.notes] == [Reason.EXPANDED]
    assert reasons(second) == [Reason.ACROSS_SENTENCES] and second.unplaced == 1
    strict, _ = read(path, alignment="strict")
    assert isinstance(strict, Record) and len(strict.entities) == 5 and strict.unplaced == 1


def test_inception_rows_that_are_malformed(tmp_path: Path) -> None:
    path = tmp_path / "user.tsv"
    path.write_text(TSV.replace("1-2[2_0]|", "somewhere|"), encoding="utf-8")
    with pytest.raises(ValueError, match="expected a word such as 1-2"):
        read(path, strict=True)
    path.write_text(TSV.replace("\t_\t_\t_\t_\t_\t_\t_\t_\t\n1-2", "\n1-2"), encoding="utf-8")
    malformed, good = read(path)
    assert isinstance(malformed, Dropped) and "columns" in malformed.example
    assert isinstance(good, Record)


def test_inception_counts_equal_an_independent_parse(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}.tsv").write_text(TSV, encoding="utf-8")
    report = convert(folder, tmp_path / "out.spacy")
    sentences = relations = 0
    named = set()
    for path in folder.glob("*.tsv"):
        for line in path.read_text(encoding="utf-8").splitlines():
            sentences += line.startswith("#Text=")
            cells = line.split("\t")
            if len(cells) < 13:
                continue
            relations += 0 if cells[12] == "_" else len(cells[12].split("|"))
            for value in re.split(r"(?<!\\)\|", cells[6]):
                number = re.search(r"\[(\d+)\]$", value)
                if value != "_":
                    named.add((path, number[1] if number else cells[0]))
    events = 10
    assert report.docs == sentences and report.triples + report.unplaced == relations
    kept = report.entities + report.noted[Reason.OVERLAPPING] + report.noted[Reason.SECOND_LABEL]
    assert kept == len(named) + events


# DyGIE++ and DocRED: the structures of their documentation

DYGIE: dict[str, Any] = {
    "doc_key": "x",
    "clusters": [[[0, 0], [3, 3]]],
    "sentences": [["Ada", "left", "."], ["Bob", "saw", "Rome", "Fell", "."]],
    "ner": [[[0, 0, "P"]], [[3, 3, "P"], [5, 6, "L"], [6, 6, "M", 0.5]]],
    "relations": [[], [[3, 3, 5, 6, "saw"], [0, 0, 5, 6, "x"], [5, 6, 3, 3, "by"]]],
}


def test_dygie(tmp_path: Path) -> None:
    path = lines(tmp_path, DYGIE, {**DYGIE, "ner": [[]]}, {**DYGIE, "sentences": []})
    assert detect_format(path) == "dygie"
    first, second, third, short, empty = read(path)
    assert isinstance(first, Record) and first.entities == [(0, 1, "P")] and not first.triples
    assert isinstance(second, Record)
    assert second.entities == [(0, 1, "P"), (2, 4, "L"), (3, 4, "M")]
    assert texts(second) == [("Bob", "saw", "Rome Fell"), ("Rome Fell", "by", "Bob")]
    assert reasons(second) == [Reason.ACROSS_SENTENCES] and second.unplaced == 1
    assert isinstance(third, Record) and third.entities == []
    assert isinstance(short, Dropped) and "a list for each sentence" in short.example
    assert isinstance(empty, Dropped) and "at least one sentence" in empty.example


DOCRED: dict[str, Any] = {
    "title": "Ada",
    "sents": [["Ada", "left", "Italy", "."], ["Ada", "saw", "Rome", ",", "Ada", "said", "."]],
    "vertexSet": [
        [
            {"name": "Ada", "sent_id": 0, "pos": [0, 1], "type": "PER"},
            {"name": "Ada", "sent_id": 1, "pos": [0, 1], "type": "PER"},
            {"name": "Ada", "sent_id": 1, "pos": [4, 5], "type": "PER"},
        ],
        [{"name": "Rome", "sent_id": 1, "pos": [2, 3], "type": "LOC"}],
        [{"name": "Italy", "sent_id": 0, "pos": [2, 3], "type": "LOC"}],
    ],
    "labels": [
        {"h": 0, "t": 1, "r": "P1", "evidence": [1]},
        {"h": 1, "t": 2, "r": "P17", "evidence": []},
        {"h": 0, "t": 2, "r": "P9", "evidence": [0]},
    ],
}


def test_docred(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    without = {key: value for key, value in DOCRED.items() if key != "labels"}
    path.write_text(json.dumps([DOCRED, without]))
    assert detect_format(path) == "docred"
    first, second, *others = read(path)
    assert isinstance(first, Record) and isinstance(second, Record)
    assert texts(first) == [("Ada", "P9", "Italy")]
    assert [(head.start, label) for head, label, _ in second.triples] == [(0, "P1"), (4, "P1")]
    assert reasons(first) == [Reason.ACROSS_SENTENCES] and first.unplaced == 1
    assert first.dropped[0].example == "Rome | P17 | Italy"
    assert [isinstance(r, Record) and r.triples for r in others] == [[], []]
    (tmp_path / "rel_info.json").write_text(json.dumps({"P1": "visited"}))
    assert [label for _, label, _ in read(path)[1].triples] == ["visited"] * 2
    (tmp_path / "rel_info.json").write_text("[]")
    with pytest.raises(ValueError, match=r"rel_info\.json must be"):
        read(path)


def test_document_counts_equal_an_independent_parse(tmp_path: Path) -> None:
    report = convert(lines(tmp_path, *[DYGIE] * 5), tmp_path / "a.spacy")
    relations = sum(len(part) for part in DYGIE["relations"]) * 5
    entities = sum(len(part) for part in DYGIE["ner"]) * 5
    assert report.triples + report.dropped[Reason.ACROSS_SENTENCES] == relations
    assert report.entities + report.noted[Reason.OVERLAPPING] == entities
    path = tmp_path / "docred.json"
    path.write_text(json.dumps([DOCRED] * 5))
    found = convert(path, tmp_path / "b.spacy")
    pairs = across = 0
    for label in DOCRED["labels"]:
        ends = [DOCRED["vertexSet"][label[side]] for side in ("h", "t")]
        here = sum(a["sent_id"] == b["sent_id"] for a in ends[0] for b in ends[1])
        pairs, across = pairs + here, across + (not here)
    assert (found.triples, found.dropped[Reason.ACROSS_SENTENCES]) == (5 * pairs, 5 * across)
    assert found.entities == 5 * sum(map(len, DOCRED["vertexSet"]))


def test_brat_annotation_without_its_text_is_counted(tmp_path: Path) -> None:
    folder = brat(tmp_path / "b", **{"a.txt": "Ada .", "a.ann": "", "c.ann": "T1\tP 0 3\tAda"})
    record, dropped = read(folder)
    assert isinstance(record, Record) and record.words == ["Ada", "."]
    assert isinstance(dropped, Dropped) and dropped.source.endswith("c.ann")
    assert "c.txt" in dropped.example


def test_brat_mention_may_have_what_only_python_takes_for_a_line_break(tmp_path: Path) -> None:
    text = "Ada\u2028Byron\x85 saw Rome."
    ann = f"T1\tPER 0 9\t{text[:9]}\r\nT2\tLOC 15 19\tRome\r\nR1\tsaw Arg1:T1 Arg2:T2\r\n"
    (record,) = read(brat(tmp_path / "b", **{"a.txt": text, "a.ann": ann}))
    assert isinstance(record, Record) and record.dropped == []
    assert [label for _, label, _ in record.triples] == ["saw"]


def test_inception_relation_that_names_no_layer(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("#FORMAT=WebAnno TSV 3.3\n#T_RL=custom.Relation\n\n1-1\t0-3\tAda\t_\n")
    with pytest.raises(ValueError, match=r"a\.tsv: '#T_RL=custom\.Relation' names no layer"):
        read(path)


def test_docred_loses_nothing_without_a_word(tmp_path: Path) -> None:
    # an empty sentence in front, and an entity that stands nowhere
    moved = [[{**m, "sent_id": m["sent_id"] + 1} for m in ms] for ms in DOCRED["vertexSet"]]
    odd = {
        "sents": [[], *DOCRED["sents"]],
        "vertexSet": [*moved, []],
        "labels": [*DOCRED["labels"], {"h": 0, "t": 3, "r": "P2"}],
    }
    first, second = read(lines(tmp_path, odd))
    assert isinstance(first, Record) and isinstance(second, Record)
    assert len(first.triples) + len(second.triples) == 3
    assert [d.example for d in first.dropped] == ["Rome | P17 | Italy", "Ada | P2 | entity 3"]


@pytest.mark.parametrize("place", [{"sent_id": 2}, {"sent_id": -1}, {"sent_id": 1, "pos": [0, 9]}])
def test_docred_mention_outside_of_the_document(tmp_path: Path, place: dict[str, Any]) -> None:
    mention = {"name": "Ada", "sent_id": 0, "pos": [0, 1], "type": "PER", **place}
    for sents in (DOCRED["sents"], [*DOCRED["sents"], []]):
        found = read(lines(tmp_path, {"sents": sents, "vertexSet": [[mention]], "labels": []}))
        assert any(isinstance(row, Dropped) and row.reason is Reason.MALFORMED for row in found)


def test_dygie_with_more_lists_than_sentences(tmp_path: Path) -> None:
    more = {**DYGIE, "ner": [*DYGIE["ner"], [[0, 0, "P"]]]}
    found = read(lines(tmp_path, DYGIE, more))[len(DYGIE["sentences"]) :]
    assert found and all(isinstance(row, Dropped) for row in found)
