"""Markdown, read back by a parser of Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from spacy_rin.evaluation.markdown import code, percent, plain, table

CELLS = st.text("ab |3", min_size=1).map(str.strip).filter(bool)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=3))
def test_cells_are_read_back(rows: list[tuple[str, str, str]]) -> None:
    tokens = MarkdownIt().enable("table").parse(table(["x", "y", "z"], rows))
    cells = [token.content for token in tokens if token.type == "inline"]
    assert cells == ["x", "y", "z", *(cell for row in rows for cell in row)]


def test_line_break_does_not_end_a_cell() -> None:
    assert table(["x", "y"], [["a\nb", "c"]]).splitlines()[2] == "| a b | c |"


@given(st.text("ab` *", min_size=1).filter(lambda text: text.strip(" ")))
def test_code_is_read_back(text: str) -> None:
    (inline,) = (t for t in MarkdownIt().parse(f"x {code(text)} x") if t.type == "inline")
    _, node, _ = inline.children
    assert node.type == "code_inline"
    assert node.content.strip(" ") == text.strip(" ")


@given(st.text("ab_*`<>[]()&;~\\!.#", min_size=1))
def test_plain_text_is_read_back(text: str) -> None:
    (inline,) = (t for t in MarkdownIt().parse(f"x {plain(text)} x") if t.type == "inline")
    assert {node.type for node in inline.children} <= {"text", "text_special"}
    assert "".join(node.content for node in inline.children) == f"x {text} x"


def test_columns_are_aligned_as_asked() -> None:
    assert table(["x", "y"], []).splitlines()[1] == "| --- | ---: |"
    assert table(["x", "y"], [], "rl").splitlines()[1] == "| ---: | --- |"


def test_percent_has_one_decimal() -> None:
    assert [percent(x) for x in (0.0, 0.79549, 1.0)] == ["0.0", "79.5", "100.0"]


@pytest.mark.parametrize(
    "text", ["A\n\n<script>x</script>", "\n\nA", "A\r\n\r\n# B", "A\u2028\u2028B", "\n"]
)
def test_blank_line_ends_neither_code_nor_text(text: str) -> None:
    parse = MarkdownIt().enable("table").parse
    for written in (f"x {code(text)} x", f"x {plain(text)} x", table(["x"], [[text]])):
        assert not {token.type for token in parse(written)} & {"html_block", "heading_open"}
        assert "\n\n" not in written
