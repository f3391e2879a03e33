"""The graph of many triples: what is put together, where it stands, and its page."""

from __future__ import annotations

import json
import sys
from itertools import combinations
from pathlib import Path

import pytest
from html_page import Page
from hypothesis import given, settings
from hypothesis import strategies as st
from sketches import EVIL, ada, bob, evil, sketches
from spacy.tokens import DocBin

from spacy_rin.extract.journal import Entry
from spacy_rin.extract.outputs import write_output
from spacy_rin.extract.rows import COLUMNS, rows_of
from spacy_rin.extract.triples import read_triples
from spacy_rin.pictures.graph import HEIGHT, Edge, Graph, TextTriple, build_graph, lay_out_graph
from spacy_rin.pictures.graph_page import make_graph_page, write_graph_page
from spacy_rin.relations import get_relations

NAMES = st.sampled_from(["Ada", "Rome", "a much longer name than the others", "", "中国", "x"])
TRIPLES = st.lists(
    st.builds(
        TextTriple, NAMES, st.just("A"), st.sampled_from("rs"), NAMES, st.just("B"), st.just(0.5)
    )
)


NULL = json.dumps(dict.fromkeys(COLUMNS)) + "\n"


def triple(head: str, relation: str, tail: str, score: float = 0.5) -> TextTriple:
    return TextTriple(head, "A", relation, tail, "B", score)


def test_the_same_triple_is_counted_and_its_best_score_kept() -> None:
    graph = build_graph(
        [triple("a", "r", "b", 0.3), triple("a", "r", "b", 0.8), triple("b", "r", "a")]
    )
    assert graph.edges == [Edge("a", "r", "b", 2, 0.8), Edge("b", "r", "a", 1, 0.5)]
    assert graph.left_out == 0


def test_graph_too_large_for_networkx_alone_names_what_it_wants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    star = build_graph([triple("sun", "r", f"planet {k}") for k in range(501)], limit=501)
    with pytest.raises(ValueError, match=r"scipy.*\[graph\]"):
        lay_out_graph(star)


def test_long_fields_of_csv_are_read(tmp_path: Path) -> None:
    doc = ada()
    rows = [{**row, "sentence": "x" * 200_000} for row in rows_of(doc)]
    entries: list[Entry] = [{"document": "a", "words": len(doc), "triples": rows}]
    write_output(tmp_path / "a.csv", entries)
    assert len(list(read_triples(tmp_path / "a.csv"))) == len(rows) > 0


def test_an_entity_has_its_most_common_label() -> None:
    triples = [TextTriple("a", label, "r", "b", "B", 0.5) for label in ("X", "Y", "Y")]
    assert build_graph(triples).labels == {"a": "Y", "b": "B"}


def test_the_most_common_triples_are_kept_and_all_among_their_entities() -> None:
    rare = [triple(f"x{k}", "r", f"y{k}") for k in range(5)]
    graph = build_graph(
        [*rare, *[triple("a", "r", "b")] * 3, *[triple("b", "r", "c")] * 2, triple("c", "s", "a")],
        4,
    )
    assert list(graph.labels) == ["a", "b", "c"]
    assert [(e.head, e.tail, e.count) for e in graph.edges] == [
        ("a", "b", 3),
        ("b", "c", 2),
        ("c", "a", 1),
    ]
    assert graph.left_out == 10


@settings(deadline=None)
@given(triples=TRIPLES, limit=st.integers(2, 6))
def test_every_entity_has_a_triple_and_no_box_lies_on_another(
    triples: list[TextTriple], limit: int
) -> None:
    graph = build_graph(triples, limit)
    assert len(graph.labels) <= limit
    assert {text for edge in graph.edges for text in (edge.head, edge.tail)} == graph.labels.keys()
    places = lay_out_graph(graph)
    assert places.boxes.keys() == graph.labels.keys()
    for (x, y, width), (a, b, other) in combinations(places.boxes.values(), 2):
        assert abs(x - a) >= (width + other) / 2 or abs(y - b) >= HEIGHT
    for x, y, width in places.boxes.values():
        assert width / 2 <= x + 0.01 and x + width / 2 <= places.width + 0.01
        assert y + 0.01 >= HEIGHT / 2 and y + HEIGHT / 2 <= places.height + 0.01


