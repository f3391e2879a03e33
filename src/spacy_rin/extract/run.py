"""Documents → triples, at any scale: inputs → batches → engine → journal → output.

Everything is streamed. A journal beside the output records what is done, so that an interrupted run
can be resumed. The output has its final name only when it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import partial
from multiprocessing import current_process
from pathlib import Path
from typing import Any

from ..corpus.limits import MAX_RUN
from ..errors import Errors
from ..files import check_output, identity
from .documents import Source, check_source
from .engines import find_engine
from .engines.worker import BatchFound, identify
from .journal import Journal, Totals
from .outputs import check_kind, write_output

VERSION = 2  # of the rows in a journal: 2 has the columns head_id and tail_id


def extract(
    inputs: str | Path | Sequence[str | Path],
    output: str | Path,
    model: str | Path,
    *,
    format: str = "auto",
    text_field: str = "text",
    id_field: str | None = None,
    by: str = "triple",
    engine: str = "local",
    batch_size: int = 128,
    max_run: int = MAX_RUN,
    skip_bad: bool = False,
    resume: bool = False,
    overwrite: bool = False,
    progress: Callable[[Totals], None] | None = None,
    **settings: Any,
) -> Totals:
    """Read documents with a pipeline and write their triples.

    Every engine has the setting `processes`: how many workers read, each with its own pipeline.
    The engine "local" has also `gpu_id`, -1 for the CPU. The engine "ray" has also `num_gpus`, the
    GPUs of each worker (or its share of one), and `ray_address`, a cluster that is running already.

    inputs (str | Path | Sequence[str | Path]): Files, or "-" for standard input.
    output (str | Path): The file to write: .jsonl, .csv or .parquet.
    model (str | Path): A pipeline with a rin component: a package or a directory.
    format (str): "text" (one document per line), "jsonl" or "parquet"; "auto" to go by the suffix.
    text_field (str): Field or column of the text.
    id_field (str | None): Field or column of the id; None for "<file name>:<line or row>".
    by (str): "triple" for one row per triple; "document" for one JSON line per document.
    engine (str): One of ENGINES: "local" or "ray".
    batch_size (int): Number of documents that are read at once.
    max_run (int): Characters of the longest run of punctuation marks. A document with a longer one
        fails: a tokenizer takes a time for it that grows with its square.
    skip_bad (bool): Whether a malformed record becomes a row with an error, or stops the run.
    resume (bool): Whether to continue an earlier run that was interrupted.
    overwrite (bool): Whether to start again from the beginning and replace the output.
    progress (Callable): Called with the totals: at the beginning, then after each batch.
    settings (Any): Settings of the engine, by name.
    RETURNS (Totals): Counts of the whole run, including those before an interruption.
    RAISES (ValueError): If a setting or an input is wrong.
    RAISES (OSError): If the pipeline is not found, the disk is full, or a worker died.
    RAISES (RuntimeError): If a script without a main guard calls it again in its own workers.
    """
    # In a worker that multiprocessing has just started, while it imports the user's script;
    # multiprocessing itself uses this attribute for the same check.
    if getattr(current_process(), "_inheriting", False):
        raise RuntimeError(Errors.R056)
    output = Path(output)
    inputs = [inputs] if isinstance(inputs, (str, Path)) else inputs
    source = Source(tuple(map(str, inputs)), format, text_field, id_field, batch_size, max_run)
    reader, workers = find_engine(engine, source, settings)
    check_source(source)
    check_kind(output, by)
    check_output(output, *map(Path, source.inputs))
    if resume and overwrite:
        raise ValueError(Errors.R077)
    pipeline = identify(str(model))
    path = journal_path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    header = {
        "version": VERSION,
        **source.fingerprint(),
        "model": {"name": pipeline.name, "sha256": pipeline.sha256},
    }
    try:
        journal = Journal(path, header, partial(_admit, output, resume, overwrite))
    except BlockingIOError:
        raise ValueError(Errors.R160.format(path=output)) from None
    with journal:
        before = identity(output)
        found = reader.read(source, journal.done, pipeline, workers)
        _fill(journal, found, skip_bad, progress)
        source.check_unchanged(header)
        if identity(output) != before:
            raise ValueError(Errors.R162.format(path=output))
        # An error in writing keeps the generator alive in its traceback, and with it the journal's
        # lock: from Python 3.13 on, the next run would be told that another one is at work.
        with closing(journal.entries()) as entries:
            write_output(output, entries, by)
        journal.clear()
    return journal.totals


def journal_path(output: str | Path) -> Path:
    """Find the journal that belongs to an output.

    output (str | Path): The file that a run writes.
    RETURNS (Path): The file in which the run records what it has done.
    """
    output = Path(output)
    return output.with_name(f".{output.name}.journal")


def _fill(
    journal: Journal,
    found: Generator[BatchFound, None, None],
    skip_bad: bool,
    progress: Callable[[Totals], None] | None,
) -> None:
    """Record all batches that the journal lacks, as the engine reads them."""
    progress = progress or (lambda totals: None)
    progress(journal.totals)
    # On an error the engine is closed at once, so that none of its workers keeps running.
    with closing(found):
        for number, entries, malformed in found:
            if malformed >= 0 and not skip_bad:
                bad = entries[malformed]
                raise ValueError(Errors.R063.format(place=bad["document"], reason=bad["error"]))
            journal.append(number, entries)
            progress(journal.totals)


def _admit(output: Path, resume: bool, overwrite: bool, is_begun: bool) -> bool:
    """Whether the journal's work is kept. An error, if the user asked for none of what may be."""
    if is_begun and not (resume or overwrite):
        raise ValueError(Errors.R068.format(output=output, journal=journal_path(output)))
    if output.exists() and not (is_begun or overwrite):
        raise ValueError(Errors.R067.format(path=output))
    return not overwrite
