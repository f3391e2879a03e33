"""The command line `spacy-rin`: thin commands over the package's functions, and their tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import spacy
import srsly
import typer
from spacy.tokens import Doc
from tqdm import tqdm
from wasabi import msg

from ..component import find_rin
from ..corpus.convert import Report, convert
from ..corpus.docbin import read_docs
from ..corpus.statistics import inspect_docs
from ..errors import Errors
from ..evaluation.environment import package_versions
from ..evaluation.write_card import write_card
from ..exchange.export import EXPORT_FORMATS, MEANING, NAMESPACE, Exported, export
from ..extract.documents import Source, check_source, read_documents
from ..files import refuse_source, write_json
from ..pictures.graph import read_triples
from ..pictures.graph_page import write_graph_page
from ..pictures.page import write_page
from .extract import extract_command

app = typer.Typer(
    name="spacy-rin",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _print_versions(wanted: bool) -> None:
    if wanted:
        for name, version in package_versions().items():
            typer.echo(f"{name} {version}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_versions,
            is_eager=True,
            help="Show the versions of spacy-rin and of what it stands on.",
        ),
    ] = False,
) -> None:
    """Joint entity and relation extraction for spaCy."""


app.command("extract")(extract_command)


def main() -> None:
    """Run the command line; a mistake of the user is one line and exit code 1."""
    try:
        app()
    except (ValueError, OSError) as error:
        print(f"✘ {_describe(error)}", file=sys.stderr)
        raise SystemExit(1) from None


def _describe(error: Exception) -> str:
    """What the system says, without its numbers."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"Can't open {error.filename}: {error.strerror}."
    return str(error)


@app.command("convert")
def convert_command(
    inputs: Annotated[list[Path], typer.Argument(help="Raw files, then the output")],
    format: Annotated[str, typer.Option(help="Form of the records, or auto")] = "auto",
    lang: Annotated[str, typer.Option(help="Language of the tokenizer for raw text")] = "en",
    untyped: Annotated[bool, typer.Option(help="Give all entities the label ENTITY")] = False,
    strict: Annotated[bool, typer.Option(help="Stop at the first malformed record")] = False,
    start: Annotated[int, typer.Option(help="Records to leave out before the first")] = 0,
    limit: Annotated[int, typer.Option(help="Records to read; 0 for all")] = 0,
    report: Annotated[Path | None, typer.Option(help="Write the report here, as JSON")] = None,
) -> None:
    """Turn raw triples into gold Docs: INPUT... OUTPUT.

    OUTPUT is a file that ends with .spacy, or a directory of them, for data that does not fit into
    memory. Prints what was kept, and what was dropped and why.
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
        start=start,
        limit=limit,
        report_path=report,
    )


def run_convert(sources: list[Path], output: Path, **settings: Any) -> None:
    """Convert with a progress bar (none where nobody looks), and print the report.

    settings: Those of `convert`.
    """
    with tqdm(unit=" records", disable=None, leave=False) as bar:
        report = convert(sources, output, progress=lambda n: bar.update(n - bar.n), **settings)
    _print_report(report, output)


@app.command("inspect")
def inspect_command(
    corpora: Annotated[list[Path], typer.Argument(help=".spacy files or directories of them")],
    examples: Annotated[int, typer.Option(help="Sentences to show with their triples")] = 5,
    json: Annotated[bool, typer.Option(help="Print JSON instead of tables")] = False,
) -> None:
    """Show what .spacy files hold: labels, counts, lengths, overlap, what tags can find."""
    summaries = [{"path": str(p), **inspect_docs(read_docs(p), examples)} for p in corpora]
    if json:
        print(srsly.json_dumps(summaries, indent=2))
    else:
        for path, summary in zip(corpora, summaries, strict=True):
            _print_summary(path, summary)


@app.command("evaluate")
def evaluate_command(
    model: Annotated[str, typer.Argument(help="Trained pipeline: a package or a directory")],
    test: Annotated[Path, typer.Argument(help="Gold Docs, .spacy")],
    train: Annotated[Path | None, typer.Option(help="Docs it was trained on, .spacy")] = None,
    dev: Annotated[Path | None, typer.Option(help="Docs it was chosen on, if it was")] = None,
    others: Annotated[Path | None, typer.Option(help="Texts that have no triple")] = None,
    output: Annotated[Path | None, typer.Option(help="Write the result here, as JSON")] = None,
    history: Annotated[Path | None, typer.Option(help="History file of the training")] = None,
    gpu_id: Annotated[int, typer.Option(help="GPU, -1 for the CPU")] = -1,
) -> None:
    """Score a pipeline, as we count and as the paper's authors count, told apart by class."""
    from ..evaluation.report import evaluate, make_record
    from ..training.history import read_history

    corpora = {"train": train, "dev": dev, "test": test, "others": others}
    paths = {part: path for part, path in corpora.items() if path is not None}
    for path in [*paths.values(), *([history] if history else [])]:
        if not path.exists():
            raise ValueError(Errors.R050.format(path=path))
    if output is not None:
        if output.is_dir():
            raise ValueError(Errors.R052.format(path=output))
        refuse_source(output, *paths.values(), *([history] if history else []))
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    nlp = spacy.load(model)
    epochs = read_history(history) if history else []
    result = make_record(nlp, evaluate(nlp, test, train, others), paths, epochs)
    _print_result(result)
    if output:
        write_json(output, result)
        msg.good(f"Wrote {output}")


