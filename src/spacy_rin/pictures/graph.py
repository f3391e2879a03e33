"""Triples of many documents → one graph of entities, and the places of their boxes.

Mentions with the same id are one entity, and so are mentions without an id that have the same text.
`graph_page` draws the graph.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from spacy.tokens import Doc

from ..errors import import_extra
from ..relations import get_relations, span_id
from .arc_layout import text_width
from .picture import each_doc

# In pixels, where nothing else is said.
TEXT = 13  # height of the letters
SHOWN = 32  # letters of an entity's text in its box; the table has the whole text
MARGIN = 8  # between the text of an entity and its box
HEIGHT = 2 * MARGIN + TEXT  # of a box
GAP = (60, 34)  # least room between boxes, across and down; the labels of edges need it
REACH = 200  # usual length of an edge, before boxes are pushed apart
SPREAD = 1.01  # factor by which the whole graph grows in each step of pushing apart
WIDTH = 1200  # of the picture, unless a single part of the graph is wider

# What mentions of one entity have in common: ("", id), or (text, "") if they have no id.
Key = tuple[str, str]


class TextTriple(NamedTuple):
    """A triple of one document, as texts.

    head (str): The text of the head.
    head_label (str): Its entity label.
    relation (str): The label of the relation.
    tail (str): The text of the tail.
    tail_label (str): Its entity label.
    score (float): The score of the triple.
    head_id (str): The id of the head; empty if it has none.
    tail_id (str): The id of the tail; empty if it has none.
    """

    head: str
    head_label: str
    relation: str
    tail: str
    tail_label: str
    score: float
    head_id: str = ""
    tail_id: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> TextTriple:
        """Take the fields of a triple from a row, as `spacy-rin extract` writes it.

        row (Mapping[str, Any]): A row with all fields by name, and possibly others.
        RETURNS (TextTriple): The triple.
        """
        return cls(**{name: row[name] for name in cls._fields if name in row})


@dataclass(frozen=True)
class Edge:
    """All triples with the same entities and relation.

    head (str): The name of the head.
    relation (str): The label of the relation.
    tail (str): The name of the tail.
    count (int): How often the triple was found.
    score (float): The best score of these.
    """

    head: str
    relation: str
    tail: str
    count: int
    score: float


@dataclass(frozen=True)
class Graph:
    """The entities of the most frequent triples, and all triples among them.

    labels (dict[str, str]): The most frequent label of each entity, by the entity's name. That is
        its most frequent text. Of two entities with the same text, those with an id have it behind.
    edges (list[Edge]): The triples, sorted by how often they were found. Of equally frequent ones,
        those whose entities have more mentions come first.
    left_out (int): How many entities are left out.
    """

    labels: dict[str, str]
    edges: list[Edge]
    left_out: int = 0


@dataclass(frozen=True)
class GraphLayout:
    """The places of the entities' boxes, in pixels.

    boxes (dict[str, tuple[float, float, float]]): The middle (x, y) and the width of each box, by
        the entity's name.
    width (float): The width of the whole graph.
    height (float): The height of the whole graph.
    """

    boxes: dict[str, tuple[float, float, float]]
    width: float
    height: float


def build_graph(triples: Iterable[TextTriple], limit: int = 80) -> Graph:
    """Count equal triples, and keep the entities of the most frequent ones.

    triples (Iterable[TextTriple]): The triples; read once, as a stream. The memory grows only with
        the number of different triples.
    limit (int): The number of entities to keep, at most.
    RETURNS (Graph): The entities, and all triples among them.

    >>> seen = [TextTriple("Ada", "PER", "lives_in", "Rome", "LOC", score) for score in (0.5, 0.9)]
    >>> graph = build_graph(seen)
    >>> graph.labels
    {'Ada': 'PER', 'Rome': 'LOC'}
    >>> graph.edges
    [Edge(head='Ada', relation='lives_in', tail='Rome', count=2, score=0.9)]
    """
    counts = Counter[tuple[Key, str, Key]]()
    best: dict[tuple[Key, str, Key], float] = {}
    texts: dict[Key, Counter[str]] = defaultdict(Counter)
    labels: dict[Key, Counter[str]] = defaultdict(Counter)
    for triple in triples:
        head, tail = _key(triple.head, triple.head_id), _key(triple.tail, triple.tail_id)
        key = head, triple.relation, tail
        counts[key] += 1
        best[key] = max(best.get(key, 0.0), triple.score)
        for end, text, label in (
            (head, triple.head, triple.head_label),
            (tail, triple.tail, triple.tail_label),
        ):
            texts[end][text] += 1
            labels[end][label] += 1
    busy = {end: found.total() for end, found in texts.items()}
    order = sorted(counts, key=lambda key: (-counts[key], -busy[key[0]] - busy[key[2]]))
    chosen: dict[Key, None] = {}  # as a set that keeps its order
    for head, _, tail in order:
        if len(chosen) + len({head, tail} - chosen.keys()) <= limit:
            chosen.update({head: None, tail: None})
    names = _name({end: texts[end].most_common(1)[0][0] for end in chosen})
    edges = [
        Edge(names[head], relation, names[tail], counts[key], best[key])
        for key in order
        for head, relation, tail in [key]
        if head in chosen and tail in chosen
    ]
    shown = {names[end]: labels[end].most_common(1)[0][0] for end in chosen}
    return Graph(shown, edges, len(texts) - len(shown))


def to_networkx(docs: Doc | Iterable[Doc]) -> Any:
    """Turn the relations of Docs into a graph of networkx.

    docs (Doc | Iterable[Doc]): Docs with relations.
    RETURNS (MultiDiGraph): A node for each entity, by its id, else by its text, with its `text`,
        `label` and `id`; an edge for each relation, with its label (`relation`), its `score`, and
        the number of its `doc`, from 0.
    RAISES (ValueError): If networkx is not installed.
    """
    nx = import_extra("networkx", "graph", "A graph")
    graph = nx.MultiDiGraph()
    for number, doc in enumerate(each_doc(docs)):
        for relation in get_relations(doc):
            ends = []
            for span in (relation.head, relation.tail):
                ends.append(span_id(span) or span.text)
                graph.add_node(ends[-1], text=span.text, label=span.label_, id=span_id(span))
            # The same relation of another place is an edge of its own.
            key = relation.label, number, relation.head.start_char, relation.tail.start_char
            graph.add_edge(*ends, key, relation=relation.label, score=relation.score, doc=number)
    return graph


def lay_out_graph(graph: Graph) -> GraphLayout:
    """Find a place for every box.

    Each connected part of the graph is laid out by networkx's spring layout. Its boxes are then
    pushed apart, and the parts are put beside each other.

    graph (Graph): The graph.
    RETURNS (GraphLayout): The places; no two boxes overlap.
    RAISES (ValueError): If networkx, or for a large graph scipy, is not installed.
    """
    nx = import_extra("networkx", "graph", "A graph page")
    net = nx.Graph((edge.head, edge.tail) for edge in graph.edges)
    parts = []
    for names in sorted(nx.connected_components(net), key=len, reverse=True):
        # In the order of the graph: the order of a set changes from run to run.
        part = nx.Graph()
        part.add_nodes_from(text for text in graph.labels if text in names)
        part.add_edges_from(net.subgraph(names).edges)
        scale = min(REACH * len(part) ** 0.5 / 2, REACH * len(part) / 6)
        if len(part) >= 500:  # from this size on, networkx uses scipy
            import_extra("scipy", "graph", "A graph page")
        spots = nx.spring_layout(part, scale=scale, seed=0, iterations=200)
        # Boxes are wider than high, so that they need more room across than down.
        middles = np.array([spots[text] for text in part]) * (1.3, 0.8)
        widths = np.array([text_width(shorten(text), TEXT) + 2 * MARGIN for text in part])
        parts.append((list(part), _push_apart(middles, widths), widths))
    return _side_by_side(parts)


def shorten(text: str) -> str:
    """Shorten a text to what fits into a box.

    text (str): The text of an entity.
    RETURNS (str): The text, or its first letters and an ellipsis.
    """
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _key(text: str, id: str) -> Key:
    return ("", id) if id else (text, "")


def _name(texts: Mapping[Key, str]) -> dict[Key, str]:
    """Find a name for every entity: its text, and behind it the id if another has the same text."""
    often = Counter(texts.values())
    return {
        key: f"{text} ({key[1]})" if key[1] and often[text] > 1 else text
        for key, text in texts.items()
    }


def _push_apart(middles: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Move boxes until there is a gap between any two.

    In each step, two boxes that are too close move apart across or down, whichever is shorter.

    middles (ndarray): The middles (x, y) of the boxes, (N, 2); changed in place.
    widths (ndarray): The widths of the boxes, (N,).
    RETURNS (ndarray): The new middles, (N, 2).
    """
    # Arrays of pairs (P, 2) have for each of the P pairs of boxes a number across and one down.
    n = len(middles)
    first, second = np.triu_indices(n, 1)
    apart = np.stack([(widths[first] + widths[second]) / 2, np.full(len(first), HEIGHT)], axis=1)
    apart = apart + GAP
    while True:
        between = middles[second] - middles[first]
        missing = apart - np.abs(between)
        touching = (missing > 1e-6).all(axis=1)
        if not touching.any():
            return middles
        # In each step everything also moves a little further apart, so that the loop ends even if
        # boxes push each other back and forth.
        middles *= SPREAD
        axis = missing.argmin(axis=1)
        rows = np.flatnonzero(touching)
        steps = np.zeros_like(between)
        steps[rows, axis[rows]] = missing[rows, axis[rows]] / 2
        steps *= np.where(between < 0, -1, 1)
        np.subtract.at(middles, first[rows], steps[rows])
        np.add.at(middles, second[rows], steps[rows])


def _side_by_side(parts: list[tuple[list[str], np.ndarray, np.ndarray]]) -> GraphLayout:
    """Put the parts of a graph into rows, from left to right and from top to bottom.

    A part has the texts of its entities, the middles of their boxes, and the widths of the boxes.
    """
    boxes = {}
    x = y = row_height = width = 0.0
    for names, middles, widths in parts:
        halves = np.stack([widths / 2, np.full(len(widths), HEIGHT / 2)], axis=1)
        corner = (middles - halves).min(axis=0)
        size = (middles + halves).max(axis=0) - corner
        if x and x + size[0] > WIDTH:
            x, y, row_height = 0.0, y + row_height + 2 * GAP[1], 0.0
        for name, middle, own in zip(names, middles - corner + (x, y), widths, strict=True):
            boxes[name] = (float(middle[0]), float(middle[1]), float(own))
        x += size[0] + 2 * GAP[0]
        row_height = max(row_height, float(size[1]))
        width = max(width, x - 2 * GAP[0])
    return GraphLayout(boxes, float(width), float(y + row_height))
