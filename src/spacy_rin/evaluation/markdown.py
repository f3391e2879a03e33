"""Texts, numbers and rows → Markdown, for the model card and the pages of the scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[object]], align: str = "") -> str:
    """Write a table.

    header (Sequence[str]): The titles of the columns.
    rows (Iterable[Sequence]): The cells. A bar or a line break would end a cell, so that bars are
        escaped and line breaks become spaces.
    align (str): "l" or "r" for each column; by default the first is "l", the others "r".
    RETURNS (str): The lines of the table.
    """
    align = align or "l" + "r" * (len(header) - 1)
    rule = ["---" if side == "l" else "---:" for side in align]
    cells = [[_one_line(str(cell)).replace("|", "\\|") for cell in row] for row in [header, *rows]]
    return "\n".join("| " + " | ".join(row) + " |" for row in [cells[0], rule, *cells[1:]]) + "\n"


def code(text: str) -> str:
    """Write a text as code, even if it has backticks itself.

    text (str): The text. Line breaks become spaces, since a blank line would end the code.
    RETURNS (str): Markdown.
    """
    text = _one_line(text) or " "
    ticks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def plain(text: str) -> str:
    """Escape a text, so that it appears as it is even if it looks like Markdown or HTML.

    text (str): The text. Line breaks become spaces.
    RETURNS (str): Markdown.
    """
    text = _one_line(text)
    # Markdown ignores an underscore within a word.
    return re.sub(r"([\\`*<>\[\]&~]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", text)


def percent(value: float) -> str:
    """Write a score as the field does: in percent, with one decimal and no sign.

    value (float): A score between 0 and 1.
    RETURNS (str): The number, such as "79.5".
    """
    return f"{100 * value:.1f}"


def _one_line(text: str) -> str:
    return " ".join(line for line in text.splitlines() if line.strip())
