"""The rows of configs/reproduction.yml → results/reproduction.json and its plots; or of another
matrix, or to another report, which has no plots.

A run is a row, a data set and a seed. It has a folder of its own under training/reproduce/, with
its log; one that has its result there, or in the report, is not run again, so that this can be
stopped (Ctrl+C) and called again. Each run is a process on one thread, and as many run at once as
there are cores; on a GPU, where there is one, as many as its memory holds besides.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import md5
from pathlib import Path
from typing import Annotated, Any

import srsly
import torch
import typer
from thinc.api import Config
from thinc.compat import has_cupy_gpu, has_torch_cuda_gpu
from tqdm import tqdm
from wasabi import msg

from spacy_rin.files import write_json
from spacy_rin.training.history import read_history

REPORT = Path("results/reproduction.json")
RUNS = Path("training/reproduce")
TAGGER = Path("training/tagger_webnlg/model-best")
# Another test set for models of a data set: the authors' own file, with the full spans of its 703
# sentences and 125 relations, of which train has 121. Their train set is not public.
FURTHER_TEST = {"webnlg": Path("corpus/webnlg_authors/test")}
# Texts that count as if they had no triple, see `evaluate --others`.
OTHERS = Path("corpus/conll04/train")
# What is kept of each run's report; the whole of it stays in its folder.
KEPT = (
    *("seed", "scores", "train_seconds", "train_hardware", "versions", "data", "chosen_on"),
    *("by_overlap", "by_triples", "by_seen", "by_frequency", "by_threshold", "missed", "wrong"),
    *("joined", "among_others"),
)
AUTHORS = ("authors_partial_f", "authors_exact_f")
# Of a GPU, for each run at once; a guess: no run was measured on one.
GPU_MEMORY = 4 * 2**30
# The trainings and evaluations that run now: they end with this script, however it is stopped.
PROCESSES: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class Run:
    """A row of the matrix on one data set with one seed."""

    row: str
    dataset: str
    seed: int
    config: str
    epochs: int
    settings: tuple[tuple[str, Any], ...]
    published: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.row}/{self.dataset}/{self.seed}"

    @property
    def folder(self) -> Path:
        """One folder for each config, as the row's settings make it: a changed row is run anew."""
        overrides = {**dict(self.settings), "training.max_epochs": self.epochs}
        config = Config().from_disk(self.config, interpolate=False, overrides=overrides)
        key = md5(config.to_str().encode(), usedforsecurity=False)
        return RUNS / self.name / key.hexdigest()[:8]

    @property
    def result(self) -> Path:
        return self.folder / "result.json"

    @property
    def further(self) -> Path:
        return self.folder / "further.json"

    @property
    def history(self) -> Path:
        return self.folder / "history.jsonl"

    def needs(self) -> list[Path]:
        """RETURNS (list[Path]): Files and folders that training reads."""
        named = [
            Path(value) for name, value in self.settings if name.startswith("paths.") and value
        ]
        further = [FURTHER_TEST[self.dataset]] if self.dataset in FURTHER_TEST else []
        return [TAGGER, OTHERS, Path("corpus") / self.dataset, *further, *named]

    def commands(self, gpu_id: int = -1) -> list[list[str]]:
        """Training and evaluations, as one would call them by hand.

        gpu_id (int): GPU, -1 for the CPU.
        RETURNS (list[list[str]]): Arguments of Python.
        """
        corpus = Path("corpus") / self.dataset
        settings = {
            "paths.train": corpus / "train",
            "paths.dev": corpus / "dev",
            "paths.tagger": TAGGER,
            "paths.history": self.history,
            "paths.watch": corpus / "test",
            "system.seed": self.seed,
            "training.max_epochs": self.epochs,
            "training.eval_frequency": 101,
            **dict(self.settings),
        }
        overrides = [
            word for name, value in settings.items() for word in (f"--{name}", _say(value))
        ]
        train = ["spacy", "train", self.config, "--output", str(self.folder), *overrides]
        evaluate = ["spacy_rin", "evaluate", str(self.folder / "model-best")]
        commands = [train]
        if self.dataset in FURTHER_TEST:
            test = str(FURTHER_TEST[self.dataset])
            commands.append([*evaluate, test, "--output", str(self.further)])
        # Last, since a run with a result is done.
        known = [f"--{part}={corpus / part}" for part in ("train", "dev")]
        known += [f"--others={OTHERS}", f"--history={self.history}"]
        commands.append([*evaluate, str(corpus / "test"), *known, "--output", str(self.result)])
        return [[sys.executable, "-m", *command, "--gpu-id", str(gpu_id)] for command in commands]


