"""Triples → facts: what is merged, and that no order and no repetition changes it."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from triple_rows import Row, make_row, read_table, write_rows

from scripts.bench.modules.plain_facts import find_facts
from spacy_rin.facts.collect import collect_facts

pytest.importorskip("duckdb", reason="needs the extra spacy-rin[kb]")

NAMES = st.sampled_from(
    ["Ada", "ada's", "“ADA”", "Ada  Byron", "Rome", "rome", "St. James'", "'", "é"]
)
ROWS = st.builds(
    make_row,
    st.sampled_from(["a", "b", "c"]),
    NAMES,
    st.sampled_from(["r", "s t"]),
    NAMES,
    st.sampled_from([0.25, 0.5, 0.75, 1.0]),
    at=st.integers(0, 2),
    head_id=st.sampled_from(["", "", "Q1", "Q2"]),
    tail_id=st.sampled_from(["", "", "Q1"]),
)
TIME = datetime(2026, 1, 31, 12)
KEY = "head, relation, tail, head_id, tail_id"


def facts_of(*inputs: list[Row], runs: int = 1, **settings: Any) -> dict[Any, Any]:
    """The facts of some inputs, which are added in one run or in several."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        paths = [write_rows(folder / f"{k}.jsonl", rows) for k, rows in enumerate(inputs)]
        database = folder / "facts.duckdb"
        for k in range(runs):
            collect_facts(paths[k::runs], database, now=TIME, **settings)
        return read_facts(database)


def read_facts(database: Path) -> dict[Any, Any]:
    facts = read_table(database, f"SELECT {KEY}, * EXCLUDE ({KEY}) FROM facts")
    proofs = read_table(
        database,
        f"SELECT {KEY}, document, head_start, head_end, relation, tail_start, tail_end "
        "FROM evidence ORDER BY rank",
    )
    evidence: dict[Any, list[Any]] = {}
    for row in proofs:
        evidence.setdefault(row[:5], []).append(row[5:])
    names = ("mentions", "documents", "best_score", "probability", "first_seen", "last_seen")
    return {
        row[:5]: {**dict(zip(names, row[5:], strict=True)), "evidence": evidence[row[:5]]}
        for row in facts
    }


def approximately(facts: dict[Any, Any]) -> dict[Any, Any]:
    """Probabilities are products, whose last digits depend on the order."""
    return {
        fact: {**values, "probability": pytest.approx(values["probability"])}
        for fact, values in facts.items()
    }


@settings(max_examples=25)
@given(rows=st.lists(ROWS, min_size=1, max_size=8))
def test_facts_are_those_of_plain_python(rows: list[Row]) -> None:
    expected = find_facts({**row, "seen": TIME} for row in rows)
    assert facts_of(rows) == approximately(expected)


@settings(max_examples=10)
@given(rows=st.lists(ROWS, min_size=3, max_size=8), data=st.data())
def test_neither_order_nor_runs_nor_repetition_matter(rows: list[Row], data: st.DataObject) -> None:
    expected = facts_of(rows)
    other = data.draw(st.permutations(rows))
    assert facts_of(other[:2], other[2:], rows[:1]) == approximately(expected)
    assert facts_of(other[:2], other[2:], rows, runs=3) == approximately(expected)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kennedy", "KENNEDY"),
        ("Kennedy", "Kennedy’s"),
        ("Kennedy", "“Kennedy”"),
        ("Kennedy", "‘Kennedy’s’"),
        ("New York", "New\n York"),
        ("New York", "New\u00a0York"),
        ("Rene\u0301", "René"),
        ("O’Hara", "O'Hara"),
    ],
)
def test_spellings_of_one_name_are_one_entity(one: str, other: str) -> None:
    facts = facts_of([make_row("a", one, "r", "x"), make_row("b", other, "r", "x")])
    assert [values["documents"] for values in facts.values()] == [2]


@pytest.mark.parametrize(("one", "other"), [("Ann", "Anna"), ("'", '"'), ("Jame", "James")])
def test_other_names_are_other_entities(one: str, other: str) -> None:
    facts = facts_of([make_row("a", one, "r", "x"), make_row("b", other, "r", "x")])
    assert len(facts) == 2


def test_counts_scores_and_dates_of_a_fact() -> None:
    rows = [
        make_row("a", "Ada", "saw", "Rome", 0.5),
        make_row("a", "Ada", "saw", "Rome", 0.75, at=50),
        make_row("b", "ADA", "saw", "Rome", 0.5),
    ]
    assert facts_of(rows) == {
        ("Ada", "saw", "Rome", "", ""): {
            "mentions": 3,
            "documents": 2,
            "best_score": 0.75,
            "probability": pytest.approx(1 - 0.25 * 0.5),
            "first_seen": TIME,
            "last_seen": TIME,
            "evidence": [
                ("a", 50, 53, "saw", 58, 62),
                ("a", 0, 3, "saw", 8, 12),
                ("b", 0, 3, "saw", 8, 12),
            ],
        }
    }


