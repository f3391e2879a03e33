"""`spacy-rin export`: Docs → the form of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..exchange.export import CHANGES, EXPORT_FORMATS, NAMESPACE, Exported, export
from .terminal import msg


def export_command(
    source: Annotated[Path, typer.Argument(help=".spacy file or a directory of them")],
    output: Annotated[Path, typer.Argument(help="File to write")],
    format: Annotated[str, typer.Option(help="Form to write", metavar="|".join(EXPORT_FORMATS))],
    namespace: Annotated[str, typer.Option(help="Start of all names in a graph")] = NAMESPACE,
) -> None:
    """Write Docs for another tool, and say what its form cannot hold.

    Tasks for Prodigy (.jsonl), doc._.rel of spaCy's tutorial (.spacy), or a Turtle graph (.ttl).
    """
    _print_exported(export(source, output, format, namespace=namespace), output)


def _print_exported(exported: Exported, output: Path) -> None:
    """Print what an export wrote, and how the file differs from the Docs."""
    msg.good(f"Wrote {output}")
    counts = {name: getattr(exported, name) for name in ("docs", "entities", "relations")}
    msg.table(counts, aligns=("l", "r"))
    for change, count in exported.changes.most_common():
        msg.text(f"{change.value}: {count} ({CHANGES[change]})")
        for example in exported.examples[change][:2]:
            msg.text(f"    {example}")
