"""`spacy-rin render`: documents → one HTML page with their pictures, beside gold if there is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from textwrap import shorten
from typing import Annotated

import typer
from spacy.language import Language
from spacy.tokens import Doc

from ..component import find_rin, load_pipeline
from ..corpus.docbin import read_docs
from ..corpus.limits import MAX_RUN, find_excess
from ..errors import Errors
from ..evaluation.markdown import percent
from ..extract.documents import Source, check_source, read_documents
from ..files import check_output
from ..pictures.marks import LINES, MISSED, RIGHT, WRONG, sign
from ..pictures.page import write_page
from ..relations import has_relations
from ..scorer import exact_key, score_relations
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

    If the documents have gold relations and a pipeline is named, the page compares the two: right,
    wrong and missed, the worst texts first. The page needs no network. Its triples can be filtered
    by relation, score and word.
    """
    check_page(output, source)
    is_corpus = source.suffix == ".spacy" or source.is_dir()
    if model is None:
        if not is_corpus:
            raise ValueError(Errors.R053.format(path=source))
        docs = list(islice(read_docs(source), limit))
        _write(output, docs, f"Relations that {source.name} holds", source)
        return
    nlp = load_pipeline(model)
    attribute = find_rin(nlp).cfg["attribute"]
    if is_corpus and any(has_relations(doc, attribute) for doc in read_docs(source)):
        _compare(nlp, model, source, output, limit, max_run)
        return
    texts = _corpus_texts(source, max_run) if is_corpus else _read_texts(source, max_run)
    found = [adopt_relations(doc, attribute) for doc in nlp.pipe(list(islice(texts, limit)))]
    _write(output, found, f"Relations that {model} finds in {source.name}", source)


def _write(output: Path, docs: list[Doc], title: str, source: Path) -> None:
    write_page(output, docs, title=title)
    msg.good(f"Drew {len(docs)} documents to {output}")
    if not docs:
        msg.warn(f"{source} holds no document")


def _compare(
    nlp: Language, model: str, source: Path, output: Path, limit: int, max_run: int
) -> None:
    """Draw what a pipeline finds beside gold; all texts are read, and the worst are drawn."""
    from ..evaluation.compare import compare_examples
    from ..evaluation.reading import as_relations, predict_examples, whole_units

    def is_short(doc: Doc) -> bool:
        excess = find_excess(doc.text, max_run)
        if excess:
            _leave_out(f"{source.name}: {shorten(doc.text, 40)}", ": ".join(excess))
        return not excess

    rin = find_rin(nlp)
    attribute = rin.cfg["attribute"]
    with as_relations(nlp, rin), whole_units(nlp, rin):
        examples = predict_examples(nlp, source, attribute, is_short)
    docs = compare_examples(examples)
    score = score_relations(examples, exact_key)
    counts = {RIGHT: score.tp, WRONG: score.fp, MISSED: score.fn}
    kinds = ", ".join(f"{sign(kind, str(n))} {kind} ({LINES[kind]})" for kind, n in counts.items())
    shares = (score.precision, score.recall, score.fscore)
    scores = ", ".join(f"{x}\u00a0{percent(v)}" for x, v in zip("PRF", shares, strict=True))
    drawn = docs[:limit]
    worst = f"the {limit} worst" if limit > 1 else "the worst"
    part = f"{worst} of {len(docs)} texts" if len(docs) > limit else "all texts, worst first"
    about = f"{kinds}, in {len(docs)} texts. Exact match: {scores}. Drawn: {part}."
    title = f"Right, wrong and missed: {model} on {source.name}"
    write_page(output, drawn, title=title, about=about)
    msg.good(f"Drew {len(drawn)} documents to {output}")
    msg.text(", ".join(f"{n} {kind}" for kind, n in counts.items()) + f" in {len(docs)} texts")


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
