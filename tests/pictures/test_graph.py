"""The graph of many triples: what is put together, and where it stands."""

from __future__ import annotations

import sys
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_rin.pictures.graph import HEIGHT, Edge, TextTriple, build_graph, lay_out_graph

NAMES = st.sampled_from(["Ada", "Rome", "a much longer name than the others", "", "中国", "x"])
TRIPLES = st.lists(
    st.builds(
        TextTriple, NAMES, st.just("A"), st.sampled_from("rs"), NAMES, st.just("B"), st.just(0.5)
    )
)


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
