"""`spacy-rin extract`: documents → triples, with a progress bar and a summary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from tqdm import tqdm

from ..corpus.limits import MAX_RUN
from ..extract.documents import INPUT_FORMATS
from ..extract.engines import ENGINES
from ..extract.journal import Totals
from ..extract.outputs import ROW_KINDS
from ..extract.run import extract
from ..interrupts import Interrupted
from .terminal import make_bar, msg

ABOUT = "; ".join(f"{name}: {engine.about}" for name, engine in ENGINES.items())


def extract_command(
    inputs: Annotated[list[str], typer.Argument(help="Text, JSON lines, Parquet; - for stdin")],
    model: Annotated[str, typer.Option(help="Trained pipeline: a package or a directory")],
    output: Annotated[Path, typer.Option(help="Ends with .jsonl, .csv or .parquet")],
    format: Annotated[
        str,
        typer.Option(help="text: one document per line", metavar="|".join(INPUT_FORMATS)),
    ] = "auto",
    text_field: Annotated[str, typer.Option(help="Field or column of the text")] = "text",
    id_field: Annotated[str | None, typer.Option(help="Field of the id; else file:line")] = None,
    by: Annotated[
        str,
        typer.Option(help="One row per triple, or (.jsonl) document", metavar="|".join(ROW_KINDS)),
    ] = "triple",
    engine: Annotated[
        str, typer.Option(help=f"What runs the pipeline. {ABOUT}", metavar="|".join(ENGINES))
    ] = "local",
    processes: Annotated[
        int | None, typer.Option(help="Workers, each with its own pipeline; else one")
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Documents that are read at once")] = 128,
    max_run: Annotated[
        int, typer.Option(help="Punctuation marks in a row that are read at most")
    ] = MAX_RUN,
    gpu_id: Annotated[int | None, typer.Option(help="GPU of the local engine; else CPU")] = None,
    num_gpus: Annotated[float | None, typer.Option(help="GPUs of each of Ray's workers")] = None,
    ray_address: Annotated[str | None, typer.Option(help="A running cluster for Ray")] = None,
    skip_bad: Annotated[bool, typer.Option(help="Malformed records become error rows")] = False,
    resume: Annotated[bool, typer.Option(help="Continue a run that was interrupted")] = False,
    overwrite: Annotated[bool, typer.Option(help="Start again, and replace the output")] = False,
) -> None:
    """Read documents with a pipeline and write their triples, at any scale.

    An interrupted run continues with --resume: nothing is lost, and nothing is written twice.
    """
    settings: dict[str, Any] = {
        "format": format,
        "text_field": text_field,
        "id_field": id_field,
        "by": by,
        "engine": engine,
        "batch_size": batch_size,
        "max_run": max_run,
        "skip_bad": skip_bad,
        "resume": resume,
        "overwrite": overwrite,
    }
    # Only those that were given: an engine refuses the settings of another one.
    only = {
        "processes": processes,
        "gpu_id": gpu_id,
        "num_gpus": num_gpus,
        "ray_address": ray_address,
    }
    settings |= {name: value for name, value in only.items() if value is not None}
    with make_bar(unit=" documents") as bar:
        try:
            totals = extract(inputs, output, model, progress=_progress(bar), **settings)
        except (KeyboardInterrupt, Interrupted) as error:
            bar.close()
            msg.warn("Interrupted. What has been read is kept: go on with --resume")
            raise typer.Exit(getattr(error, "code", 130)) from None
    _print_totals(totals, output)


def _progress(bar: tqdm) -> Callable[[Totals], None]:
    """Make a function that shows totals on a bar.

    The words of an interrupted run are in the totals from the start. They do not count for the
    speed, which is that of this run.
    """
    words_before: int | None = None

    def show(totals: Totals) -> None:
        nonlocal words_before
        if bar.disable:
            return
        if words_before is None:
            words_before = totals.words
            bar.initial = bar.n = totals.documents
        seconds = max(bar.format_dict["elapsed"], 1e-3)
        speed = (totals.words - words_before) / seconds
        bar.set_postfix_str(f"{speed:,.0f} words/s", refresh=False)
        bar.update(totals.documents - bar.n)

    return show


def _print_totals(totals: Totals, output: Path) -> None:
    found = f"{totals.triples:,} triples of {totals.documents:,} documents"
    msg.good(f"Wrote {output}: {found} ({totals.words:,} words)")
    if totals.failed:
        msg.warn(
            f"{totals.failed:,} documents failed: their rows have an error in place of triples"
        )
    if not totals.documents:
        msg.warn("The inputs hold no document")
