"""Figures → Markdown tables."""

from __future__ import annotations

from typing import Any

from spacy_rin.evaluation.markdown import percent, table


def prf_table(title: str, rows: dict[str, dict[str, float]]) -> str:
    """RETURNS (str): Precision, recall and F1 of each row, and its triples where they are known."""
    counted = all("predicted" in row for row in rows.values())
    header = [title, "P", "R", "F1", *(["gold triples", "predicted"] if counted else [])]
    body = [
        [name, *(percent(row[f"rel_{x}"]) for x in "prf")]
        + ([str(row["triples"]), str(row["predicted"])] if counted else [])
        for name, row in rows.items()
    ]
    return table(header, body)


def mean_of(mean: float, sd: float | None) -> str:
    """RETURNS (str): Mean and standard deviation, in percent."""
    return percent(mean) + (f" ± {percent(sd)}" if sd is not None else "")


def published_of(mean: float, sd: float | None) -> str:
    """RETURNS (str): A published figure, which is in percent already."""
    return f"{mean}" + (f" ± {sd:.1f}" if sd is not None else "")


def drills_table(report: dict[str, Any]) -> str:
    """RETURNS (str): What each drill looks for, what it has found, and whether that holds."""
    rows = [
        [row["promise"], row["figure"], "yes" if row["holds"] else row.get("inherited", "no")]
        for row in report["drills"]
    ]
    return table(["promised", "drill", "holds"], rows, "lll")
