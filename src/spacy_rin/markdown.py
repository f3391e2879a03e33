"""Rows → a table in Markdown, for the pages that are written by the package and its scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[object]], align: str = "") -> str:
    """Write a table.

    header (Sequence[str]): Titles of the columns.
    rows (Iterable[Sequence]): Cells; a bar in one is escaped, since it would end the cell.
    align (str): "l" or "r" for each column; by default the first is "l", the others "r".
    RETURNS (str): The lines of the table.
    """
    align = align or "l" + "r" * (len(header) - 1)
    rule = ["---" if side == "l" else "---:" for side in align]
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in [header, *rows]]
    return "\n".join("| " + " | ".join(row) + " |" for row in [cells[0], rule, *cells[1:]]) + "\n"


def percent(value: float) -> str:
    """RETURNS (str): A share of 1 as the field writes it, with one decimal and no sign."""
    return f"{100 * value:.1f}"
