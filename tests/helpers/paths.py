"""Where the project is, and where the raw files of the public data sets are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from marks import expect_mark

ROOT = Path(__file__).resolve().parents[2]
# `spacy project assets` puts them into the first; the second may hold copies for several checkouts.
DATA = (ROOT / "assets", ROOT.parent / "shared" / "data")


def find_data(name: str) -> Path:
    """Find a raw file by its name below assets/, "nyt/test.jsonl"; a test without it is skipped."""
    expect_mark("data")
    for folder in DATA:
        if (folder / name).is_file():
            return folder / name
    pytest.skip(f"no {name}: get it with `python -m spacy project assets`")
