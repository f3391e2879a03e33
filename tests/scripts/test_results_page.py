"""Figures of results files in the pages that show them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import srsly
from paths import ROOT

from scripts.reproduce.modules.headlines import HEADLINES, results_table
from scripts.reproduce.modules.reports import read_report, write_report
from scripts.reproduce.modules.results_page import fill, overview, seeds_table, write_pages
from scripts.reproduce.modules.speed_tables import FIRST, extract_table, speed_table


def extraction() -> dict:
    engine = {
        "documents_per_second": 319.9,
        "words_per_second": 11727,
        "rss_mb_by_tenth": {"main": [277, 290, 278], "workers": [1234, 1300, 1330]},
    }
    return {
        "documents": 100_000,
        "processes": 2,
        "hardware": {"processor": "P", "cores": 2},
        "local": engine,
        "engines_agree": True,
        "kills": [{}] * 5,
        "killed_run_agrees": True,
        "long_document": {"words": 52_557, "time_per_word_to_short": 1.23},
    }


def test_engine_that_was_not_run_has_no_column() -> None:
    page = extract_table(extraction())
    assert "| 100,000 documents | local |" in page
    assert "| documents/s | 320 |" in page and "1,234 MB, 1,330 MB" in page
    assert "killed 5 times" in page and "gave the same rows" in page and "1.23 times" in page


@pytest.mark.parametrize(
    ("key", "words"), [("engines_agree", "differ"), ("killed_run_agrees", "other")]
)
def test_what_does_not_agree_is_said(key: str, words: str) -> None:
    assert words in extract_table({**extraction(), key: False})


def test_rows_show_what_they_were_chosen_by() -> None:
    names = ("rel", "rel_strict", "rel_partial", "authors_partial", "authors_exact", "ents")
    found = {
        "n": 2,
        "epochs": 3,
        "mean": {f"{name}_f": 0.5 for name in names},
        "sd": {f"{name}_f": 0.01 for name in names},
        "runs": [{"dev_score": 0.7}, {"dev_score": 0.8}],
    }
    assert "| a on x | 2 | 3 | 75.0 | 50.0 ± 1.0 |" in seeds_table({"a": {"x": found}})


def test_page_without_marks_stays_as_it_is() -> None:
    for text in ("no marks", "<!-- x: start -->\nold\nand the rest of the page"):
        assert fill(text, "x", "new\n") == text
    text = "before\n<!-- x: start -->\nold\n<!-- x: end -->\nafter"
    assert fill(text, "x", "new\n") == text.replace("old", "new")


def test_links_lead_to_the_runs_from_each_page() -> None:
    path = Path("results/demo/rin.json")
    runs = {path: srsly.read_json(ROOT / path)}
    for folder, link in (("", "results/demo/rin.json"), ("docs", "../results/demo/rin.json")):
        assert f"[demo / rin]({link})" in overview(runs, Path(folder))


def test_headlines_are_few_and_stand_beside_the_published_figures() -> None:
    found = {
        "n": 3,
        "mean": {"authors_exact_f": 0.8, "authors_partial_f": 0.9, "rel_strict_f": 0.7},
        "sd": {"authors_exact_f": 0.01, "authors_partial_f": 0.01, "rel_strict_f": None},
        "published": {"authors_exact_f": (77.0, 0.2)},
    }
    rows = {"rin_best": {"webnlg": found}, "nyt_trf_k2": {"nyt_small": found}}
    lines = results_table(rows).splitlines()
    assert len(lines) == 2 + 2 and lines[0].count("|") == 5
    assert "80.0 ± 1.0 | 3 | 77.0 ± 0.2 (paper, 171 relations) |" in lines[2]
    assert lines[-1].endswith("| 70.0 | 3 | – |")
    assert len(HEADLINES) <= 5 and len(results_table({}).splitlines()) == 2


def test_speeds_that_were_not_measured_are_left_out() -> None:
    benchmark = srsly.read_json(ROOT / "results" / "benchmark.json")
    whole, first = speed_table(benchmark), speed_table(benchmark, FIRST)
    assert len(FIRST) <= 5 and first.count("\n| ") == 1 + len(FIRST) < whole.count("\n| ")
    benchmark["summary"]["pipe_words_per_s_bf16"] = None
    assert "nlp.pipe" in first and "nlp.pipe" not in speed_table(benchmark, FIRST)


def test_pages_are_written_without_a_row(workplace: Path) -> None:
    report = Path("results/reproduction.jsonl")
    write_report(report, [line for line in read_report(report) if line["row"] != "rin_best"])
    before = Path("docs/your-own-data.md").read_text(encoding="utf8")
    write_pages()
    assert "| rin_best | webnlg |" not in Path("results/README.md").read_text(encoding="utf8")
    assert Path("docs/your-own-data.md").read_text(encoding="utf8") == before


def test_pages_are_written_without_any_report(workplace: Path) -> None:
    for path in (*Path("results").glob("*.json*"), *Path("results").glob("*.yml")):
        path.unlink()
    write_pages()
    titles = re.findall(r"^## (.*)", Path("results/README.md").read_text("utf8"), re.MULTILINE)
    assert titles[0] == "Test F1 of all runs" and all(" / " in title for title in titles[1:])


def test_pages_show_what_the_results_say(workplace: Path) -> None:
    """Whoever writes them anew finds no difference."""
    pages = sorted(workplace.rglob("*.md"))
    before = {page: page.read_text(encoding="utf8") for page in pages}
    write_pages()
    for page in pages:
        assert page.read_text(encoding="utf8") == before[page], page.name
