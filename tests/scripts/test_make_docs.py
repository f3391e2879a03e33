"""The generated pages: as the sources are now, and with all that is public."""

from __future__ import annotations

import re

import pytest
from paths import ROOT

import spacy_rin
from scripts.docs import make_docs

# one of the pages is made by a command of typer
pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return make_docs.pages()


@pytest.mark.parametrize("name", ["docs/python-api.md", "docs/command-line.md"])
def test_pages_are_up_to_date(name: str, pages: dict[str, str]) -> None:
    found = (ROOT / name).read_text(encoding="utf8")
    assert found == pages[name], "run python -m scripts.docs.make_docs"


def test_python_page_has_every_public_name(pages: dict[str, str]) -> None:
    for name in spacy_rin.__all__:
        heading = rf"^### `[\w.]+\.{name}`$"
        assert re.search(heading, pages["docs/python-api.md"], re.MULTILINE), name


def test_arguments_come_out_as_rows(pages: dict[str, str]) -> None:
    text = pages["docs/python-api.md"]
    assert "| `max_length` | `int` | Words above which a unit is read in windows" in text
    assert "| `RAISES` | `ValueError` | If offsets that were stored without texts lie" in text
    assert not re.search(r"^(RETURNS|RAISES|YIELDS) \(", text, re.MULTILINE)


def test_long_signatures_have_a_line_for_each_argument(pages: dict[str, str]) -> None:
    text = pages["docs/python-api.md"]
    (convert,) = re.findall(r"```py\n(convert\(.*?)```", text, re.DOTALL)
    assert "\n    lang: str = 'en',\n" in convert and "\n    *,\n" in convert
    assert max(map(len, convert.splitlines())) <= 88


def test_command_line_page_has_every_command(pages: dict[str, str]) -> None:
    from spacy_rin.cli import app

    for command in app.registered_commands:
        assert f"## `spacy-rin {command.name}`" in pages["docs/command-line.md"]
