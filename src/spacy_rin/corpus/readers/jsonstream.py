"""A JSON file -> its records as they come, each with the line where it stands.

The first step of a reader. A list is read item by item, so that memory does not grow with the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any, TextIO

from ...errors import Errors
from .checks import MalformedError
from .records import JsonRow

PEEK = 100  # records read ahead, to see what form a file has
CHUNK = 1 << 16  # characters
MAX_RECORD = 1 << 24  # characters; beyond that a JSON list is broken, not long
NOT_WHITESPACE = re.compile(r"[^ \t\r\n]")


def read_rows(path: Path) -> Iterator[JsonRow]:
    """Read a JSON list item by item, or a file with one value a line.

    path (Path): The file.
    YIELDS (JsonRow): Each record, or for a line that is not JSON a MalformedError.
    RAISES (ValueError): If the file cannot be read, or its list is broken.
    """
    with open_text(path) as handle:
        stream = JsonStream(handle, path)
        if stream.peek() == "[":
            for line, number, value in stream.items():
                yield f"{path}:{line} (record {number})", value
            stream.end()
            return
        handle.seek(0)
        for line, text in enumerate(handle, 1):
            if text.strip():
                yield f"{path}:{line}", _loads(text)


def read_pairs(path: Path) -> Iterator[JsonRow]:
    """Read a list of two lists, `[[a, b, ...], [c, d, ...]]`, as pairs (a, c), (b, d), ...

    path (Path): The file.
    YIELDS (JsonRow): Each pair.
    RAISES (ValueError): If the file cannot be read, is broken, or the lists differ in length.
    """
    # Two arrays one after the other, walked side by side: nothing of the first is kept.
    with open_text(path) as one, open_text(path) as two:
        first, second = JsonStream(one, path), JsonStream(two, path)
        # The second reader goes ahead to the second array.
        first.expect("[")
        second.expect("[")
        sentences = sum(1 for _ in second.items())
        second.expect(",")
        for one_item, other_item in zip_longest(first.items(), second.items()):
            if not one_item or not other_item:
                raise ValueError(Errors.R112.format(path=path, sentences=sentences))
            line, number, flat = other_item
            yield f"{path}:{line} (record {number})", (one_item[2], flat)
        second.expect("]")
        second.end()


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a text file, with or without a byte order mark.

    path (Path): The file.
    YIELDS (TextIO): The open file.
    RAISES (ValueError): If it cannot be read or is not UTF-8.
    """
    if path.is_fifo():
        reason = "it is a pipe, which can't be read twice; write it to a file first"
        raise ValueError(Errors.R100.format(path=path, reason=reason))
    try:
        with path.open(encoding="utf-8-sig") as handle:
            yield handle
    except UnicodeDecodeError as err:
        byte = f"0x{err.object[err.start]:02x}"
        raise ValueError(Errors.R100.format(path=path, reason=f"not UTF-8, byte {byte}")) from err
    except OSError as err:
        raise ValueError(Errors.R100.format(path=path, reason=err.strerror or err)) from err


class JsonStream:
    """JSON values of a file, one after the other; holds the text of one at a time."""

    def __init__(self, handle: TextIO, path: Path) -> None:
        self.handle, self.path = handle, path
        self.text, self.pos, self.line, self.number = "", 0, 1, 0
        self.decoder = json.JSONDecoder()
        if not self.peek():
            raise ValueError(Errors.R101.format(path=path))

    def items(self) -> Iterator[tuple[int, int, Any]]:
        """YIELDS (tuple[int, int, Any]): Line, number from 1 and value of each item of a list."""
        self.expect("[")
        self.number = 0
        while self.number or not self.skip("]"):
            self.number += 1
            self.peek()
            line = self.line
            yield line, self.number, self.value()
            if self.skip("]"):
                return
            self.expect(",")

    def peek(self) -> str:
        """RETURNS (str): The next character that is no whitespace; "" at the end of the file."""
        while True:
            found = NOT_WHITESPACE.search(self.text, self.pos)
            self._advance(found.start() if found else len(self.text))
            if self.pos < len(self.text) or not self._fill():
                return self.text[self.pos : self.pos + 1]

    def skip(self, char: str) -> bool:
        """RETURNS (bool): Whether the next character was this one, which is now passed."""
        found = self.peek() == char
        self._advance(self.pos + found)
        return found

    def expect(self, char: str) -> None:
        """Pass the next character.

        char (str): The one that must follow.
        RAISES (ValueError): If another one does.
        """
        if not self.skip(char):
            raise self._broken(f"expected {char!r}, found {self.peek() or 'the end'!r}")

    def end(self) -> None:
        """RAISES (ValueError): If anything but whitespace follows."""
        if self.peek():
            raise self._broken("something follows its end")

    def value(self) -> Any:
        """RETURNS (Any): The next value, whole."""
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.pos)
            except json.JSONDecodeError as err:
                # An error far from the end of what was read is not for want of more.
                cut = err.msg.startswith("Unterminated") or err.pos > len(self.text) - 16
                if not cut or len(self.text) - self.pos > MAX_RECORD or not self._fill():
                    raise self._broken(err.msg) from err
            except (ValueError, RecursionError) as err:
                raise self._broken(str(err)) from err
            else:
                # A number that ends where the text read so far ends may go on.
                if self.text[end : end + 3].strip(".eE+-") or not self._fill():
                    self._advance(end)
                    return value

    def _fill(self) -> bool:
        rest = self.text[self.pos :]
        more = self.handle.read(max(CHUNK, len(rest)))
        self.text, self.pos = rest + more, 0
        return bool(more)

    def _advance(self, pos: int) -> None:
        self.line += self.text.count("\n", self.pos, pos)
        self.pos = pos

    def _broken(self, reason: str) -> ValueError:
        return ValueError(
            Errors.R105.format(path=self.path, line=self.line, record=self.number, reason=reason)
        )


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as err:
        return MalformedError(Errors.R111.format(reason=err))
