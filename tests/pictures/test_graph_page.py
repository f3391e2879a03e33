"""The page of a graph."""

from __future__ import annotations

from pathlib import Path

from html_page import Page
from sketches import EVIL, evil, sketches
from spacy.tokens import DocBin

from spacy_rin.extract.triples import read_triples
from spacy_rin.pictures.graph import Graph, TextTriple
from spacy_rin.pictures.graph_page import make_graph_page, write_graph_page


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
