"""A report below training/ → results/, and the pages that show it.

Whatever measures or trains writes below training/, where git looks at nothing. This command alone
writes to results/ and into the tables of the pages, so that a run of yours replaces a published
figure only where you say so.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from scripts.data.modules.datasets import DATASETS
from scripts.reproduce.modules.matrix import RUNS
from scripts.reproduce.modules.reports import PUBLISHED, REPORT
from scripts.reproduce.modules.results_page import REPORTS, write_pages
from spacy_rin.files import replacing

BENCH = Path("training/bench")


@dataclass(frozen=True)
class Report:
    """What a command has written.

    path (Path): The report.
    command (str): The command.
    pictures (str): Which files beside it belong to it.
    folder (Path): Where it is published.
    """

    path: Path
    command: str
    pictures: str = ""
    folder: Path = PUBLISHED

    def files(self) -> list[Path]:
        """RETURNS (list[Path]): The report and its pictures."""
        pictures = self.path.parent.glob(self.pictures) if self.pictures else ()
        return [self.path, *sorted(pictures)]


KNOWN = {
    "bench": Report(BENCH / "benchmark.json", "make bench", "benchmark_*.png"),
    "extract": Report(BENCH / "extract.json", "python -m scripts.bench.measure_extract"),
    "way": Report(BENCH / "way.json", "python -m scripts.bench.measure_way"),
    "reproduce": Report(RUNS / f"{REPORT}.jsonl", "make reproduce", f"{REPORT}_*.png"),
    "levers": Report(
        RUNS / "levers.jsonl", "python -m scripts.reproduce.own_levers", "levers_settings.jsonl"
    ),
    "gpu": Report(Path("training/gpu/gpu.json"), "make gpu-check"),
    "drills": Report(Path("training/drills/drills.json"), "make drill"),
    "case_studies": Report(
        RUNS / "case_studies.md", "python -m scripts.reproduce.case_studies", "case_*.svg"
    ),
    **{
        name: Report(
            RUNS / f"{name}.jsonl",
            f"python -m scripts.reproduce.reproduce --matrix configs/{matrix}.yml --report {name}",
        )
        for name, (_, matrix) in REPORTS.items()
    },
}
WHAT = f"{', '.join(KNOWN)}; or a run of the project, by its data set: webnlg, webnlg/rin_trf"


def main(
    what: Annotated[
        list[str] | None, typer.Argument(help=f"{WHAT}. Nothing: write the pages anew")
    ] = None,
) -> None:
    """Copy reports from training/ to results/, and write the pages that show them."""
    reports = [find_report(name) for name in what or ()]
    for report in reports:
        if not report.path.exists():
            sys.exit(f"No {report.path}, which is made by: {report.command}")
    for report in reports:
        for path in report.files():
            with replacing(report.folder / path.name) as temporary:
                shutil.copyfile(path, temporary)
            msg.good(f"Wrote {report.folder / path.name}")
    write_pages()


def find_report(name: str) -> Report:
    """RETURNS (Report): What is meant by a name, whether it has been written or not."""
    dataset, _, run = name.partition("/")
    if dataset in DATASETS:
        run = run or "rin"
        command = "python -m spacy project run evaluate ."
        return Report(
            Path("training") / dataset / "results" / f"{run}.json",
            f"{command} --vars.dataset {dataset} --vars.run {run}",
            folder=PUBLISHED / dataset,
        )
    if name not in KNOWN:
        sys.exit(f"Nothing is named {name!r}; there are: {WHAT}")
    return KNOWN[name]


if __name__ == "__main__":
    typer.run(main)
