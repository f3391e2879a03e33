"""Messages of errors and warnings that stay short, whatever values they are filled with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from string import Formatter
from typing import Any

# About the most characters that the values of a message have together. A list of all labels, or a
# whole text, would hide what the message says.
LONGEST_VALUES = 2400


class Message(str):
    """A message whose values are cut if they are long."""

    def format(self, *args: Any, **values: Any) -> str:
        """Fill the message.

        args (Any): Values without a name.
        values (Any): The values, by the names in the message.
        RETURNS (str): The message.
        """
        times = Counter(name for _, name, _, _ in Formatter().parse(self) if name)
        room, left = LONGEST_VALUES, times.total()
        # The shortest first: they leave their room to long ones.
        for name in sorted(values, key=lambda name: len(str(values[name]))):
            most = room // max(1, left)
            values[name] = _cut(values[name], most)
            room -= min(len(str(values[name])), most) * times[name]
            left -= times[name]
        return super().format(*args, **values)


class Messages(type):
    """The class of a class whose texts are Messages."""

    def __getattribute__(cls, code: str) -> Any:
        found = super().__getattribute__(code)
        return found if code.startswith("__") else Message(found)


def show_some(items: Iterable[Any], most: int = 3) -> str:
    """Show the first of many items in a message.

    items (Iterable[Any]): The items.
    most (int): How many are shown.
    RETURNS (str): The first ones, and how many more there are.

    >>> show_some(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    shown = list(items)
    text = ", ".join(map(repr, shown[:most]))
    return text if len(shown) <= most else f"{text} and {len(shown) - most} more"


def _cut(value: Any, most: int) -> Any:
    """A value for a message, cut in its middle if it has more than `most` characters."""
    text = str(value)
    if len(text) <= most:
        return value
    half = most // 2
    return f"{text[:half]} … {text[-half:]}"