@app.command("card")
def card_command(
    pipeline: Annotated[Path, typer.Argument(help="Directory of a trained pipeline")],
    output: Annotated[Path, typer.Argument(help="Directory to write, for `spacy package`")],
    result: Annotated[Path, typer.Option(help="Its scores: evaluate --output")],
    train: Annotated[Path, typer.Option(help="Gold Docs it was trained on, .spacy")],
) -> None:
    """Copy a pipeline with a README (model card) and a meta that say what it is."""
    write_card(pipeline, output, result, train)
    msg.good(f"Wrote {output}, with README.md and meta.json")


@app.command("render")
def render_command(
    source: Annotated[Path, typer.Argument(help=".spacy, or texts as `extract` reads")],
    output: Annotated[Path, typer.Argument(help="HTML page to write")],
    model: Annotated[str | None, typer.Option(help="Pipeline that reads the texts")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Documents to draw")] = 20,
) -> None:
    """Draw documents as a page: the relations they hold, or those that a pipeline finds.

    The page needs no network; its triples can be filtered by relation, score and word.
    """
    _check_page(output, source)
    docs = _read_docs(source, model, limit)
    write_page(output, docs, title=f"Relations in {source.name}")
    msg.good(f"Drew {len(docs)} documents to {output}")
    if not docs:
        msg.warn(f"{source} holds no document")


@app.command("graph")
def graph_command(
    source: Annotated[Path, typer.Argument(help=".spacy, or triples that `extract` wrote")],
    output: Annotated[Path, typer.Argument(help="HTML page to write")],
    limit: Annotated[int, typer.Option(min=2, help="Entities to draw")] = 80,
) -> None:
    """Draw the triples of many documents as one graph: entities by their text, and what joins them.

    Of many triples, those that were found most often. The page needs no network.
    """
    _check_page(output, source)
    graph = write_graph_page(
        output, read_triples(source), title=f"Graph of {source.name}", limit=limit
    )
    msg.good(f"Drew {len(graph.labels)} entities and {len(graph.edges)} triples to {output}")


@app.command("export")
def export_command(
    source: Annotated[Path, typer.Argument(help=".spacy file or a directory of them")],
    output: Annotated[Path, typer.Argument(help="File to write")],
    format: Annotated[str, typer.Option(help=f"One of {', '.join(EXPORT_FORMATS)}")],
    namespace: Annotated[str, typer.Option(help="Start of all names in a graph")] = NAMESPACE,
) -> None:
    """Write Docs for another tool, and say what its form cannot hold.

    Tasks for Prodigy (.jsonl), doc._.rel of spaCy's tutorial (.spacy), or a Turtle graph (.ttl).
    """
    _print_exported(export(source, output, format, namespace=namespace), output)


def _check_page(output: Path, source: Path) -> None:
    """A page is not written over a corpus, such as the second of `render a.spacy b.spacy`."""
    is_device = output.exists() and not output.is_file()
    if output.suffix.lower() not in (".html", ".htm") and not is_device:
        reason = "a page is written to a file that ends with .html"
        raise ValueError(Errors.R121.format(path=output, reason=reason))
    refuse_source(output, source)


def _read_docs(source: Path, model: str | None, limit: int) -> list[Doc]:
    """Docs to draw: as a .spacy file holds them, or what a pipeline makes of texts."""
    is_corpus = source.suffix == ".spacy" or source.is_dir()
    if is_corpus and model is None:
        return list(islice(read_docs(source), limit))
    if model is None:
        raise ValueError(Errors.R053.format(path=source))
    nlp = spacy.load(model)
    find_rin(nlp)
    texts = (doc.text for doc in read_docs(source)) if is_corpus else _read_texts(source)
    return list(nlp.pipe(list(islice(texts, limit))))


def _read_texts(source: Path) -> Iterator[str]:
    """Texts as `extract` reads them."""
    inputs = Source((str(source),))
    check_source(inputs)
    for document in read_documents(inputs):
        if document.error:
            raise ValueError(Errors.R054.format(place=document.id, reason=document.error))
        yield document.text


def _print_report(report: Report, output: Path) -> None:
    """Print what a conversion kept, and what it dropped and why."""
    data = report.as_dict()
    msg.good(f"Wrote {output}")
    counts = {name: data[name] for name in ("docs", "entities", "triples", "unplaced_triples")}
    msg.table(counts, aligns=("l", "r"))
    for reason, entry in data["dropped"].items():
        msg.text(f"{reason}: {entry['count']} ({entry['meaning']})")
        for example in entry["examples"][:2]:
            msg.text(f"    {example['text']}   [{example['source']}]")


def _print_exported(exported: Exported, output: Path) -> None:
    """Print what an export wrote, and what its form does not say as the Docs do."""
    msg.good(f"Wrote {output}")
    counts = {name: getattr(exported, name) for name in ("docs", "entities", "relations")}
    msg.table(counts, aligns=("l", "r"))
    for change, count in exported.changes.most_common():
        msg.text(f"{change.value}: {count} ({MEANING[change]})")
        for example in exported.examples[change][:2]:
            msg.text(f"    {example}")


def _print_summary(path: Path, summary: dict[str, Any]) -> None:
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


def _print_result(result: dict[str, Any]) -> None:
    scores = result["scores"]
    names = [name[:-2] for name in scores if name.endswith("_f")]
    _print_scores("score", {n: {x: scores[f"{n}_{x}"] for x in "prf"} for n in names})
    for title, key in (
        ("sentences of class", "by_overlap"),
        ("triples of a sentence", "by_triples"),
        ("triples that stand in train", "by_seen"),
        ("triples of the label in train", "by_frequency"),
        ("sentences in one text", "joined"),
    ):
        rows = {
            name: {**{x: row[f"rel_{x}"] for x in "prf"}, "counts": row}
            for name, row in result[key].items()
        }
        if rows:
            _print_scores(title, rows)
    for title, key in (("gold triples that were missed", "missed"), ("wrong triples", "wrong")):
        msg.table(
            list(result[key].items()), header=(title, "count"), aligns=("l", "r"), divider=True
        )


def _print_scores(title: str, rows: dict[str, dict[str, Any]]) -> None:
    counted = [row["counts"] for row in rows.values() if "counts" in row]
    names = [n for n in ("triples", "predicted") if counted and n in counted[0]]
    table = [
        (name, *(f"{100 * row[x]:.1f}" for x in "prf"), *(row["counts"][n] for n in names))
        for name, row in rows.items()
    ]
    header = (title, "P", "R", "F", *names)
    msg.table(table, header=header, divider=True, aligns=("l", *"r" * (len(header) - 1)))
