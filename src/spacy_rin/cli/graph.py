"""`spacy-rin graph`: the triples of many documents → a page with one graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..extract.triples import read_triples
from ..pictures.graph import TextTriple
from ..pictures.graph_page import write_graph_page
from .render import check_page
from .terminal import msg


def graph_command(
    source: Annotated[Path, typer.Argument(help=".spacy, or an output of `extract`")],
    output: Annotated[Path, typer.Argument(help="HTML page to write")],
    limit: Annotated[int, typer.Option(min=2, help="Entities to draw")] = 80,
) -> None:
    """Draw the triples of many documents as one graph.

    Mentions with the same id, or without an id and with the same text, are one entity. If
    there are too many entities, the triples that were found most often are drawn. The page needs no
    network.
    """
    check_page(output, source)
    triples = map(TextTriple.of, read_triples(source))
    graph = write_graph_page(output, triples, title=f"Graph of {source.name}", limit=limit)
    msg.good(f"Drew {len(graph.labels)} entities and {len(graph.edges)} triples to {output}")
