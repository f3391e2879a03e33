"""A user's table of aliases: what it merges, and which of its lines contradict others."""

from __future__ import annotations

from pathlib import Path

import pytest
from triple_rows import make_row, read_table, write_rows

from spacy_rin.facts.collect import collect_facts

pytest.importorskip("duckdb", reason="needs the extra spacy-rin[kb]")

HEADS = "SELECT head, head_id, documents FROM facts ORDER BY documents DESC, head, head_id"


def heads(tmp_path: Path, table: str | None, *names: tuple[str, str]) -> list[tuple[str, str, int]]:
    rows = [
        make_row(f"d{k}", name, "saw", "Rome", head_id=id) for k, (name, id) in enumerate(names)
    ]
    triples = write_rows(tmp_path / "triples.jsonl", rows)
    aliases = None
    if table is not None:
        aliases = tmp_path / "aliases.csv"
        aliases.write_text(table, encoding="utf8")
    collect_facts(triples, tmp_path / "facts.duckdb", aliases=aliases)
    return read_table(tmp_path / "facts.duckdb", HEADS)


def test_aliases_and_the_name_itself_are_one_entity(tmp_path: Path) -> None:
    table = "alias,name\nJFK,John F. Kennedy\nPresident Kennedy,John F. Kennedy\n"
    names = [("jfk's", ""), ("President  Kennedy", ""), ("JOHN F. KENNEDY", ""), ("Kennedy", "")]
    found = heads(tmp_path, table, *names)
    assert found == [("John F. Kennedy", "", 3), ("Kennedy", "", 1)]


def test_aliases_with_an_id_join_the_mentions_that_have_it(tmp_path: Path) -> None:
    table = "alias,name,id\nJFK,John F. Kennedy,Q9696\nKennedy,John F. Kennedy,\n"
    names = [("JFK", ""), ("Kennedy", ""), ("John F. Kennedy", ""), ("Jack", "Q9696")]
    assert heads(tmp_path, table, *names) == [("John F. Kennedy", "Q9696", 4)]


def test_an_id_comes_before_an_alias(tmp_path: Path) -> None:
    table = "alias,name\nKennedy,John F. Kennedy\n"
    found = heads(tmp_path, table, ("Kennedy", "Q25310"), ("Kennedy", ""))
    assert found == [("John F. Kennedy", "", 1), ("Kennedy", "Q25310", 1)]


def test_a_database_keeps_its_aliases_until_it_gets_others(tmp_path: Path) -> None:
    names = [("JFK", ""), ("John F. Kennedy", "")]
    merged = [("John F. Kennedy", "", 2)]
    apart = [("JFK", "", 1), ("John F. Kennedy", "", 1)]
    assert heads(tmp_path, None, *names) == apart
    assert heads(tmp_path, "alias,name\nJFK,John F. Kennedy\n", *names) == merged
    assert heads(tmp_path, None, *names) == merged
    assert heads(tmp_path, "alias,name\n", *names) == apart


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            "alias,name\nK,John\nL,Ann\nk,Robert\n",
            r"line 4: 'k' means 'Robert'.*line 2 it is 'John'",
        ),
        (
            "alias,name\nK,John\nJohn,Robert\n",
            r"line 3: 'John' means 'Robert'.*line 2 it is 'John'",
        ),
        ("alias,name,id\nK,John,Q1\nL,John,Q2\n", r"line 3: 'John' has the id 'Q2'.*line 2.*'Q1'"),
        (
            "alias,name,id\nK,John,Q1\nL,Ann,Q1\n",
            r"line 3: the id 'Q1' is of 'Ann'.*line 2.*'John'",
        ),
        ("alias,name\nK,John\nL,\n", r"line 3: expected an alias and a name"),
        ("K,John\nL,Ann\n", r"line 2: expected an alias and a name.*alias,name"),
    ],
)
def test_wrong_table_is_an_error_that_names_the_line(
    tmp_path: Path, table: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        heads(tmp_path, table, ("K", ""))


def test_table_that_is_missing_or_no_text_is_an_error(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [make_row("a", "Ada", "saw", "Rome")])
    wrong = tmp_path / "aliases.csv"
    with pytest.raises(ValueError, match=r"aliases\.csv"):
        collect_facts(path, tmp_path / "facts.duckdb", aliases=wrong)
    wrong.write_bytes(b"alias,name\n\xff,x\n")
    with pytest.raises(ValueError, match=r"aliases\.csv.*UTF-8"):
        collect_facts(path, tmp_path / "facts.duckdb", aliases=wrong)
