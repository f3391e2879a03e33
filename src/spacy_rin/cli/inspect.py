"""`spacy-rin inspect`: what .spacy files hold, and which form raw files have, as tables or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import srsly
import typer

from ..component.settings import Settings
from ..corpus.docbin import read_docs
from ..corpus.readers import FORMATS, detect_format
from ..corpus.statistics import inspect_docs
from .terminal import msg


def inspect_command(
    corpora: Annotated[
        list[Path], typer.Argument(help=".spacy files or directories of them, or raw files")
    ],
    examples: Annotated[int, typer.Option(help="Sentences to show with their triples")] = 5,
    json: Annotated[bool, typer.Option(help="Print JSON instead of tables")] = False,
) -> None:
    """Show what .spacy files hold: counts, labels, lengths, overlap, and what tags can find.

    Of raw files it says which form they have, and how to convert them.
    """
    summaries = [_summarise(path, examples) for path in corpora]
    if json:
        print(srsly.json_dumps(summaries, indent=2))
        return
    for path, summary in zip(corpora, summaries, strict=True):
        msg.divider(str(path))
        if "counts" in summary:
            _print_summary(summary)
        if "convert" in summary:
            msg.text(f"It has the form {summary['form']}: {FORMATS[summary['form']].about}")
            msg.text(f"Read it with: {summary['convert']}")


def _summarise(path: Path, examples: int) -> dict[str, Any]:
    """Describe a corpus or a raw file. Docs with doc._.rel are both."""
    if _is_raw(path):
        return {"path": str(path), **_describe_form(path, detect_format(path))}
    summary = inspect_docs(read_docs(path), examples, Settings().max_length)
    form = _describe_form(path, "docbin") if "docs_with_rel" in summary["counts"] else {}
    return {"path": str(path), **summary, **form}


def _is_raw(path: Path) -> bool:
    if path.is_dir():
        return not any(path.rglob("*.spacy"))
    return path.is_file() and path.suffix != ".spacy"


def _describe_form(path: Path, form: str) -> dict[str, str]:
    name = path.name.partition(".")[0] or "corpus"
    return {
        "form": form,
        "convert": f"spacy-rin convert {path} corpus/{name}.spacy --format {form}",
    }


def _print_summary(summary: dict[str, Any]) -> None:
    """Print what `inspect_docs` found in one corpus."""
    lengths = summary["lengths"]
    rows = {
        **summary["counts"],
        "words of a Doc": f"{lengths['mean']} mean, {lengths['max']} max",
        "found by flat tags at most": f"{summary['flat_tags_recall']:.1%} of the triples",
        "... with nested = true": f"{summary['nested_tags_recall']:.1%}",
        **{f"Docs of class {name}": count for name, count in summary["overlap"].items()},
    }
    msg.table(rows, aligns=("l", "r"))
    if longer := summary["counts"].get("docs_over_max_length"):
        msg.warn(
            f"{longer} Docs are longer than the {Settings().max_length} words that the model reads "
            "at once. Split them with `spacy-rin convert --sentences sentencizer`, or see "
            "max_length in docs/configs.md."
        )
    for kind in ("entity_labels", "relation_labels"):
        _print_first(list(summary[kind].items()), kind.replace("_", " "), "lr")
    _print_first(summary["signatures"], "type signatures (head, relation, tail)", "lllr")
    for example in summary["examples"]:
        msg.text("\n" + example["text"])
        for triple in example["triples"]:
            msg.text(f"    {triple}")


def _print_first(rows: list[Any], what: str, aligns: str) -> None:
    """Print the first rows of a table, and how many there are."""
    msg.text(f"\n{len(rows)} {what}:")
    msg.table(rows[:20], aligns=tuple(aligns))
    if len(rows) > 20:
        msg.text(f"... and {len(rows) - 20} more")
