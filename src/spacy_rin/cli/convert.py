"""`spacy-rin convert`: raw annotations → gold Docs, with a report of what was kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from tqdm import tqdm

from ..corpus.convert import Report, convert
from ..corpus.limits import MAX_LENGTH, MAX_RUN
from ..corpus.readers import FORMATS
from .terminal import msg


def convert_command(
    inputs: Annotated[list[Path], typer.Argument(help="Raw files or folders, then the output")],
    format: Annotated[
        str, typer.Option(help=f"Form of the records: auto, or one of {', '.join(FORMATS)}")
    ] = "auto",
    lang: Annotated[str, typer.Option(help="Language of the tokenizer for raw text")] = "en",
    untyped: Annotated[bool, typer.Option(help="Give all entities the label ENTITY")] = False,
    strict: Annotated[bool, typer.Option(help="Stop at the first malformed record")] = False,
    mentions: Annotated[
        str,
        typer.Option(
            help="Where a mention given as text stands: free, its first occurrence that no other "
            "mention covers; or first, its first occurrence, as is usual in the field"
        ),
    ] = "free",
    alignment: Annotated[
        str,
        typer.Option(
            help="Offsets that fit no words: expand, to trim whitespace and take whole words; "
            "or strict, to leave the mention out"
        ),
    ] = "expand",
    sentences: Annotated[
        str | None,
        typer.Option(
            help="Split passages into sentences: sentencizer, or a pipeline that splits them"
        ),
    ] = None,
    max_length: Annotated[
        int, typer.Option(help="Characters of the longest record that is read")
    ] = MAX_LENGTH,
    max_run: Annotated[
        int, typer.Option(help="Punctuation marks in a row that are read at most")
    ] = MAX_RUN,
    start: Annotated[int, typer.Option(help="Records to leave out before the first")] = 0,
    limit: Annotated[int, typer.Option(help="Records to read; 0 for all")] = 0,
    without: Annotated[
        Path | None,
        typer.Option(help="Gold Docs, such as the test set: leave out records with the same text"),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report here, as JSON")] = None,
    all: Annotated[
        bool, typer.Option("--all", help="List in the report all that was dropped")
    ] = False,
) -> None:
    """Turn raw triples into gold Docs: INPUT... OUTPUT.

    OUTPUT is a file that ends with .spacy, or a directory of such files if the data does not fit
    into memory. The report says what was kept, and what was dropped and why.
    """
    if len(inputs) < 2:
        raise typer.BadParameter("expected at least one input and the output", param_hint="INPUTS")
    *sources, output = inputs
    run_convert(
        sources,
        output,
        format=format,
        lang=lang,
        untyped=untyped,
        strict=strict,
        mentions=mentions,
        alignment=alignment,
        sentences=sentences,
        max_length=max_length,
        max_run=max_run,
        start=start,
        limit=limit,
        without=without,
        report_path=report,
        report_all=all,
    )


def run_convert(sources: list[Path], output: Path, **settings: Any) -> None:
    """Convert with a progress bar, if the output is a terminal, and print the report.

    sources (list[Path]): The raw files.
    output (Path): A .spacy file or a directory of them, as `convert` takes it.
    settings (Any): Settings of `convert`, by name.
    """
    with tqdm(unit=" records", disable=None, leave=False) as bar:
        report = convert(sources, output, progress=lambda n: bar.update(n - bar.n), **settings)
    _print_report(report, output)


def _print_report(report: Report, output: Path) -> None:
    """Print what a conversion kept, and what it dropped and why."""
    data = report.as_dict()
    msg.good(f"Wrote {output}")
    counts = {name: data[name] for name in ("docs", "entities", "triples", "unplaced_triples")}
    msg.table(counts, aligns=("l", "r"))
    for reason, entry in (data["dropped"] | data["noted"]).items():
        msg.text(f"{reason}: {entry['count']} ({entry['meaning']})")
        for example in entry["examples"][:2]:
            msg.text(f"    {example['text']}   [{example['source']}]")
