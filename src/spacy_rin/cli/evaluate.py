"""`spacy-rin evaluate`: a pipeline and gold Docs → scores as tables and JSON, and advice."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import spacy
import typer

from ..component import load_pipeline
from ..errors import Errors
from ..evaluation.reliability import ACCEPTABLE, describe_reliability
from ..files import check_output, write_json
from .terminal import make_bar, msg, visible

BAR = "{desc} |{bar}| {n_fmt}/{total_fmt} [{elapsed}]"
# The most labels on the screen.
LABELS = 20


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
    paper: Annotated[
        bool, typer.Option("--paper", help="Print the paper's counts and its classes of sentences")
    ] = False,
) -> None:
    """Score a pipeline on gold Docs: in all, by label, by kind of error, and what to do next.

    The JSON of --output has all numbers, those of --paper too.
    """
    from ..evaluation.next_steps import next_steps
    from ..evaluation.report import STEPS, evaluate, make_record
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
    with make_bar(total=len(STEPS), bar_format=BAR) as bar:

        def show(step: str) -> None:
            bar.n = STEPS.index(step)
            bar.set_description_str(step)

        scored = evaluate(nlp, test, train, others, silence, component, show)
        result = make_record(nlp, scored, paths, epochs, component)
    if output:
        write_json(output, result)
        msg.good(f"Wrote {output}")
    _print_result(result, paper)
    msg.divider("What to do next")
    for step in next_steps(result, model, str(test), str(dev or "DEV")):
        typer.echo(visible(f"- {step}"))  # not broken into lines, since commands are copied


def _print_result(result: dict[str, Any], paper: bool) -> None:
    """Print the scores, then those of each label and class, then how often each error occurs."""
    scores = result["scores"]
    names = [name[:-2] for name in scores if name.endswith("_f")]
    names = [name for name in names if paper or not name.startswith("authors_")]
    _print_scores("score", {n: {x: scores[f"{n}_{x}"] for x in "prf"} for n in names})
    labels = result["by_label"]
    _print_scores("label", _score_rows(dict(islice(labels.items(), LABELS))))
    if len(labels) > LABELS:
        msg.text(f"... and {len(labels) - LABELS} more labels (--output has all)")
    classes = {"sentences of class": "by_overlap", "triples of a sentence": "by_triples"}
    for title, key in {
        **(classes if paper else {}),
        "triples that stand in train": "by_seen",
        "triples of the label in train": "by_frequency",
        "sentences in one text": "joined",
    }.items():
        _print_scores(title, _score_rows(result[key]))
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


def _score_rows(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        name: {**{x: row[f"rel_{x}"] for x in "prf"}, "counts": row} for name, row in rows.items()
    }


def _print_scores(title: str, rows: dict[str, dict[str, Any]]) -> None:
    """Print a table of scores, with the numbers of triples if the rows have "counts"."""
    if not rows:
        return
    counted = [row["counts"] for row in rows.values() if "counts" in row]
    names = [n for n in ("triples", "predicted", "in_train") if counted and n in counted[0]]
    table = [
        (name, *(f"{100 * row[x]:.1f}" for x in "prf"), *(row["counts"][n] for n in names))
        for name, row in rows.items()
    ]
    header = (title, "P", "R", "F", *(n.replace("_", " ") for n in names))
    msg.table(table, header=header, divider=True, aligns=("l", *"r" * (len(header) - 1)))
