"""The list of errors: every code once, in order within its section, and in use."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from string import Formatter

import pytest

from spacy_rin.errors import Warnings, commands, component, show_some, warnings
from spacy_rin.errors.messages import Message

PACKAGE = Path(component.__file__).parents[1]
CLASSES = [component.ComponentErrors, commands.CommandErrors, warnings.Warnings]
# Values that messages show as numbers.
NUMBERS = {"byte", "length", "most", "seconds"}
# A section starts with a comment after a blank line.
SECTIONS = [
    re.findall(r"^    (R\d{3}) = ", section, re.MULTILINE)
    for module in (component, commands, warnings)
    for section in Path(module.__file__).read_text(encoding="utf8").split("\n\n    # ")[1:]
]
CODES = Counter(code for section in SECTIONS for code in section)


def test_every_code_stands_once_and_in_a_section() -> None:
    assert set(CODES.values()) == {1}
    assert set(CODES) == {code for messages in CLASSES for code in codes(messages)}


def test_codes_ascend_within_each_section() -> None:
    assert all(section == sorted(section) for section in SECTIONS)


def codes(messages: type) -> set[str]:
    return {name for name in vars(messages) if name.startswith("R")}


def used(name: str) -> set[str]:
    """The codes of a class that are used somewhere."""
    sources = (path.read_text(encoding="utf8") for path in PACKAGE.rglob("*.py"))
    return {code for source in sources for code in re.findall(rf"{name}\.(R\d{{3}})", source)}


def test_every_code_is_used() -> None:
    assert used("Errors") == set(CODES) - codes(Warnings)
    assert used("Warnings") == codes(Warnings)


@pytest.mark.parametrize("messages", CLASSES)
def test_no_message_is_long_whatever_it_is_filled_with(messages: type) -> None:
    for code in codes(messages):
        message = getattr(messages, code)
        names = {name for _, name, _, _ in Formatter().parse(message) if name}
        values = {name: 10 if name in NUMBERS else ["label"] * 10_000 for name in names}
        assert len(message.format(**values)) < 3000, code


def test_long_value_is_cut_in_its_middle() -> None:
    found = Message("{a!r} and {b}").format(a="x" * 5000, b=5)
    assert len(found) < 2500 and found.startswith("'xxx") and found.endswith("xxx' and 5")


def test_first_items_are_shown() -> None:
    assert show_some(range(3)) == "0, 1, 2"
    assert show_some(range(10)) == "0, 1, 2 and 7 more"
