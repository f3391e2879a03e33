"""`spacy-rin evaluate`: a pipeline and gold Docs → scores, as tables and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import spacy
import typer

from ..component import load_pipeline
from ..errors import Errors
from ..evaluation.reliability import ACCEPTABLE, describe_reliability
from ..files import check_output, write_json
from .terminal import msg


def evaluate_command(
    model: Annotated[str, typer.Argument(help="Trained pipeline: a package or a directory")],
    test: Annotated[Path, typer.Argument(help="Gold Docs, .spacy")],
    train: Annotated[Path | None, typer.Option(help="Docs it was trained on, .spacy")] = None,
    dev: Annotated[Path | None, typer.Option(help="Docs it was chosen on, if any")] = None,
    others: Annotated[Path | None, typer.Option(help="Texts without a triple, .spacy")] = None,
    silence: Annotated[
        Path | None,
        typer.Option(help="Texts that state no relation, .spacy, .txt or .jsonl"),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the result here, as JSON")] = None,
    history: Annotated[Path | None, typer.Option(help="History file of the training")] = None,
    component: Annotated[
        str, typer.Option(help="Name of the component, of several; without it, the first")
    ] = "",
    gpu_id: Annotated[int, typer.Option(help="GPU, -1 for the CPU")] = -1,
) -> None:
    """Score a pipeline on gold Docs: in all, by class, and as the paper's released code counts."""
    from ..evaluation.report import evaluate, make_record
    from ..training.history import read_history

    corpora = {"train": train, "dev": dev, "test": test, "others": others}
    paths = {part: path for part, path in corpora.items() if path is not None}
    sources = [*paths.values(), *(path for path in (silence, history) if path)]
    for path in sources:
        if not path.exists():
            raise ValueError(Errors.R050.format(path=path))
    if output is not None:
        check_output(output, *sources)
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    nlp = load_pipeline(model)
    epochs = read_history(history) if history else []
    scored = evaluate(nlp, test, train, others, silence, component)
    result = make_record(nlp, scored, paths, epochs, component)
    _print_result(result)
    if output:
        write_json(output, result)
        msg.good(f"Wrote {output}")


def _print_result(result: dict[str, Any]) -> None:
    """Print the scores, then those of each class, then how often each kind of error occurs."""
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
    if result["invented"]:
        counts = [
            (name, f"{row['per_1000']:.0f}", row["triples"], row["texts"])
            for name, row in result["invented"].items()
        ]
        header = ("triples in texts that state none", "per 1,000", "triples", "texts")
        msg.table(counts, header=header, aligns=("l", "r", "r", "r"), divider=True)
    for title, key in (("gold triples that were missed", "missed"), ("wrong triples", "wrong")):
        msg.table(
            list(result[key].items()), header=(title, "count"), aligns=("l", "r"), divider=True
        )
    _print_reliability(result["reliability"])


def _print_reliability(reliability: dict[str, Any]) -> None:
    error = reliability["expected_calibration_error"]
    advice = ": spacy-rin calibrate" if error is not None and error > ACCEPTABLE else ""
    msg.text(f"scores: {describe_reliability(reliability)}{advice}")


def _print_scores(title: str, rows: dict[str, dict[str, Any]]) -> None:
    """Print a table of scores, with the numbers of triples if the rows have "counts"."""
    counted = [row["counts"] for row in rows.values() if "counts" in row]
    names = [n for n in ("triples", "predicted") if counted and n in counted[0]]
    table = [
        (name, *(f"{100 * row[x]:.1f}" for x in "prf"), *(row["counts"][n] for n in names))
        for name, row in rows.items()
    ]
    header = (title, "P", "R", "F", *names)
    msg.table(table, header=header, divider=True, aligns=("l", *"r" * (len(header) - 1)))
