"""A JSON file → its records one by one, each with the line where it begins. Tables give rows, too.

The first step of a reader. A list is read item by item, so memory does not grow with the file.
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
from .arrow import is_arrow, read_arrow
from .checks import MalformedError
from .records import RawRow, Source

PEEK = 100  # records that may be read ahead, to recognise the form of a file
CHUNK = 1 << 16  # characters
MAX_RECORD = 1 << 24  # characters; an item of a list that is longer is taken for a broken one
NOT_WHITESPACE = re.compile(r"[^ \t\r\n]")
# The decoder's error for a string without its closing quote. It points to where the string begins.
UNTERMINATED = "Unterminated"
# Characters. Any other error of a value that is cut off points to the token in which it is cut, and
# the longest token is "-Infinity". The rest is margin for tokens of later decoders.
LONGEST_TOKEN = 16
# Where the text is cut off within "1.", "1e" or "1e+", the decoder takes the "1" for the number and
# leaves the marks after it.
NUMBER_MARKS = ".eE+-"
MOST_MARKS = 2


def read_rows(source: Source) -> Iterator[RawRow]:
    """Read a JSON list item by item, a file with one value a line, a table, or rows in memory.

    source (Source): A file of JSON, Parquet or Arrow; or the rows.
    YIELDS (RawRow): Each record; for a line that is not JSON, a MalformedError.
    RAISES (ValueError): If the file cannot be read, or its list is broken.
    """
    if not isinstance(source, Path):
        yield from ((f"row {number}", row) for number, row in enumerate(source, 1))
    elif is_arrow(source):
        yield from read_arrow(source)
    else:
        yield from _read_json(source)


def read_pairs(path: Path) -> Iterator[RawRow]:
    """Read a list of two lists, `[[a, b, ...], [c, d, ...]]`, as pairs (a, c), (b, d), ...

    path (Path): The file.
    YIELDS (RawRow): Each pair.
    RAISES (ValueError): If the file cannot be read, is broken, or the lists differ in length.
    """
    # Two streams walk the two lists side by side, so that no item of the first list is kept.
    with open_text(path) as one, open_text(path) as two:
        first, second = JsonStream(one, path), JsonStream(two, path)
        first.expect("[")
        # The second stream passes the first list to get to its own.
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
    """Read the JSON values of a file one after the other. It holds the text of one at a time.

    handle (TextIO): The open file.
    path (Path): Its name, for messages.
    RAISES (ValueError): If the file is empty.
    """

    def __init__(self, handle: TextIO, path: Path) -> None:
        self.handle, self.path = handle, path
        self.text, self.pos, self.line, self.number = "", 0, 1, 0
        self.decoder = json.JSONDecoder()
        if not self.peek():
            raise ValueError(Errors.R101.format(path=path))

    def items(self) -> Iterator[tuple[int, int, Any]]:
        """Read a list item by item.

        YIELDS (tuple[int, int, Any]): The line of each item, its number from 1, and its value.
        RAISES (ValueError): If the list is broken.
        """
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
        """Look at the next character, without passing it.

        RETURNS (str): The next one that is no whitespace; "" at the end of the file.
        """
        while True:
            found = NOT_WHITESPACE.search(self.text, self.pos)
            self._advance(found.start() if found else len(self.text))
            if self.pos < len(self.text) or not self._fill():
                return self.text[self.pos : self.pos + 1]

    def skip(self, char: str) -> bool:
        """Pass the next character if it is this one.

        char (str): The character.
        RETURNS (bool): Whether it was passed.
        """
        found = self.peek() == char
        self._advance(self.pos + found)
        return found

    def expect(self, char: str) -> None:
        """Pass the next character, which must be this one.

        char (str): The character.
        RAISES (ValueError): If another one follows.
        """
        if not self.skip(char):
            raise self._broken(f"expected {char!r}, found {self.peek() or 'the end'!r}")

    def end(self) -> None:
        """Check that nothing follows.

        RAISES (ValueError): If anything but whitespace does.
        """
        if self.peek():
            raise self._broken("something follows its end")

    def value(self) -> Any:
        """Read the next value as a whole.

        RETURNS (Any): The value.
        RAISES (ValueError): If it is broken or too long.
        """
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.pos)
            except json.JSONDecodeError as err:
                if not self._more_may_complete(err) or not self._fill():
                    raise self._broken(err.msg) from err
            except (ValueError, RecursionError) as err:
                raise self._broken(str(err)) from err
            else:
                if not self._number_may_go_on(end) or not self._fill():
                    self._advance(end)
                    return value

    def _more_may_complete(self, err: json.JSONDecodeError) -> bool:
        """Whether more input may complete the value that the decoder found broken."""
        near_end = err.pos > len(self.text) - LONGEST_TOKEN
        cut_off = near_end or err.msg.startswith(UNTERMINATED)
        return cut_off and len(self.text) - self.pos <= MAX_RECORD

    def _number_may_go_on(self, end: int) -> bool:
        """Whether the text read so far ends here, or with what may be the middle of a number."""
        return not self.text[end : end + MOST_MARKS + 1].strip(NUMBER_MARKS)

    def _fill(self) -> bool:
        """Read more text, at least as much as is held; False at the end of the file."""
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


def _read_json(path: Path) -> Iterator[RawRow]:
    """Read a JSON list item by item, or a file with one value a line."""
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


def _loads(text: str) -> Any:
    """Decode a line; a line that is not JSON becomes a MalformedError, which is not raised."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as err:
        return MalformedError(Errors.R111.format(reason=err))
