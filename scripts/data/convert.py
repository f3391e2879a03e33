"""Raw files under assets/ → corpus/<name>/{train,dev,test}, and reports of what was kept."""

from __future__ import annotations

from pathlib import Path

import typer
from wasabi import msg

from scripts.data.modules.datasets import find_dataset
from spacy_rin.cli.convert import run_convert

# How the field places mentions. Published results were made this way, so that nothing of theirs
# changes.
FIELD_WAY = {"mentions": "first", "alignment": "strict"}


def main(names: list[str], untyped: bool = False) -> None:
    """Convert the raw files of data sets, as `spacy-rin convert` does with a single file.

    names (list[str]): Names of data sets in scripts/data/modules/datasets.py.
    untyped (bool): Whether all entities get the label ENTITY.
    """
    for name in dict.fromkeys(names):
        dataset = find_dataset(name)
        folder = Path("corpus") / name
        # Test first, since the other parts may have to be told from it.
        for part in reversed(dataset.parts):
            raw = dataset.parts[part]
            msg.divider(f"{name} {part}")
            run_convert(
                [raw.path],
                folder / part,
                format=dataset.format,
                **FIELD_WAY,
                untyped=untyped,
                start=raw.start,
                limit=raw.limit,
                without=folder / "test" if dataset.without_test and part != "test" else None,
                report_path=folder / f"{part}.json",
            )


if __name__ == "__main__":
    typer.run(main)
