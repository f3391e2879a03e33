"""Where the GPU check keeps its files. The standard library alone: a bare machine imports it."""

from __future__ import annotations

from pathlib import Path

HOME = Path("training/gpu")
PIECES = HOME / "pieces"
# What the pieces hold: wheels, corpora, a transformer.
CARRIED = HOME / "carried"
# The packages that were installed from the wheels.
SITE = HOME / "site"
PARTS = HOME / "parts"
REPORT = HOME / "gpu.json"


def find_corpus(name: str) -> Path | None:
    """Find a converted corpus, among what was carried or in this checkout.

    name (str): "demo" or "webnlg".
    RETURNS (Path | None): Its folder, if it is there.
    """
    found = (folder / "corpus" / name for folder in (CARRIED, Path()))
    return next((path for path in found if (path / "train").is_dir()), None)


def find_transformer() -> Path | None:
    """Find the transformer that was carried.

    RETURNS (Path | None): Its folder, if it is there.
    """
    path = CARRIED / "transformer"
    return path if (path / "config.json").is_file() else None
