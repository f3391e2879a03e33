"""The report of configs/reproduction.yml → its plots: over K, the threshold, and the epochs."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

from scripts.reproduce.modules.reports import Rows
from spacy_rin.files import replacing

matplotlib.use("Agg")
from matplotlib import pyplot as plt

DATA = ("webnlg", "webnlg_copyre")
ROUNDS = "components.rin.model.rounds"
# Rows that the curve over K goes through, besides those named curve_k…: none that tags nested
# mentions, of which webnlg_copyre has none.
ON_THE_CURVE = {
    "webnlg": ("rin_flat", "rin_without_interaction"),
    "webnlg_copyre": ("rin_best", "rin_without_interaction"),
}
WITH_THRESHOLD = ("rin", "rin_flat", "rin_best", "rin_trf_k2")
# Of a run's curve over the epochs: key, legend and colour.
OVER_EPOCHS = (
    ("dev", "dev, rel_f", "#1f6fb4"),
    ("test_authors_exact_f", "test, authors_exact_f", "#d1661b"),
    ("test_authors_partial_f", "test, authors_partial_f", "#5d8a3a"),
)


def draw(rows: Rows, folder: Path) -> None:
    """Write the plots, a panel for each form of WebNLG.

    rows (dict): What `reports.summarise` gives.
    folder (Path): Where to write them.
    """
    plots: dict[str, Callable[[Any, Rows, str], None]] = {
        "reproduction_rounds.png": _rounds,
        "reproduction_threshold.png": _thresholds,
        "reproduction_training.png": _training,
    }
    for name, plot in plots.items():
        figure, panels = plt.subplots(1, len(DATA), figsize=(10, 4), layout="constrained")
        for panel, data in zip(panels, DATA, strict=True):
            panel.set_title(data)
            panel.grid(alpha=0.3)
            plot(panel, rows, data)
            if panel.get_legend_handles_labels()[0]:
                panel.legend()
        with replacing(folder / name) as temporary:
            figure.savefig(temporary, dpi=110, format="png")
        plt.close(figure)


def _rounds(panel: Any, rows: Rows, data: str) -> None:
    points = {
        datasets[data]["settings"][ROUNDS]: datasets[data]
        for row, datasets in rows.items()
        if data in datasets and (row.startswith("curve_k") or row in ON_THE_CURVE[data])
    }
    for name, label in (("authors_partial_f", "partial match"), ("authors_exact_f", "exact match")):
        rounds = sorted(points)
        means = [100 * points[k]["mean"][name] for k in rounds]
        # one seed has no deviation, and no bar
        bars = [100 * (points[k]["sd"][name] or 0) for k in rounds]
        if rounds:
            panel.errorbar(rounds, means, yerr=bars, marker="o", capsize=3, label=label)
    panel.set(xlabel="K", ylabel="F1, as the authors' code counts")
    panel.xaxis.get_major_locator().set_params(integer=True)


def _thresholds(panel: Any, rows: Rows, data: str) -> None:
    # a row keeps its colour where another is missing
    for color, row in enumerate(WITH_THRESHOLD):
        if data not in rows.get(row, {}):
            continue
        runs = rows[row][data]["runs"]
        recall, precision = (
            [100 * statistics.mean(seeds) for seeds in zip(*columns, strict=True)]
            for columns in ([run["by_threshold"][x] for run in runs] for x in ("rel_r", "rel_p"))
        )
        panel.plot(recall, precision, marker=".", color=f"C{color}", label=row)
    panel.set(xlabel="recall", ylabel="precision")


def _training(panel: Any, rows: Rows, data: str) -> None:
    for run in rows.get("rin_best", {}).get(data, {}).get("runs", []):
        curve = run["curve"]
        for key, label, color in OVER_EPOCHS:
            values = [100 * (value or 0) for value in curve[key]]
            panel.plot(
                curve["epoch"], values, color=color, label=label if run["seed"] == 0 else None
            )
    panel.set(xlabel="epoch", ylabel="F1")
