"""Reports of runs: JSON lines, sorted and short, which give the pages the same means."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT

from scripts.reproduce.modules.matrix import Run, read_matrix
from scripts.reproduce.modules.reports import PUBLISHED, read_report, summarise, write_report
from scripts.reproduce.modules.tables import mean_of


def make_line(row: str, dataset: str, seed: int, score: float) -> dict[str, Any]:
    return {
        "row": row,
        "dataset": dataset,
        "seed": seed,
        "key": "0",
        "epochs": 30,
        "settings": {"paths.vectors": None, "components.rin.nested": False},
        "scores": {"rel_f": score},
        "best_on_test": {"authors_exact_f": score + 0.01},
    }


LINES = [
    make_line(row, data, seed, score)
    for score, (row, data, seed) in zip(
        (0.5, 0.7, 0.123456789, 2 / 3, 0.9),
        [("b", "x", 1), ("b", "x", 10), ("a", "y", 0), ("a", "x", 0), ("b", "x", 2)],
        strict=True,
    )
]


def test_report_is_a_line_a_run_sorted(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.jsonl"
    write_report(path, LINES)
    lines = [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]
    found = [(line["row"], line["dataset"], line["seed"]) for line in lines]
    assert found == [("a", "x", 0), ("a", "y", 0), ("b", "x", 1), ("b", "x", 2), ("b", "x", 10)]


def test_one_run_changes_one_line(tmp_path: Path) -> None:
    before, after = tmp_path / "before.jsonl", tmp_path / "after.jsonl"
    write_report(before, LINES)
    write_report(after, [*read_report(before)[::-1], make_line("b", "x", 3, 0.8)])
    old, new = (path.read_text(encoding="utf8").splitlines() for path in (before, after))
    assert len(new) == len(old) + 1 and set(old) < set(new)


def test_numbers_are_short_and_counts_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    figures = {"f": 0.8224912345, "loss": 17825.3594586913, "tiny": 3.14159265e-7, "zero": 0.0}
    whole = {"triples": 123456789, "seed": 0, "ok": True, "none": None, "text": "Ä\u2028"}
    write_report(path, [LINES[0] | {"figures": [figures], "whole": whole}])
    (line,) = read_report(path)
    assert line["figures"] == [{"f": 0.822491, "loss": 17825.4, "tiny": 3.14159e-7, "zero": 0.0}]
    assert line["whole"] == whole and type(line["whole"]["ok"]) is bool


def test_what_is_read_back_has_the_same_means(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write_report(path, LINES)
    rows = summarise(read_report(path), [])
    values = [line["scores"]["rel_f"] for line in LINES if line["row"] == "b"]
    found = rows["b"]["x"]
    assert found["n"] == 3 and [run["seed"] for run in found["runs"]] == [1, 2, 10]
    assert found["mean"]["rel_f"] == pytest.approx(statistics.mean(values))
    assert found["sd"]["rel_f"] == pytest.approx(statistics.stdev(values))
    assert found["best_on_test"]["mean"]["authors_exact_f"] == pytest.approx(0.71)
    assert rows["a"]["x"]["sd"]["rel_f"] is None
    for line in LINES[2:4]:
        score = rows[line["row"]][line["dataset"]]["mean"]["rel_f"]
        assert mean_of(score, None) == mean_of(line["scores"]["rel_f"], None)


def test_rows_come_in_the_order_of_the_matrix_with_its_published_figures() -> None:
    matrix = [
        Run("b", "x", 0, "b.cfg", 30, (), (("rel_f", (50.0, 0.5)),)),
        Run("not run", "x", 0, "a.cfg", 30, ()),
        Run("a", "y", 0, "a.cfg", 30, ()),
    ]
    rows = summarise(LINES, matrix)
    assert [(row, [*data]) for row, data in rows.items()] == [("b", ["x"]), ("a", ["y", "x"])]
    assert rows["b"]["x"]["published"] == {"rel_f": (50.0, 0.5)}
    assert rows["a"]["y"]["published"] == {} and rows["a"]["y"]["epochs"] == 30


def test_missing_report_has_no_runs(tmp_path: Path) -> None:
    assert read_report(tmp_path / "none.jsonl") == []


@pytest.mark.parametrize("path", sorted((ROOT / PUBLISHED).glob("*.jsonl")), ids=lambda p: p.stem)
def test_published_reports_are_as_they_are_written(path: Path, tmp_path: Path) -> None:
    write_report(tmp_path / "a.jsonl", read_report(path))
    assert (tmp_path / "a.jsonl").read_bytes() == path.read_bytes()


def test_published_runs_of_the_matrix_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of the report is of a row that has changed since."""
    monkeypatch.chdir(ROOT)
    runs = {
        (run.row, run.dataset, run.seed): run
        for run in read_matrix(ROOT / "configs" / "reproduction.yml")
    }
    for line in read_report(PUBLISHED / "reproduction.jsonl"):
        run = runs[line["row"], line["dataset"], line["seed"]]
        assert line["key"] in (run.key, *run.also), run.name
