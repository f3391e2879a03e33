"""The drills → training/drills/drills.json, which `make publish WHAT=drills` publishes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from wasabi import msg

from scripts.drills.modules.drill import find_drills, run_drill
from spacy_rin.evaluation.environment import describe_hardware, package_versions
from spacy_rin.files import write_json

REPORT = Path("training/drills/drills.json")


def main(
    only: Annotated[list[str] | None, typer.Argument(help="Names; nothing: all")] = None,
    pipeline: Annotated[Path, typer.Option(help="A trained pipeline")] = Path(
        "training/demo/pipeline"
    ),
    seed: Annotated[int, typer.Option(help="Seed of what is done at random")] = 0,
    output: Annotated[Path, typer.Option(help="Where to write the report")] = REPORT,
) -> None:
    """Break the product on purpose, and say what holds. Exit code 1 if a promise does not."""
    if not pipeline.is_dir():
        raise SystemExit(f"No {pipeline}, which is made by: make demo")
    rows = []
    for name in only or find_drills():
        with TemporaryDirectory() as work:
            row = run_drill(name, pipeline, Path(work), seed)
        rows.append(row)
        show = msg.good if row["holds"] else msg.warn
        show(f"{name}: {row['figure']} {row.get('inherited', '')}")
    report = {"drills": rows, "versions": package_versions(), "hardware": describe_hardware()}
    write_json(output, report)
    msg.good(f"Wrote {output}")
    if not all(row["holds"] or row.get("inherited") for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    typer.run(main)
