"""Triples of many documents → one graph: entities by their text, relations between them, places.

Nothing is linked or told apart here: mentions of the same text are one entity.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..errors import import_extra
from .arc_layout import text_width

TEXT = 13  # height of letters
SHOWN = 32  # letters of an entity's text; the whole of it stands in the table
MARGIN = 8  # around the text of an entity, within its box
HEIGHT = 2 * MARGIN + TEXT
GAP = (60, 34)  # between boxes beside and above each other, where the labels of edges stand
REACH = 200  # of an edge, before boxes push each other apart
SPREAD = 1.01  # how much wider all becomes while boxes push each other apart
WIDTH = 1200  # of the picture, unless one part of it is wider


class TextTriple(NamedTuple):
    """A triple of one document, by its texts."""

    head: str
    head_label: str
    relation: str
    tail: str
    tail_label: str
    score: float

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> TextTriple:
        """Take the texts of a row, as `spacy-rin extract` writes it.

        row (Mapping[str, Any]): What the fields are called, and more.
        RETURNS (TextTriple): The texts, labels and score.
        """
        return cls(**{name: row[name] for name in cls._fields})


@dataclass(frozen=True)
class Edge:
    """The same triple of any number of documents.

    head (str), tail (str): Texts of entities. relation (str): Label.
    count (int): How often it was found. score (float): The best of them.
    """

    head: str
    relation: str
    tail: str
    count: int
    score: float


@dataclass(frozen=True)
class Graph:
    """The triples that were found most often, and all others among their entities.

    labels (dict[str, str]): The entities, each with its most common label.
    edges (list[Edge]): The most common first, and of equal ones those of the busiest entities.
    left_out (int): Entities that are too many.
    """

    labels: dict[str, str]
    edges: list[Edge]
    left_out: int = 0


@dataclass(frozen=True)
class GraphLayout:
    """Where the boxes of entities stand.

    boxes (dict[str, tuple]): Of each: its middle (x, y) and its width.
    width (float), height (float): Of all.
    """

    boxes: dict[str, tuple[float, float, float]]
    width: float
    height: float


def build_graph(triples: Iterable[TextTriple], limit: int = 80) -> Graph:
    """Put triples together.

    triples (Iterable[TextTriple]): Read once, as a stream; what is kept grows with distinct ones.
    limit (int): Entities to keep.
    RETURNS (Graph): The most common triples of that many, and the others among these.

    >>> seen = [TextTriple("Ada", "PER", "lives_in", "Rome", "LOC", score) for score in (0.5, 0.9)]
    >>> graph = build_graph(seen)
    >>> graph.labels
    {'Ada': 'PER', 'Rome': 'LOC'}
    >>> graph.edges
    [Edge(head='Ada', relation='lives_in', tail='Rome', count=2, score=0.9)]
    """
    counts = Counter[tuple[str, str, str]]()
    best: dict[tuple[str, str, str], float] = {}
    mentions: dict[str, Counter[str]] = defaultdict(Counter)
    for triple in triples:
        key = triple.head, triple.relation, triple.tail
        counts[key] += 1
        best[key] = max(best.get(key, 0.0), triple.score)
        mentions[triple.head][triple.head_label] += 1
        mentions[triple.tail][triple.tail_label] += 1
    busy = {text: found.total() for text, found in mentions.items()}
    order = sorted(counts, key=lambda key: (-counts[key], -busy[key[0]] - busy[key[2]]))
    chosen: dict[str, None] = {}  # a set that keeps its order
    for head, _, tail in order:
        if len(chosen) + len({head, tail} - chosen.keys()) <= limit:
            chosen.update({head: None, tail: None})
    edges = [
        Edge(*key, counts[key], best[key]) for key in order if key[0] in chosen and key[2] in chosen
    ]
    labels = {text: mentions[text].most_common(1)[0][0] for text in chosen}
    return Graph(labels, edges, len(mentions) - len(labels))


def lay_out_graph(graph: Graph) -> GraphLayout:
    """Find places: each part that hangs together by springs, the parts beside each other.

    RETURNS (GraphLayout): No two boxes lie on each other.
    RAISES (ValueError): If networkx, or for a large graph scipy, is not installed.
    """
    nx = import_extra("networkx", "graph", "A graph page")
    net = nx.Graph((edge.head, edge.tail) for edge in graph.edges)
    parts = []
    for names in sorted(nx.connected_components(net), key=len, reverse=True):
        # in the order of the graph: that of a set is not the same twice
        part = nx.Graph()
        part.add_nodes_from(text for text in graph.labels if text in names)
        part.add_edges_from(net.subgraph(names).edges)
        scale = min(REACH * len(part) ** 0.5 / 2, REACH * len(part) / 6)
        if len(part) >= 500:  # networkx uses it from there on
            import_extra("scipy", "graph", "A graph page")
        spots = nx.spring_layout(part, scale=scale, seed=0, iterations=200)
        # wider than high, as boxes are
        middles = np.array([spots[text] for text in part]) * (1.3, 0.8)
        widths = np.array([text_width(shorten(text), TEXT) + 2 * MARGIN for text in part])
        parts.append((list(part), _push_apart(middles, widths), widths))
    return _side_by_side(parts)


def shorten(text: str) -> str:
    """RETURNS (str): As much of a text as a box shows."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _push_apart(middles: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Move boxes until there is a gap between any two, each pair along the shorter way."""
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
        # All a little further apart each time, so that it comes to an end however dense they are.
        middles *= SPREAD
        axis = missing.argmin(axis=1)
        rows = np.flatnonzero(touching)
        steps = np.zeros_like(between)
        steps[rows, axis[rows]] = missing[rows, axis[rows]] / 2
        steps *= np.where(between < 0, -1, 1)
        np.subtract.at(middles, first[rows], steps[rows])
        np.add.at(middles, second[rows], steps[rows])


def _side_by_side(parts: list[tuple[list[str], np.ndarray, np.ndarray]]) -> GraphLayout:
    """Put parts into rows, from the left and the top."""
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