def test_evidence_is_the_best_of_a_fact() -> None:
    scores = [0.5, 0.9, 0.6, 0.8, 0.7, 1.0]
    rows = [make_row(f"d{k}", "Ada", "saw", "Rome", score) for k, score in enumerate(scores)]
    ((values),) = facts_of(rows).values()
    assert [place[0] for place in values["evidence"]] == ["d5", "d1", "d3", "d4", "d2"]


def test_ids_merge_what_is_spelled_differently_and_part_what_is_not() -> None:
    numbers = count()
    rows = [
        make_row(f"d{next(numbers)}", name, "saw", "Rome", head_id=id)
        for name, id in (
            ("JFK", "Q9696"),
            ("Kennedy", "Q9696"),
            ("Kennedy", "Q9696"),
            ("Kennedy", "Q25310"),
            ("Kennedy", ""),
        )
    ]
    found = {fact[0::3]: values["documents"] for fact, values in facts_of(rows).items()}
    assert found == {("Kennedy", "Q9696"): 3, ("Kennedy", "Q25310"): 1, ("Kennedy", ""): 1}


def test_better_reading_of_a_place_replaces_the_worse() -> None:
    worse = make_row("a", "Ada", "saw", "Rome", 0.5)
    better = {**worse, "score": 0.9, "head_id": "Q7259"}
    for inputs in ([worse, better], [better, worse]):
        facts = facts_of(*[[row] for row in inputs], runs=2)
        ((fact, values),) = facts.items()
        assert fact == ("Ada", "saw", "Rome", "Q7259", "")
        assert (values["mentions"], values["best_score"]) == (1, 0.9)


def test_dates_are_those_of_the_documents(tmp_path: Path) -> None:
    rows = [
        make_row(name, "Ada", "saw", "Rome", day=day)
        for name, day in (("a", "2026-03-01"), ("b", "2025-12-31T08:30"), ("c", None))
    ]
    path = write_rows(tmp_path / "a.jsonl", rows)
    collect_facts(path, tmp_path / "facts.duckdb", date_field="day")
    (values,) = read_facts(tmp_path / "facts.duckdb").values()
    assert values["first_seen"] == datetime(2025, 12, 31, 8, 30)
    assert values["last_seen"] == datetime(2026, 3, 1)


def test_later_run_with_the_same_mentions_changes_no_date(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "a.jsonl", [make_row("a", "Ada", "saw", "Rome")])
    database = tmp_path / "facts.duckdb"
    for time in (TIME, TIME.replace(year=2027)):
        facts = collect_facts(path, database, now=time)
    assert (facts.rows, facts.added, facts.mentions) == (1, 0, 1)
    (values,) = read_facts(database).values()
    assert values["first_seen"] == values["last_seen"] == TIME


def test_entities_have_their_spellings_labels_and_counts(tmp_path: Path) -> None:
    rows = [
        make_row("a", "Ada", "saw", "Rome"),
        make_row("b", "ada", "saw", "Ada", tail_label="PER"),
        make_row("b", "Ada", "met", "Bob", at=40, tail_label="PER"),
    ]
    database = tmp_path / "facts.duckdb"
    collect_facts(write_rows(tmp_path / "a.jsonl", rows), database)
    assert read_table(database, "SELECT * FROM entities ORDER BY name") == [
        ("Ada", "", "PER", 4, 2, 3, ["Ada", "ada"]),
        ("Bob", "", "PER", 1, 1, 1, ["Bob"]),
        ("Rome", "", "LOC", 1, 1, 1, ["Rome"]),
    ]


def test_two_tails_of_a_functional_relation_are_listed(tmp_path: Path) -> None:
    rows = [
        make_row("a", "Ada", "born_in", "London"),
        make_row("b", "Ada", "born_in", "Rome"),
        make_row("c", "Ada", "born_in", "London"),
        make_row("d", "Ada", "saw", "Rome", at=30),
        make_row("d", "Ada", "saw", "Paris", at=60),
        make_row("e", "Bob", "born_in", "Paris"),
    ]
    path = write_rows(tmp_path / "a.jsonl", rows)
    facts = collect_facts(path, tmp_path / "facts.duckdb", functional=["born_in"])
    assert facts.conflicts == [("Ada", "born_in", ["London", "Rome"])]
    assert facts.conflicting == 1
    with pytest.raises(ValueError, match=r"'born'.*born_in, saw"):
        collect_facts(path, tmp_path / "facts.duckdb", functional=["born"])
