"""Drills are found, say what they look for, and the fast ones hold with a small pipeline."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from paths import ROOT

from scripts.drills import cases
from scripts.drills.modules.drill import find_drills, promise, run_drill
from scripts.reproduce.modules.results_page import fill
from scripts.reproduce.modules.tables import drills_table

FAST = ("threads", "damaged_files", "changed_inputs", "journals", "batches")
# So many of what is tried hundreds of times by `make drill`.
FEWER = {"damaged_files": ("TIMES", 20), "batches": ("BATCHES", 10)}


def test_every_drill_promises_something() -> None:
    assert len(find_drills()) >= 15
    for name in find_drills():
        assert promise(name).endswith(".") and len(promise(name)) < 120


@pytest.mark.training
@pytest.mark.processes
@pytest.mark.parametrize("name", FAST)
def test_fast_drill_holds(
    model: str, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name in FEWER:
        monkeypatch.setattr(import_module(f"{cases.__name__}.{name}"), *FEWER[name])
    row = run_drill(name, Path(model), tmp_path)
    assert row["drill"] == name and row["holds"], row


def test_page_has_a_place_for_what_they_find() -> None:
    row = {"drill": "x", "promise": "It holds.", "figure": "3 tries", "holds": True}
    other = {**row, "promise": "It may.", "holds": False, "inherited": "spaCy's issue"}
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf8")
    filled = fill(page, "drills", drills_table({"drills": [row, other]}))
    assert "| It holds. | 3 tries | yes |" in filled
    assert "| It may. | 3 tries | spaCy's issue |" in filled