def main(
    matrix: Annotated[Path, typer.Option(help="Rows to run")] = Path("configs/reproduction.yml"),
    output: Annotated[Path, typer.Option(help="JSON")] = REPORT,
    only: Annotated[str, typer.Option(help="Rows of this name; * stands for anything")] = "*",
    processes: Annotated[int, typer.Option(help="Runs at once; 0: one a core")] = 0,
    gpu_id: Annotated[
        int | None, typer.Option(help="GPU, -1 for the CPU; else a GPU if there is one")
    ] = None,
) -> None:
    """Run what has no result yet, and write the means over the seeds of what has."""
    runs = [run for run in read_matrix(matrix) if fnmatchcase(run.row, only or "*")]
    if not runs:
        rows = sorted({run.row for run in read_matrix(matrix)})
        msg.fail(f"No row of {matrix} is named {only!r}; there are: {', '.join(rows)}", exits=1)
    finished = read_finished(matrix, output)
    waiting = [run for run in runs if run not in finished]
    msg.info(f"{len(runs)} runs, {len(runs) - len(waiting)} of them done")
    for path in sorted({path for run in waiting for path in run.needs()}):
        if not path.exists():
            msg.fail(f"No {path}: see the head of {matrix}", exits=1)
    gpu_id = find_gpu() if gpu_id is None else gpu_id
    failed = []
    with closing(run_all(waiting, gpu_id, processes or count_processes(gpu_id))) as ended:
        for count, (run, has_result) in enumerate(ended, 1):
            finished = read_finished(matrix, output)
            summarise(finished, output)
            if has_result:
                said = f"rel_f {finished[run]['scores']['rel_f']:.1%}"
            else:
                failed.append(run)
                said = f"failed, see {run.folder / 'log.txt'}"
            # Into a log, too, where there is no bar and lines would be kept back.
            tqdm.write(f"{count} of {len(waiting)}: {run.name} {said}", file=sys.stderr)
    summarise(read_finished(matrix, output), output)
    if output == REPORT:  # other reports stand beside it, and must not take the place of its plots
        from scripts.reproduce.modules.reproduction_plots import (
            draw,  # matplotlib, which the results page does without
        )

        draw(srsly.read_json(output), output.parent)
    if failed:
        msg.fail(f"{len(failed)} of {len(waiting)} runs failed", exits=1)
    msg.good(f"Wrote {output}")


def read_matrix(path: Path) -> list[Run]:
    """RETURNS (list[Run]): All runs, seed by seed, so that every row has some early."""
    rows = srsly.read_yaml(path)
    runs = [
        Run(
            name,
            data,
            seed,
            row["config"],
            row["epochs"],
            tuple({**row.get("settings", {}), **(settings or {})}.items()),
            tuple((name, tuple(f)) for name, f in _published(row, data).items()),
        )
        for name, row in rows.items()
        for data, settings in row["datasets"].items()
        for seed in range(row["seeds"])
    ]
    return sorted(runs, key=lambda run: run.seed)


def _say(value: Any) -> str:
    """As spaCy reads it on the command line: false, not False."""
    return str(value) if isinstance(value, str | Path) else srsly.json_dumps(value)


def _published(row: dict[str, Any], dataset: str) -> dict[str, Any]:
    found: dict[str, Any] = row.get("published", {}).get(dataset, {})
    return found


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


def read_finished(matrix: Path, output: Path) -> dict[Run, dict[str, Any]]:
    """What is known of every run of the matrix that has been made, here or elsewhere.

    output (Path): A report; its runs count as made, where their settings are still the matrix's.
    """
    known = {
        (row, data, run["seed"], run["key"]): run
        for row, datasets in (srsly.read_json(output) if output.exists() else {}).items()
        for data, found in datasets.items()
        for run in found["runs"]
    }
    finished = {}
    for run in read_matrix(matrix):
        key = run.folder.name
        if run.result.exists():
            record = srsly.read_json(run.result)
            kept = {name: record[name] for name in KEPT}
            finished[run] = {"key": key, **kept, **_over_epochs(record["history"])}
            if run.further.exists():
                finished[run]["further_test"] = srsly.read_json(run.further)["scores"]
        elif (run.row, run.dataset, run.seed, key) in known:
            finished[run] = known[run.row, run.dataset, run.seed, key]
    return finished


def summarise(finished: dict[Run, dict[str, Any]], output: Path) -> None:
    """Write mean and standard deviation of every score of the runs that are done."""
    rows: dict[str, Any] = {}
    for run, result in finished.items():
        found = rows.setdefault(run.row, {}).setdefault(
            run.dataset,
            {
                "config": run.config,
                "settings": dict(run.settings),
                "epochs": run.epochs,
                "published": dict(run.published),
                "runs": [],
            },
        )
        found["runs"].append(result)
    for found in (found for datasets in rows.values() for found in datasets.values()):
        runs = found["runs"]
        found["n"] = len(runs)
        found["mean"], found["sd"] = _mean_and_sd([run["scores"] for run in runs])
        mean, sd = _mean_and_sd([run["best_on_test"] for run in runs])
        found["best_on_test"] = {"mean": mean, "sd": sd}
    write_json(output, rows)


def _mean_and_sd(
    scores: list[dict[str, float]],
) -> tuple[dict[str, float], dict[str, float | None]]:
    values = {name: [score[name] for score in scores] for name in scores[0]}
    return (
        {name: statistics.mean(v) for name, v in values.items()},
        {name: statistics.stdev(v) if len(v) > 1 else None for name, v in values.items()},
    )


def _over_epochs(history: list[dict[str, Any]]) -> dict[str, Any]:
    """Best on dev, its epoch, and the best on test, the protocol of the authors' code."""
    best = max(history, key=lambda row: row["score"])
    watched = [row["watched"] for row in history if "watched" in row]
    curve = [
        {"epoch": row["epoch"], "dev": row["score"], "loss": row["losses"]["rin"]}
        | {f"test_{name}": row.get("watched", {}).get(name) for name in AUTHORS}
        for row in history
    ]
    return {
        "dev_score": best["score"],
        "dev_epoch": best["epoch"],
        "best_on_test": {name: max(row[name] for row in watched) for name in AUTHORS if watched},
        "curve": curve,
    }


if __name__ == "__main__":
    typer.run(main)
