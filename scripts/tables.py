"""Figures → Markdown tables."""

from __future__ import annotations


def table(header: list[str], rows: list[list[str]], text_columns: int = 1) -> str:
    """RETURNS (str): A Markdown table; the first columns are text, the others figures."""
    rule = ["---"] * text_columns + ["---:"] * (len(header) - text_columns)
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, rule, *rows]) + "\n"


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


def percent(value: float) -> str:
    """RETURNS (str): With one decimal."""
    return f"{100 * value:.1f}"
