"""Raw files under assets/ → what is missing, and where to get it."""

from __future__ import annotations

import typer
from wasabi import msg

from scripts.data.modules.datasets import find_dataset, missing_files


def main(names: list[str]) -> None:
    """Check the raw files of data sets.

    names (list[str]): Names of data sets in scripts/data/modules/datasets.py.
    """
    complete = True
    for name in dict.fromkeys(names):
        dataset = find_dataset(name)
        if missing := missing_files(dataset):
            complete = False
            files = ", ".join(map(str, missing))
            msg.fail(f"Data of {name!r} is missing: {files}", dataset.where)
        else:
            msg.good(f"Data of {name!r} is there")
    if not complete:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
