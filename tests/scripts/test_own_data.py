"""The figures of the recipe: means over the seeds, in points, of what has been run."""

from __future__ import annotations

from typing import Any

from scripts.reproduce.modules.own_data import amount_table, levers_table, own_data
from scripts.reproduce.modules.reports import summarise


def line(row: str, seed: int, strict: float, **further: float) -> dict[str, Any]:
    scores = {"rel_strict_f": strict, "rel_f": strict, "ents_f": 0.8, "silence": 150.0}
    return {
        "row": row,
        "dataset": "conll04",
        "seed": seed,
        "epochs": 45,
        "settings": {},
        "scores": scores,
        "best_on_test": {},
        "further_tests": {name: {"rel_strict_f": value} for name, value in further.items()},
    }


LINES = [
    line("vectors_922", 0, 0.60, raw=0.58),
    line("vectors_922", 1, 0.62, raw=0.61),
    line("vectors_922", 2, 0.64, raw=0.61),
    line("minilm_230", 0, 0.5),
]


def test_summary_has_means_in_points_of_what_was_run() -> None:
    found = own_data(summarise(LINES, []), {})
    assert found["summary"] == {
        "conll04_words_vectors_strict_f": 62.0,
        "conll04_words_vectors_ents_f": 80.0,
        "conll04_words_vectors_raw_strict_f": 60.0,
        "conll04_trf_230_strict_f": 50.0,
    }
    row = found["test"]["vectors_922"]
    assert row["runs"] == 3 and abs(row["sd"]["rel_strict_f"] - 0.02) < 1e-9
    assert found["dev"] == {}


def test_amounts_that_were_not_run_are_dashes_and_fewer_seeds_are_said() -> None:
    header, _, vectors, minilm = amount_table(summarise(LINES, [])).splitlines()
    assert [cell.strip() for cell in header.split("|")[2:-1]] == ["115", "230", "461", "922"]
    assert [cell.strip() for cell in vectors.split("|")[2:-1]] == ["–", "–", "–", "62.0 ± 2.0"]
    assert [cell.strip() for cell in minilm.split("|")[2:-1]] == ["–", "50.0 (of 1)", "–", "–"]


def test_levers_stand_beside_what_they_are_pulled_on() -> None:
    rows = {"before": 0.4, "recipe": 0.6, "before_with_letters": 0.45, "recipe_with_types": 0.61}
    rows |= {"recipe_without_letters": 0.55}
    lines = [line(row, seed, value) for row, value in rows.items() for seed in range(3)]
    settings = [
        {"row": row, "seed": seed, "signatures": s, "fitted": fitted, "rel_strict_f": value}
        for row, known in (("before", 0.3), ("recipe", 0.5))
        for s, fitted, value in (("off", True, known), ("seen", False, known + 0.02))
        for seed in range(3)
    ]
    table = levers_table(summarise(lines, []), settings).splitlines()[2:]
    found = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table]
    assert found == [
        ["nothing changed", "40.0 ± 0.0", "60.0 ± 0.0"],
        ["letters", "45.0 ± 0.0", "55.0 ± 0.0"],
        ["types", "–", "61.0 ± 0.0 (with it)"],
        ["signatures", "30.0 ± 0.0 (without it)", "50.0 ± 0.0"],
        ["threshold", "32.0 ± 0.0 (without it)", "52.0 ± 0.0"],
    ]
