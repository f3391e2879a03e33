"""A copy of the pages and of what they show, for tests that write them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from paths import ROOT


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder to work in: README, docs, results and configs of the repository."""
    for name in ("README.md", "docs", "results", "configs"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path
