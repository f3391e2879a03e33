"""Figures of results files in the pages that show them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import srsly
from paths import ROOT

from scripts.reproduce.results_page import (
    BY_SENTENCE,
    LEARNED_PASSAGES,
    extract_table,
    fill,
    main,
    passages_table,
    seeds_table,
)


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
    names = ("rel", "rel_partial", "authors_partial", "authors_exact", "ents")
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


def test_pages_are_written_without_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("README.md", "docs", "results", "configs"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    rows = srsly.read_json("results/reproduction.json")
    del rows["rin_best"]
    srsly.write_json("results/reproduction.json", rows)
    before = Path("docs/your-own-data.md").read_text(encoding="utf8")
    main()
    assert "| rin_best | webnlg |" not in Path("results/README.md").read_text(encoding="utf8")
    assert Path("docs/your-own-data.md").read_text(encoding="utf8") == before


def test_pages_show_what_the_results_say() -> None:
    page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf8")
    assert extract_table(srsly.read_json(ROOT / "results" / "extract.json")) in page
    page = (ROOT / "docs" / "your-own-data.md").read_text(encoding="utf8")
    runs = {p: srsly.read_json(ROOT / p) for p in (BY_SENTENCE, LEARNED_PASSAGES)}
    assert passages_table(runs, srsly.read_json(ROOT / "results" / "reproduction.json")) in page
