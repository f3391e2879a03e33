"""Triples of many documents → one HTML page with their graph, and a table of the triples in it.

Like a page of documents (`page.py`), it loads nothing from elsewhere. Without JavaScript it is the
same page without filters.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from html import escape
from pathlib import Path

import numpy as np

from ..files import write_text
from .graph import (
    HEIGHT,
    MARGIN,
    TEXT,
    Edge,
    Graph,
    GraphLayout,
    TextTriple,
    build_graph,
    lay_out_graph,
    shorten,
)
from .page import break_label, fill_page, read_file
from .svg import entity_color

BEND = 36  # pixels between the middles of two edges that join the same two entities
EDGE = (
    '<g class="rin-edge" data-edge="{edge}"><path d="{line}" fill="none" stroke="currentColor" '
    'stroke-width="{width:.1f}"/><path d="{point}" fill="currentColor"/>'
    '<text x="{x:.1f}" y="{y:.1f}" font-size="12" text-anchor="middle" fill="currentColor">'
    "{relation}</text></g>"
)
NODE = (
    '<g class="rin-node" tabindex="0" role="button" aria-pressed="false" data-node="{node}">'
    '<title>{text}</title><rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" '
    'height="{height}" rx="6" style="--label: {color}"/>'
    '<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="middle" fill="currentColor">'
    "{shown}</text></g>"
)
GRAPH = """<div class="graph" role="group" aria-label="Graph">
<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" \
viewBox="-10 -10 {width:.0f} {height:.0f}">{edges}{nodes}</svg>
</div>
<p class="none">{left_out}</p>
<table>
<thead><tr><th scope="col">Head</th><th scope="col">Relation</th><th scope="col">Tail</th>\
<th scope="col">Times</th><th scope="col">Score</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>"""
ROW = """<tr data-edge="{edge}" data-head="{head_node}" data-tail="{tail_node}" \
data-relation="{relation}" data-score="{score}"><td>{head}</td><td>{label}</td><td>{tail}</td>\
<td>{count}</td><td>{score}</td></tr>"""


def write_graph_page(
    path: str | Path, triples: Iterable[TextTriple], *, title: str = "Graph", limit: int = 80
) -> Graph:
    """Write a page of the triples that were found most often. It is written whole or not at all.

    path (str | Path): The HTML file.
    triples (Iterable[TextTriple]): The triples; read once, as a stream.
    title (str): The heading of the page.
    limit (int): The number of entities to draw, at most.
    RETURNS (Graph): The graph that is drawn.
    RAISES (ValueError): If the path is a directory, or if networkx is not installed.
    """
    graph = build_graph(triples, limit)
    write_text(path, make_graph_page(graph, title=title))
    return graph


def make_graph_page(graph: Graph, *, title: str = "Graph") -> str:
    """Make a page of a graph.

    graph (Graph): The graph.
    title (str): The heading of the page.
    RETURNS (str): A whole HTML page.
    RAISES (ValueError): If networkx, or for a large graph scipy, is not installed.
    """
    places = lay_out_graph(graph)
    nodes = {text: k for k, text in enumerate(graph.labels)}
    relations = Counter(edge.relation for edge in graph.edges)
    numbers = {label: k for k, (label, _) in enumerate(relations.most_common())}
    others = f"{graph.left_out} entities of rarer triples are left out." if graph.left_out else ""
    return fill_page(
        title=title,
        shown=f"{len(graph.edges)} triples of {len(graph.labels)} entities",
        search="Entities with this in their name",
        relations=relations,
        content=GRAPH.format(
            width=places.width + 20,
            height=places.height + 20,
            edges="".join(_draw_edges(graph, places)),
            nodes="".join(
                _draw_node(text, label, nodes[text], places) for text, label in graph.labels.items()
            ),
            left_out=others,
            rows="\n".join(
                _row(edge, k, nodes, numbers[edge.relation]) for k, edge in enumerate(graph.edges)
            ),
        ),
        style=read_file("page.css") + read_file("graph.css"),
        script=read_file("filters.js") + read_file("graph.js"),
    )


def _draw_node(text: str, label: str, node: int, places: GraphLayout) -> str:
    """Draw the box of an entity; `node` is its number in the page."""
    x, y, width = places.boxes[text]
    return NODE.format(
        node=node,
        text=escape(f"{text} ({label})" if label else text),
        shown=escape(shorten(text)),
        left=x - width / 2,
        top=y - HEIGHT / 2,
        width=width,
        height=HEIGHT,
        color=entity_color(label),
        x=x,
        y=y + TEXT / 2 - MARGIN / 4,
        size=TEXT,
    )


def _draw_edges(graph: Graph, places: GraphLayout) -> list[str]:
    """Draw one arrow for each triple, except from an entity to itself.

    Arrows between the same two entities bend apart, BEND pixels from each other.
    """
    joining: dict[frozenset[str], list[int]] = defaultdict(list)
    for k, edge in enumerate(graph.edges):
        if edge.head != edge.tail:
            joining[frozenset((edge.head, edge.tail))].append(k)
    drawn = []
    for edges in joining.values():
        for place, k in enumerate(edges):
            edge = graph.edges[k]
            bend = (place - (len(edges) - 1) / 2) * BEND
            # `bend` is to one side of the direction from head to tail. An edge in the opposite
            # direction changes its sign, so that it does not lie on an edge of this direction.
            bend *= 1 if edge.head < edge.tail else -1
            drawn.append(_draw_edge(edge, k, places, bend))
    return drawn


def _draw_edge(edge: Edge, k: int, places: GraphLayout, bend: float) -> str:
    """Draw an arrow from the box of the head to the box of the tail, with its label.

    A quadratic Bézier curve joins the middles of the boxes. In its middle, it is `bend` pixels away
    from the straight line. Only the part outside both boxes is drawn.
    """
    *head_middle, head_width = places.boxes[edge.head]
    *tail_middle, tail_width = places.boxes[edge.tail]
    start, end = np.array(head_middle), np.array(tail_middle)
    dx, dy = end - start
    across = np.array([-dy, dx]) / np.hypot(dx, dy)
    # The middle control point is twice as far from the straight line as the curve itself.
    middle = (start + end) / 2 + 2 * bend * across

    def blossom(s: float, t: float) -> np.ndarray:
        """The blossom (polar form) of the curve, which gives the control points of its parts.

        The part from s to t, with 0 <= s <= t <= 1, has the control points blossom(s, s),
        blossom(s, t) and blossom(t, t). The first and the last are points of the curve itself.
        """
        return (1 - s) * (1 - t) * start + (s * (1 - t) + t * (1 - s)) * middle + s * t * end

    outside = [
        t
        for t in np.linspace(0, 1, 101).tolist()
        if _is_outside(blossom(t, t) - start, head_width)
        and _is_outside(blossom(t, t) - end, tail_width)
    ]
    # If the boxes leave no room between them, the arrow shrinks to a point.
    first, last = (outside[0], outside[-1]) if outside else (0.5, 0.5)
    begin, control, tip = blossom(first, first), blossom(first, last), blossom(last, last)
    x, y = blossom((first + last) / 2, (first + last) / 2)
    return EDGE.format(
        edge=k,
        line=f"M{_point(begin)} Q{_point(control)} {_point(tip)}",
        point=_arrow(tip, tip - control),
        width=1 + np.log2(edge.count) / 2,
        x=x,
        y=y + 4,
        relation=escape(edge.relation),
    )


def _is_outside(offset: np.ndarray, width: float) -> bool:
    """Whether a point is outside a box by more than a pixel; `offset` is from the box's middle."""
    return bool(abs(offset[0]) > width / 2 + 1 or abs(offset[1]) > HEIGHT / 2 + 1)


def _arrow(tip: np.ndarray, along: np.ndarray) -> str:
    """The path of a triangle at the tip of an arrow, which points along a direction."""
    along = along / max(np.hypot(*along), 1e-6)
    side = 4 * np.array([-along[1], along[0]])
    corners = [tip, tip - 9 * along + side, tip - 9 * along - side]
    return "M" + " L".join(map(_point, corners)) + " Z"


def _point(place: np.ndarray) -> str:
    return f"{place[0]:.1f},{place[1]:.1f}"


def _row(edge: Edge, k: int, nodes: dict[str, int], relation: int) -> str:
    """A row of the table. Edges, entities and relations have numbers, as in the graph."""
    return ROW.format(
        edge=k,
        head_node=nodes[edge.head],
        tail_node=nodes[edge.tail],
        relation=relation,
        head=escape(edge.head),
        label=break_label(edge.relation),
        tail=escape(edge.tail),
        count=edge.count,
        score=f"{edge.score:.2f}",
    )
