"""`spacy-rin facts`: the triples of many documents → facts, merged by entity."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..exchange.export import NAMESPACE
from ..facts.collect import Facts, collect_facts
from .terminal import make_bar, msg

SHOWN_CONFLICTS = 20


def facts_command(
    inputs: Annotated[
        list[Path], typer.Argument(help=".spacy or outputs of `extract`, then the output")
    ],
    aliases: Annotated[Path | None, typer.Option(help="CSV: alias,name or alias,name,id")] = None,
    date_field: Annotated[
        str | None, typer.Option(help="Field of a document's date; else the time of the run")
    ] = None,
    functional: Annotated[
        list[str] | None, typer.Option(help="List heads with two tails of this relation")
    ] = None,
    namespace: Annotated[str, typer.Option(help="Start of all names in a graph")] = NAMESPACE,
    memory: Annotated[str, typer.Option(help="How much memory DuckDB may use")] = "1GB",
    overwrite: Annotated[bool, typer.Option(help="Begin anew, and replace the output")] = False,
) -> None:
    """Merge triples into facts, one for each head, relation and tail: TRIPLES... OUTPUT.

    OUTPUT is a database (.duckdb), which is added to if it is there, or .parquet, .csv, .ttl, or a
    folder for Neo4j, whose name has no suffix. Ends are merged by id, else by the aliases, else by
    their text without case, quotes, spaces and possessive.
    """
    if len(inputs) < 2:
        raise typer.BadParameter("expected at least one input and the output", param_hint="INPUTS")
    *sources, output = inputs
    with make_bar(total=0, bar_format="{desc} [{elapsed}]") as bar:
        facts = collect_facts(
            sources,
            output,
            aliases=aliases,
            date_field=date_field,
            functional=functional or (),
            namespace=namespace,
            memory=memory,
            overwrite=overwrite,
            progress=bar.set_description_str,
        )
    _print_facts(facts, output)


def _print_facts(facts: Facts, output: Path) -> None:
    msg.good(f"Wrote {output}: {facts.facts:,} facts about {facts.entities:,} entities")
    known = facts.rows - facts.added
    rows = {
        "triples read": facts.rows,
        "... that were counted before": known,
        "mentions in all": facts.mentions,
        "documents with a triple": facts.documents,
    }
    msg.table({name: f"{value:,}" for name, value in rows.items()}, aligns=("l", "r"))
    if facts.conflicting:
        msg.warn(f"{facts.conflicting:,} heads have two tails of a functional relation, or more")
    for head, relation, tails in facts.conflicts[:SHOWN_CONFLICTS]:
        msg.text(f"    {head} | {relation} | {' / '.join(tails)}")
    if facts.conflicting > SHOWN_CONFLICTS:
        msg.text(f"    ... and {facts.conflicting - SHOWN_CONFLICTS:,} more")
