"""JSON values → what a record may hold, or a `MalformedError` that says expected and found.

The parsers read the fields of a record with these: `check_*` take a value, `get_*` a field of an
object.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from ...errors import Errors
from .placing import unescape
from .records import Span

SURROGATE = re.compile("[\ud800-\udfff]")
TYPE_NAMES: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    list: "a list",
    dict: "an object",
}

T = TypeVar("T")


class MalformedError(ValueError):
    """A record, or a line, does not have the form that it should have."""


class RejectedError(ValueError):
    """An annotator did not accept the record."""


def check_type(value: Any, name: str, kind: type[T]) -> T:
    """Check a value's type.

    value (Any): The JSON value.
    name (str): What it is, for the message.
    kind (type[T]): One of `TYPE_NAMES`, bool or object.
    RETURNS (T): The value.
    RAISES (MalformedError): If it is of another type.
    """
    # To Python a boolean is an int, but it is no offset.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise wrong(name, TYPE_NAMES.get(kind, kind.__name__), value)
    return value


def check_text(value: Any, name: str, blank: bool = False) -> str:
    """Check that a value is text that can be stored.

    value (Any): The JSON value.
    name (str): What it is, for the message.
    blank (bool): Whether it may be whitespace.
    RETURNS (str): The text.
    RAISES (MalformedError): If it is not text, is empty, or has lone surrogates.
    """
    text = check_type(value, name, str)
    if not (text if blank else text.strip()) or SURROGATE.search(text):
        raise wrong(name, "text that is not empty and has no lone surrogates", text)
    return text


def check_range(start: Any, end: Any, size: int, name: str) -> Span:
    """Check offsets.

    start (Any): The first.
    end (Any): The one after the last; None for start + 1.
    size (int): The largest end that is allowed.
    name (str): What they are, for the message.
    RETURNS (Span): The offsets.
    RAISES (MalformedError): If they are no whole numbers, out of order or out of range.
    """
    start = check_type(start, name, int)
    end = start + 1 if end is None else check_type(end, name, int)
    if not 0 <= start < end <= size:
        raise wrong(name, f"start < end within 0 to {size}", f"{start}, {end}")
    return start, end


def get_field(row: Any, name: str, kind: type[T], default: T | None = None) -> T:
    """Read a field of an object.

    row (Any): The JSON value of the record, or of a part of it.
    name (str): The field.
    kind (type[T]): The type of its value.
    default (T | None): The value if the field is missing or null; None if there must be one.
    RETURNS (T): The field's value.
    RAISES (MalformedError): If the row is no object, or the field is missing or of another type.
    """
    if not isinstance(row, dict):
        raise wrong("the record, or a part of it", "an object", row)
    value = row.get(name)
    if value is not None:
        return check_type(value, name, kind)
    if default is None:
        raise MalformedError(
            Errors.R109.format(name=name, found=", ".join(map(str, row)) or "no fields")
        )
    return default


def get_label(row: Any, name: str, blank: bool = False) -> str:
    """Read a field that may hold a label.

    row (Any): The JSON value of the record, or of a part of it.
    name (str): The field.
    blank (bool): Whether the label may be whitespace.
    RETURNS (str): The label; "" if the field is missing or empty.
    RAISES (MalformedError): If it holds something else.
    """
    label = get_field(row, name, str, "")
    return check_text(label, name, blank) if label else ""


def get_list(row: Any, name: str, kind: type[T], size: int | None = None) -> list[T]:
    """Read a field that holds a list.

    row (Any): The JSON value of the record.
    name (str): The field.
    kind (type[T]): The type of the items.
    size (int | None): How many there must be; None for any number.
    RETURNS (list[T]): The items.
    RAISES (MalformedError): If it holds something else.
    """
    values = [check_type(value, name, kind) for value in get_field(row, name, list)]
    if size is not None and len(values) != size:
        raise wrong(name, f"one for each of {size} tokens", f"{len(values)} of them")
    return values


def get_words(row: Any, name: str, escaped: bool = True) -> list[str]:
    """Read a field that holds tokens.

    row (Any): The JSON value of the record.
    name (str): The field.
    escaped (bool): Whether to undo Penn Treebank escapes.
    RETURNS (list[str]): The words, at least one.
    RAISES (MalformedError): If it holds something else.
    """
    words = [check_text(word, name, blank=True) for word in get_field(row, name, list)]
    if not words:
        raise wrong(name, "at least one token", words)
    return [unescape(word) for word in words] if escaped else words


def get_tags(row: Any, name: str, words: list[str]) -> list[str] | None:
    """Read a field that may hold part-of-speech tags.

    row (Any): The JSON value of the record.
    name (str): The field.
    words (list[str]): The words, each of which must have a tag.
    RETURNS (list[str] | None): The tags; None if the field is missing.
    RAISES (MalformedError): If it holds something else.
    """
    if row.get(name) is None:
        return None
    return [check_text(tag, name) for tag in get_list(row, name, str, len(words))]


def get_index(row: Any, name: str, size: int) -> int:
    """Read a field that holds an index.

    row (Any): The JSON value of a part of the record.
    name (str): The field.
    size (int): The number of items that the index may point to.
    RETURNS (int): The index, from 0 to size - 1.
    RAISES (MalformedError): If it holds something else.
    """
    index = get_field(row, name, int)
    if not 0 <= index < size:
        raise wrong(name, f"the place of one of {size}, from 0", index)
    return index


def annotation_fields(row: dict[str, Any]) -> set[str]:
    """Collect the fields by which forms with "entities" and "relations" differ; checks nothing.

    row (dict): The JSON object of a record.
    RETURNS (set[str]): The names of all fields that its entities and relations have.
    """
    lists = [row[name] for name in ("entities", "relations") if isinstance(row.get(name), list)]
    return {name for items in lists for item in items if isinstance(item, dict) for name in item}


def wrong(name: str, expected: str, found: Any) -> MalformedError:
    """Make the error of a field that does not hold what it should.

    name (str): The field.
    expected (str): What it should hold.
    found (Any): What it holds.
    RETURNS (MalformedError): The error, to be raised.
    """
    return MalformedError(Errors.R110.format(name=name, expected=expected, found=show(found)))


def show(value: Any) -> str:
    """Show a value in a message.

    value (Any): The value.
    RETURNS (str): Its repr, cut if it is long.
    """
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
