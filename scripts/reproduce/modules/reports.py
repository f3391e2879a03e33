"""Runs of a matrix ↔ a report: JSON lines, one a run, so that a diff shows which runs are new.

A line says which row, data set and seed it is, what was trained (config, epochs, settings), and
what is kept of the result. What belongs to several seeds is computed by the pages.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import srsly

from scripts.reproduce.modules.matrix import Run
from spacy_rin.files import write_text

# Where reports stand that the pages show; only publishing writes there.
PUBLISHED = Path("results")
# The report of configs/reproduction.yml, which has plots.
REPORT = "reproduction"
# What is kept of each run's result; the whole of it stays in its folder.
KEPT = (
    *("train_seconds", "train_hardware", "versions", "data", "chosen_on", "scores"),
    *("by_overlap", "by_triples", "by_seen", "by_frequency", "missed", "wrong"),
    *("joined", "among_others"),
)
AUTHORS = ("authors_partial_f", "authors_exact_f")
# Significant digits of a float. The pages show three: to round 0.82249 to four first would show
# 82.3 for 82.2.
DIGITS = 6
Line = dict[str, Any]
# Row → data set → what `summarise` gives of its runs.
Rows = dict[str, dict[str, dict[str, Any]]]


def read_report(path: Path) -> list[Line]:
    """RETURNS (list[dict]): A line a run; none where there is no such file."""
    text = path.read_text(encoding="utf8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines()]


def write_report(path: Path, lines: list[Line]) -> None:
    """Write runs, sorted by row, data set and seed."""
    lines = sorted(lines, key=lambda line: (line["row"], line["dataset"], line["seed"]))
    text = [json.dumps(_round(line)) for line in lines]
    write_text(path, "".join(f"{line}\n" for line in text))


def describe_run(run: Run) -> Line:
    """RETURNS (dict): The line of a run that has its result in its folder."""
    record = srsly.read_json(run.result)
    line = {
        "row": run.row,
        "dataset": run.dataset,
        "seed": run.seed,
        "key": run.key,
        "config": run.config,
        "epochs": run.epochs,
        "settings": dict(run.settings),
        **{name: record[name] for name in KEPT},
    }
    further = {n: srsly.read_json(path) for n, path in run.further.items() if path.exists()}
    line["further_tests"] = {name: record["scores"] for name, record in further.items()}
    line["by_threshold"] = _columns(record["by_threshold"])
    return line | _over_epochs(record["history"])


def summarise(lines: list[Line], matrix: list[Run]) -> Rows:
    """Group runs by row and data set, in the order of the matrix, with means over the seeds.

    lines (list[dict]): A report.
    matrix (list[Run]): Its matrix, which has the published figures; a row that it lacks comes last.
    RETURNS (dict): Number of runs, epochs, settings, published figures, means and standard
        deviations of each row and data set, and its runs.
    """
    published = {(run.row, run.dataset): dict(run.published) for run in matrix}
    rows: Rows = {}
    for row, data in published | {(line["row"], line["dataset"]): {} for line in lines}:
        runs = [line for line in lines if (line["row"], line["dataset"]) == (row, data)]
        if runs:
            rows.setdefault(row, {})[data] = {
                "n": len(runs),
                "epochs": runs[0]["epochs"],
                "settings": runs[0]["settings"],
                "published": published.get((row, data), {}),
                **_mean_and_sd([run["scores"] for run in runs]),
                "best_on_test": _mean_and_sd([run["best_on_test"] for run in runs]),
                "runs": runs,
            }
    return rows


def _mean_and_sd(scores: list[dict[str, float]]) -> dict[str, dict[str, float | None]]:
    # Runs of earlier versions lack what later ones have added.
    names = [name for name in scores[0] if all(name in score for score in scores)]
    values = {name: [score[name] for score in scores] for name in names}
    return {
        "mean": {name: statistics.mean(v) for name, v in values.items()},
        "sd": {name: statistics.stdev(v) if len(v) > 1 else None for name, v in values.items()},
    }


def _over_epochs(history: list[dict[str, Any]]) -> Line:
    """Best on dev, its epoch, and the best on test, the protocol of the authors' code."""
    best = max(history, key=lambda row: row["score"])
    watched = [row["watched"] for row in history if "watched" in row]
    curve = [
        {"epoch": row["epoch"], "dev": row["score"], "loss": row["losses"]["rin"]}
        | {f"test_{name}": row.get("watched", {}).get(name) for name in AUTHORS}
        for row in history
    ]
    return {
        "dev_score": best["score"],
        "dev_epoch": best["epoch"],
        "best_on_test": {name: max(row[name] for row in watched) for name in AUTHORS if watched},
        "curve": _columns(curve),
    }


def _columns(points: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Points of a curve → their values by name, which are far shorter to write."""
    return {name: [point[name] for point in points] for name in points[0]}


def _round(value: Any) -> Any:
    """Floats in few digits; counts, seeds and texts as they are."""
    if isinstance(value, dict):
        return {name: _round(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_round(part) for part in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
