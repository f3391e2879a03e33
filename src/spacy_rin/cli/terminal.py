"""Texts of files → lines on the terminal, which can do nothing to it.

A text may hold escapes that move the cursor, change the title, or hide what was printed before.
The commands print by `msg`, which shows such characters instead of sending them.
"""

from __future__ import annotations

import re
from shutil import get_terminal_size
from typing import Any

from tqdm import tqdm
from wasabi import Printer

# Control characters but tab and line break, marks that turn the direction of what follows, and
# lone surrogates, which a terminal cannot print.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Replace what a terminal would obey, or could not print, by an escape that can be read.

    text (str): Any text.
    RETURNS (str): The text, with "\\\\x1b" for the character 27, and so on.
    """
    return UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def make_bar(**settings: Any) -> tqdm:
    """Make a progress bar, which vanishes at the end and is shown on terminals alone.

    settings (Any): Those of tqdm.
    RETURNS (tqdm): The bar.
    """
    # By itself, tqdm draws nothing if the terminal does not report its own size.
    columns, rows = get_terminal_size()
    return tqdm(disable=None, leave=False, ncols=columns, nrows=rows, **settings)


class Terminal(Printer):
    """wasabi's printer, for texts from files: it shows what a terminal would obey."""

    def text(self, title: Any = "", text: Any = "", *args: Any, **settings: Any) -> Any:
        """Print a message, as `Printer.text` does. The messages of all kinds pass through here.

        title (Any): The main text.
        text (Any): More text, below it.
        args (Any): The further arguments of `Printer.text`.
        settings (Any): Those by name.
        RETURNS (Any): What `Printer.text` returns.
        """
        return super().text(visible(str(title)), visible(str(text)), *args, **settings)

    def divider(self, text: str = "", *args: Any, **settings: Any) -> Any:
        """Print a line with a title, as `Printer.divider` does.

        text (str): The title.
        args (Any): The further arguments of `Printer.divider`.
        settings (Any): Those by name.
        RETURNS (Any): What `Printer.divider` returns.
        """
        return super().divider(visible(text), *args, **settings)

    def table(self, data: Any, **settings: Any) -> Any:
        """Print a table, as `Printer.table` does. A line break in a cell is shown as an escape.

        data (Any): A list of rows, or a dict for two columns.
        settings (Any): The further arguments of `Printer.table`.
        RETURNS (Any): What `Printer.table` returns.
        """
        rows = data.items() if isinstance(data, dict) else data
        cells = [[visible(str(cell)).replace("\n", "\\n") for cell in row] for row in rows]
        return super().table(cells, **settings)


msg = Terminal()
