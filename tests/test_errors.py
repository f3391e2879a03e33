"""The list of errors: every code once, in order within its section, and in use."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from spacy_rin.errors import Errors, commands, component

PACKAGE = Path(component.__file__).parents[1]
# A section starts with a comment after a blank line.
SECTIONS = [
    re.findall(r"^    (R\d{3}) = ", section, re.MULTILINE)
    for module in (component, commands)
    for section in Path(module.__file__).read_text(encoding="utf8").split("\n\n    # ")[1:]
]
CODES = Counter(code for section in SECTIONS for code in section)


def test_every_code_stands_once_and_in_a_section() -> None:
    assert set(CODES.values()) == {1}
    assert set(CODES) == {name for name in dir(Errors) if name.startswith("R")}


def test_codes_ascend_within_each_section() -> None:
    assert all(section == sorted(section) for section in SECTIONS)


def test_every_code_is_used() -> None:
    sources = (path.read_text(encoding="utf8") for path in PACKAGE.rglob("*.py"))
    used = {code for source in sources for code in re.findall(r"Errors\.(R\d{3})", source)}
    assert used == set(CODES)
