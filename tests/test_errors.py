"""The list of errors: every code once, in order within its section, and in use."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from string import Formatter

import pytest

from spacy_rin import cautions, errors
from spacy_rin.messages import Message, show_some

SOURCE = Path(errors.__file__)
# A section starts with a comment after a blank line.
SECTIONS = [
    re.findall(r"^    (R\d{3}) = ", section, re.MULTILINE)
    for section in SOURCE.read_text(encoding="utf8").split("\n\n    # ")[1:]
]
CODES = Counter(code for section in SECTIONS for code in section)


def test_every_code_stands_once_and_in_a_section() -> None:
    assert set(CODES.values()) == {1}
    assert set(CODES) == {name for name in vars(errors.Errors) if name.startswith("R")}


def test_codes_ascend_within_each_section() -> None:
    assert all(section == sorted(section) for section in SECTIONS)


def codes(messages: type) -> set[str]:
    return {name for name in vars(messages) if name.startswith("R")}


def used(name: str) -> set[str]:
    """The codes of a class that are used somewhere."""
    sources = (path.read_text(encoding="utf8") for path in SOURCE.parent.rglob("*.py"))
    return {code for source in sources for code in re.findall(rf"{name}\.(R\d{{3}})", source)}


def test_every_code_is_used() -> None:
    assert used("Errors") == set(CODES)
    assert used("Warnings") == codes(cautions.Warnings)


def test_codes_of_errors_and_warnings_differ() -> None:
    assert not codes(errors.Errors) & codes(cautions.Warnings)


@pytest.mark.parametrize("messages", [errors.Errors, cautions.Warnings])
def test_no_message_is_long_whatever_it_is_filled_with(messages: type) -> None:
    for code in codes(messages):
        message = getattr(messages, code)
        names = {name for _, name, _, _ in Formatter().parse(message) if name}
        values = {name: 10 if name == "byte" else ["label"] * 10_000 for name in names}
        assert len(message.format(**values)) < 3000, code


def test_long_value_is_cut_in_its_middle() -> None:
    found = Message("{a!r} and {b}").format(a="x" * 5000, b=5)
    assert len(found) < 1300 and found.startswith("'xxx") and found.endswith("xxx' and 5")


def test_first_items_are_shown() -> None:
    assert show_some(range(3)) == "0, 1, 2"
    assert show_some(range(10)) == "0, 1, 2 and 7 more"
