"""`spacy-rin inspect`: what .spacy files hold, as tables or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import srsly
import typer

from ..corpus.docbin import read_docs
from ..corpus.statistics import inspect_docs
from .terminal import msg


def inspect_command(
    corpora: Annotated[list[Path], typer.Argument(help=".spacy files or directories of them")],
    examples: Annotated[int, typer.Option(help="Sentences to show with their triples")] = 5,
    json: Annotated[bool, typer.Option(help="Print JSON instead of tables")] = False,
) -> None:
    """Show what .spacy files hold: counts, labels, lengths, overlap, and what tags can find."""
    summaries = [{"path": str(p), **inspect_docs(read_docs(p), examples)} for p in corpora]
    if json:
        print(srsly.json_dumps(summaries, indent=2))
    else:
        for path, summary in zip(corpora, summaries, strict=True):
            _print_summary(path, summary)


def _print_summary(path: Path, summary: dict[str, Any]) -> None:
    """Print what `inspect_docs` found in one corpus."""
    msg.divider(str(path))
    lengths = summary["lengths"]
    rows = {
        **summary["counts"],
        "words of a Doc": f"{lengths['mean']} mean, {lengths['max']} max",
        "found by flat tags at most": f"{summary['flat_tags_recall']:.1%} of the triples",
        "... with nested = true": f"{summary['nested_tags_recall']:.1%}",
        **{f"Docs of class {name}": count for name, count in summary["overlap"].items()},
    }
    msg.table(rows, aligns=("l", "r"))
    for kind in ("entity_labels", "relation_labels"):
        labels = summary[kind]
        msg.text(f"\n{len(labels)} {kind.replace('_', ' ')}:")
        msg.table(list(labels.items())[:20], aligns=("l", "r"))
        if len(labels) > 20:
            msg.text(f"... and {len(labels) - 20} more")
    for example in summary["examples"]:
        msg.text("\n" + example["text"])
        for triple in example["triples"]:
            msg.text(f"    {triple}")
