"""What the results page says of reproduced rows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import srsly
from matplotlib import image
from paths import ROOT

from scripts.reproduce.modules import reproduction_page as page
from scripts.reproduce.modules.reproduction_plots import draw

SCORES = ("rel_f", "ents_f", "authors_partial_f", "authors_exact_f")
PRF = {"rel_p": 0.5, "rel_r": 0.25, "rel_f": 0.3}


def make_row(value: float, sd: float | None = 0.01, **settings: Any) -> dict[str, Any]:
    run = {
        "seed": 0,
        **{key: {"class": PRF} for key in page.TABLES},
        "missed": {"entity missed": 1, "pair missed": 3},
        "wrong": {"label wrong": 2},
        "among_others": {**PRF, "texts_without_triple": 10, "found_in_them": 4},
        "by_threshold": {"threshold": [0.1, 0.9], "rel_p": [0.5, 0.6], "rel_r": [0.3, 0.2]},
        "curve": {
            "epoch": [1, 2],
            "dev": [0.2, 0.4],
            "test_authors_partial_f": [0.3, 0.4],
            "test_authors_exact_f": [None, None],
        },
    }
    return {
        "n": 2,
        "epochs": 30,
        "settings": {"components.rin.model.rounds": 3, **settings},
        "published": {"authors_exact_f": [77.0, 0.2]},
        "mean": dict.fromkeys(SCORES, value),
        "sd": dict.fromkeys(SCORES, sd),
        "best_on_test": {
            "mean": {"authors_exact_f": value + 0.01},
            "sd": {"authors_exact_f": sd},
        },
        "runs": [run, {**run, "seed": 1}],
    }


@pytest.mark.parametrize(
    ("value", "sd", "expected"),
    [
        (0.77, 0.01, False),
        (0.789, 0.01, False),
        (0.791, 0.01, True),
        (0.74, 0.01, True),
        (0.773, 0.0, False),  # of the two deviations, the larger
        (0.775, None, True),
    ],
)
def test_row_differs_beyond_two_deviations(value: float, sd: float | None, expected: bool) -> None:
    assert page.differs(make_row(value, sd)) == expected


@pytest.mark.parametrize(("value", "expected"), [(0.7696, False), (0.7694, True)])
def test_without_deviations_more_than_rounding_differs(value: float, expected: bool) -> None:
    row = {**make_row(value, None), "published": {"authors_exact_f": [77.0, None]}}
    assert page.differs(row) == expected


def test_row_without_published_figure_does_not_differ() -> None:
    assert not page.differs({**make_row(0.1), "published": {}})


def test_overview_shows_figures_beside_the_published_ones() -> None:
    line = page.overview({"rin": {"webnlg": make_row(0.8)}}).splitlines()[-1]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:4] == ["rin", "webnlg", "2", "30"]
    assert cells[6:] == ["80.0 ± 1.0", "80.0 ± 1.0*", "exact 77.0 ± 0.2", "exact 81.0 ± 1.0"]


def test_notes_are_shown_for_rows_that_differ() -> None:
    rows = {"a": {"webnlg": make_row(0.8)}, "b": {"webnlg": make_row(0.77)}}
    notes = {"a": "Because of the vectors.", "b": "Nobody asks."}
    notes["reproduction_rounds.png"] = "It rises."
    text = page.section(rows, notes, Counter())
    assert "**a.** Because of the vectors." in text and "Nobody asks." not in text
    assert "(reproduction_rounds.png)\n\nIt rises.\n" in text


def test_runs_that_lack_are_named() -> None:
    wanted = Counter({("a", "webnlg"): 5, ("a", "nyt"): 1, ("b", "webnlg"): 2})
    rows = {"a": {"webnlg": make_row(0.8)}, "b": {"webnlg": make_row(0.8)}}
    text = page.missing(rows, wanted)
    assert "a on webnlg (3 seeds), a on nyt." in text and "b on" not in text
    assert page.missing(rows, Counter({("b", "webnlg"): 2})) == ""


def test_tables_are_means_over_the_seeds() -> None:
    row = make_row(0.8)
    row["runs"][1] = {**row["runs"][1], "by_seen": {"class": {**PRF, "rel_f": 0.5}}}
    assert page.average(row["runs"], "by_seen")["class"]["rel_f"] == pytest.approx(0.4)
    text = page.section({"rin_best": {"webnlg": row}}, {}, Counter())
    assert "| entity missed | 25.0 |" in text and "4 triples were found" in text
    assert "authors' own test file" not in text
    row["runs"][0]["further_tests"] = {"authors": dict.fromkeys(SCORES, 0.625)}
    assert "`rel_f` 62.5" in page.section({"rin_best": {"webnlg": row}}, {}, Counter())


def test_judged_errors_are_shares_of_those_looked_at() -> None:
    judgements = {"a": {"missed": {"of": 90, "judged": {"odd": [1, 4, 2], "right": [3]}}}}
    found = page.judged_errors(judgements)
    assert "Errors of a on" in found and "4 of 90 missed" in found
    assert "| odd | 75.0 |" in found and "| right | 25.0 |" in found


def test_every_judged_error_is_judged_once() -> None:
    path = ROOT / "results" / "judged_errors.yml"
    for row, kinds in srsly.read_yaml(path).items():
        for title, errors in kinds.items():
            numbers = sorted(n for found in errors["judged"].values() for n in found)
            assert numbers == list(range(1, 51)), (row, title)


def test_plots_are_drawn_also_where_rows_are_missing(tmp_path: Path) -> None:
    rows = {
        "rin_best": {"webnlg": make_row(0.8)},
        "curve_k1": {"webnlg": make_row(0.7, **{"components.rin.model.rounds": 1})},
    }
    for found in (rows, {}):
        draw(found, tmp_path)
        for name in page.PLOTS:
            assert image.imread(tmp_path / name).shape[1] > 1000
