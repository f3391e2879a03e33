"""`spacy-rin render`: documents → one HTML page with their pictures."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from spacy.tokens import Doc

from ..component import find_rin, load_pipeline
from ..corpus.docbin import read_docs
from ..corpus.limits import MAX_RUN, find_excess
from ..errors import Errors
from ..extract.documents import Source, check_source, read_documents
from ..files import check_output
from ..pictures.page import write_page
from ..stores import adopt_relations
from .terminal import msg


def render_command(
    source: Annotated[Path, typer.Argument(help=".spacy, or texts as `extract` reads")],
    output: Annotated[Path, typer.Argument(help="HTML page to write")],
    model: Annotated[str | None, typer.Option(help="Pipeline that reads the texts")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Documents to draw")] = 20,
    max_run: Annotated[
        int, typer.Option(min=1, help="Punctuation marks in a row that are read at most")
    ] = MAX_RUN,
) -> None:
    """Draw documents on a page, with the relations they have or those that a pipeline finds.

    The page needs no network. Its triples can be filtered by relation, score and word.
    """
    check_page(output, source)
    docs = _read_docs(source, model, limit, max_run)
    write_page(output, docs, title=f"Relations in {source.name}")
    msg.good(f"Drew {len(docs)} documents to {output}")
    if not docs:
        msg.warn(f"{source} holds no document")


def check_page(output: Path, source: Path) -> None:
    """Find out whether a page may be written.

    The suffix is checked, since `render a.spacy b.spacy` would write a page over the second corpus.
    A device such as /dev/stdout needs no suffix.

    output (Path): The page.
    source (Path): What is drawn on it.
    RAISES (ValueError): If the output has another suffix, or is a directory or the source.
    """
    is_device = output.exists() and not output.is_file()
    if output.suffix.lower() not in (".html", ".htm") and not is_device:
        reason = "a page is written to a file that ends with .html"
        raise ValueError(Errors.R121.format(path=output, reason=reason))
    check_output(output, source)


def _read_docs(source: Path, model: str | None, limit: int, max_run: int) -> list[Doc]:
    """The Docs to draw: those of a .spacy file, or those that a pipeline makes of texts."""
    is_corpus = source.suffix == ".spacy" or source.is_dir()
    if is_corpus and model is None:
        return list(islice(read_docs(source), limit))
    if model is None:
        raise ValueError(Errors.R053.format(path=source))
    nlp = load_pipeline(model)
    attribute = find_rin(nlp).cfg["attribute"]
    texts = _corpus_texts(source, max_run) if is_corpus else _read_texts(source, max_run)
    docs = nlp.pipe(list(islice(texts, limit)))
    return [adopt_relations(doc, attribute) for doc in docs]


def _corpus_texts(source: Path, max_run: int) -> Iterator[str]:
    """The texts of a corpus."""
    for number, doc in enumerate(read_docs(source), 1):
        if excess := find_excess(doc.text, max_run):
            _leave_out(f"{source.name}:{number}", ": ".join(excess))
        else:
            yield doc.text


def _read_texts(source: Path, max_run: int) -> Iterator[str]:
    """Texts of a file, in one of the forms that `extract` reads."""
    inputs = Source((str(source),), max_run=max_run)
    check_source(inputs)
    for document in read_documents(inputs):
        if document.is_malformed:
            raise ValueError(Errors.R054.format(place=document.id, reason=document.error))
        if document.error:
            _leave_out(document.id, document.error)
        else:
            yield document.text


def _leave_out(place: str, reason: str) -> None:
    msg.warn(f"{place} is left out: {reason}")
