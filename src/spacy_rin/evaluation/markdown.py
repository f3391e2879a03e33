"""Rows → a table in Markdown, for the pages that are written by the package and its scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[object]], align: str = "") -> str:
    """Write a table.

    header (Sequence[str]): Titles of the columns.
    rows (Iterable[Sequence]): Cells; a bar or a line break in one would end it: the one is
        escaped, the other becomes a space.
    align (str): "l" or "r" for each column; by default the first is "l", the others "r".
    RETURNS (str): The lines of the table.
    """
    align = align or "l" + "r" * (len(header) - 1)
    rule = ["---" if side == "l" else "---:" for side in align]
    cells = [
        [" ".join(str(cell).splitlines()).replace("|", "\\|") for cell in row]
        for row in [header, *rows]
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in [cells[0], rule, *cells[1:]]) + "\n"


def code(text: str) -> str:
    """RETURNS (str): A text as code, whatever backticks it has."""
    ticks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def plain(text: str) -> str:
    """RETURNS (str): A text as it is, though it may look like Markdown or HTML."""
    # An underscore within a word says nothing.
    return re.sub(r"([\\`*<>\[\]&~]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", text)


def percent(value: float) -> str:
    """RETURNS (str): A share of 1 as the field writes it, with one decimal and no sign."""
    return f"{100 * value:.1f}"
