"""The rows of configs/reproduction.yml → training/reproduce/reproduction.jsonl and its plots; or of
another matrix, or to another report, which has no plots. `make publish` copies them to results/.

A run is a row, a data set and a seed. It has a folder of its own under training/reproduce/, with
its log. One that has its result there, or in the published report of the same name, is not run
again, so that this can be stopped (Ctrl+C) and called again. To train a published run anew, call
for another report. To let it replace the published one, take the line out of the published report
then, and call for that. Each run is a process on one thread, and as many run at once as there are
cores; on a GPU, where there is one, as many as its memory holds besides.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from thinc.compat import has_cupy_gpu, has_torch_cuda_gpu
from tqdm import tqdm
from wasabi import msg

from scripts.reproduce.modules.matrix import RUNS, Run, read_matrix
from scripts.reproduce.modules.reports import (
    PUBLISHED,
    REPORT,
    Line,
    describe_run,
    read_report,
    summarise,
    write_report,
)
from spacy_rin.training.history import read_history

# Of a GPU, for each run at once; a guess: no run was measured on one.
GPU_MEMORY = 4 * 2**30
# The trainings and evaluations that run now: they end with this script, however it is stopped.
PROCESSES: set[subprocess.Popen[bytes]] = set()


def main(
    matrix: Annotated[Path, typer.Option(help="Rows to run")] = Path("configs/reproduction.yml"),
    report: Annotated[str, typer.Option(help="Name of the report; else that of the matrix")] = "",
    only: Annotated[str, typer.Option(help="Rows of this name; * stands for anything")] = "*",
    processes: Annotated[int, typer.Option(help="Runs at once; 0: one a core")] = 0,
    gpu_id: Annotated[
        int | None, typer.Option(help="GPU, -1 for the CPU; else a GPU if there is one")
    ] = None,
) -> None:
    """Run what has no result yet, and write the report of all that has."""
    matrix_runs = read_matrix(matrix)
    runs = [run for run in matrix_runs if fnmatchcase(run.row, only or "*")]
    if not runs:
        rows = sorted({run.row for run in matrix_runs})
        msg.fail(f"No row of {matrix} is named {only!r}; there are: {', '.join(rows)}", exits=1)
    output = RUNS / f"{report or matrix.stem}.jsonl"
    finished = read_finished(matrix_runs, output)
    waiting = [run for run in runs if run not in finished]
    msg.info(f"{len(runs)} runs, {len(runs) - len(waiting)} of them done")
    for path in sorted({path for run in waiting for path in run.needs()}):
        if not path.exists():
            msg.fail(f"No {path}: see the head of {matrix}", exits=1)
    gpu_id = find_gpu() if gpu_id is None else gpu_id
    failed = 0
    with closing(run_all(waiting, gpu_id, processes or count_processes(gpu_id))) as ended:
        for count, (run, has_result) in enumerate(ended, 1):
            finished = read_finished(matrix_runs, output)
            write_report(output, list(finished.values()))
            failed += not has_result
            said = f"failed, see {run.folder / 'log.txt'}"
            if has_result:
                said = f"rel_f {finished[run]['scores']['rel_f']:.1%}"
            # Into a log, too, where there is no bar and lines would be kept back.
            tqdm.write(f"{count} of {len(waiting)}: {run.name} {said}", file=sys.stderr)
    write_report(output, list(finished.values()))
    if output.stem == REPORT:  # other reports stand beside it, and must not replace its plots
        # matplotlib, which the pages do without
        from scripts.reproduce.modules.reproduction_plots import draw

        draw(summarise(read_report(output), matrix_runs), output.parent)
    if failed:
        msg.fail(f"{failed} of {len(waiting)} runs failed", exits=1)
    msg.good(f"Wrote {output}")


def find_gpu() -> int:
    """RETURNS (int): The GPU that spaCy and torch both have, -1 if there is none."""
    return 0 if has_cupy_gpu and has_torch_cuda_gpu else -1


def count_processes(gpu_id: int) -> int:
    """RETURNS (int): Runs at once, as the cores, and on a GPU the memory it has left, allow."""
    cores = os.cpu_count() or 1
    if gpu_id < 0:
        return cores
    free, _ = torch.cuda.mem_get_info(gpu_id)
    return max(1, min(cores, free // GPU_MEMORY))


def run_all(runs: list[Run], gpu_id: int, processes: int) -> Generator[tuple[Run, bool]]:
    """Train and score, with a bar of epochs and the time they will take.

    A Ctrl+C, or being told to end (SIGTERM), ends the runs that are at work and begins no other.

    YIELDS (tuple[Run, bool]): A run that has ended, and whether it has a result now.
    """
    told_before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    pool = ThreadPoolExecutor(processes)
    bar = tqdm(total=sum(run.epochs for run in runs), unit="epoch", smoothing=0, disable=None)
    waiting = {pool.submit(train_and_score, run, gpu_id): run for run in runs}
    ended = 0
    try:
        while waiting:
            for future in wait(waiting, timeout=5, return_when=FIRST_COMPLETED).done:
                run = waiting.pop(future)
                ended += run.epochs
                yield run, future.result()
            behind = ended + sum(map(_epochs, waiting, waiting.values()))
            bar.update(max(0, behind - bar.n))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        while any(future.running() for future in waiting):
            for process in list(PROCESSES):
                process.terminate()
            time.sleep(0.1)
        bar.close()
        signal.signal(signal.SIGTERM, told_before)


def _epochs(future: Future[bool], run: Run) -> int:
    """RETURNS (int): Epochs behind a run that is at work."""
    try:
        history = read_history(run.history) if future.running() else []
    except ValueError:  # its last line is being written
        return 0
    return history[-1]["epoch"] if history else 0


def train_and_score(run: Run, gpu_id: int = -1) -> bool:
    """RETURNS (bool): Whether the run has a result now."""
    shutil.rmtree(run.folder, ignore_errors=True)  # what a run that was stopped has left
    run.folder.mkdir(parents=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (run.folder / "log.txt").open("w", encoding="utf8") as log:
        for command in run.commands(gpu_id):
            with subprocess.Popen(command, stdout=log, stderr=log, env=environment) as process:
                PROCESSES.add(process)
                has_failed = process.wait()
                PROCESSES.remove(process)
            if has_failed:
                return False
    shutil.rmtree(run.folder / "model-last", ignore_errors=True)
    return True


def read_finished(runs: list[Run], output: Path) -> dict[Run, Line]:
    """What is known of every run that has been made, here or elsewhere.

    A published run stays as it is. The report itself is asked last: a folder may be gone.

    runs (list[Run]): Runs of a matrix.
    output (Path): The report; the published one has the same name.
    RETURNS (dict): The line of each run that has been made with its present settings.
    """
    published, written = (_by_run(read_report(path)) for path in (PUBLISHED / output.name, output))
    finished = {}
    for run in runs:
        names = [(run.row, run.dataset, run.seed, key) for key in (run.key, *run.also)]
        lines = [published[name] for name in names if name in published]
        if not lines and run.result.exists():
            lines = [describe_run(run)]
        lines += [written[name] for name in names if name in written]
        if lines:
            finished[run] = lines[0]
    return finished


def _by_run(lines: list[Line]) -> dict[tuple[Any, ...], Line]:
    return {(line["row"], line["dataset"], line["seed"], line["key"]): line for line in lines}


if __name__ == "__main__":
    typer.run(main)