def test_a_dense_graph_of_many_entities_finds_places() -> None:
    triples = [triple(f"entity {j}", "r", f"entity {k}") for j in range(40) for k in range(j)]
    triples += [triple("hub", "r", f"a leaf of the hub {k}") for k in range(60)]
    boxes = lay_out_graph(build_graph(triples, 200)).boxes
    assert len(boxes) == 101
    for (x, y, width), (a, b, other) in combinations(boxes.values(), 2):
        assert abs(x - a) >= (width + other) / 2 or abs(y - b) >= HEIGHT


def test_places_are_the_same_twice() -> None:
    triples = [triple(f"n{k % 7}", "r", f"n{k % 5}") for k in range(30)]
    assert lay_out_graph(build_graph(triples)) == lay_out_graph(build_graph(triples))


@pytest.mark.parametrize("form", [".jsonl", ".csv", ".parquet", ".spacy", "by document"])
def test_triples_are_read_from_what_is_written(tmp_path: Path, form: str) -> None:
    docs = [ada(), bob()]
    if form == ".parquet":
        pytest.importorskip("pyarrow", reason="needs the extra spacy-rin[parquet]")
    path = tmp_path / f"triples{'.jsonl' if form == 'by document' else form}"
    if form == ".spacy":
        DocBin(docs=docs, store_user_data=True).to_disk(path)
    else:
        entries: list[Entry] = [
            {"document": str(k), "words": len(doc), "triples": rows_of(doc)}
            for k, doc in enumerate(docs)
        ]
        entries.insert(1, {"document": "bad", "error": "no text"})
        write_output(path, entries, "document" if form == "by document" else "triple")
    found = list(map(TextTriple.of, read_triples(path)))
    assert [(t.head, t.head_label, t.relation, t.tail, t.tail_label) for t in found] == [
        (r.head.text, r.head.label_, r.label, r.tail.text, r.tail.label_)
        for doc in docs
        for r in get_relations(doc)
    ]
    assert [t.score for t in found] == [r.score for doc in docs for r in get_relations(doc)]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.jsonl", '{"head": "x"}\n', "a.jsonl, line 1"),
        ("a.jsonl", "[]\n", "a.jsonl, line 1"),
        ("a.jsonl", "{\n", "a.jsonl, line 1"),
        ("a.jsonl", '{"document": "a", "triples": null}\n', "a.jsonl, line 1"),
        ("a.jsonl", '{"document": "a", "triples": [5]}\n', "a.jsonl, line 1"),
        ("a.jsonl", NULL, "a.jsonl, line 1"),
        ("a.jsonl", "[" * 100_000 + "\n", "a.jsonl, line 1"),
        ("a.csv", "head,tail\nx,y\n", "a.csv, line 2"),
        ("a.txt", "x", "extract"),
    ],
)
def test_what_is_no_triple_is_named(tmp_path: Path, name: str, content: str, expected: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf8")
    with pytest.raises(ValueError, match=expected):
        list(read_triples(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no\.jsonl"):
        list(read_triples(tmp_path / "no.jsonl"))


def test_page_holds_every_triple_escaped(tmp_path: Path) -> None:
    docs = [*sketches(), evil()]
    DocBin(docs=docs, store_user_data=True).to_disk(tmp_path / "docs.spacy")
    path = tmp_path / "graph.html"
    triples = map(TextTriple.of, read_triples(tmp_path / "docs.spacy"))
    graph = write_graph_page(path, triples, title=EVIL)
    html = path.read_text(encoding="utf8")
    assert EVIL not in html
    page = Page(html)
    assert len(page.texts("tr")) == 1 + len(graph.edges)
    assert len(page.texts("g", class_="rin-node")) == len(graph.labels)
    loops = sum(edge.head == edge.tail for edge in graph.edges)
    assert len(page.texts("g", class_="rin-edge")) == len(graph.edges) - loops
    for edge in graph.edges:
        assert any(edge.head in row and edge.tail in row for row in page.texts("tr"))


def test_page_of_nothing_says_so() -> None:
    assert "0 triples of 0 entities" in make_graph_page(Graph({}, []))
