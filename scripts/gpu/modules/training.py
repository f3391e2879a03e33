"""`spacy train` in a process of its own, the loss curve that it leaves, and the GPU's memory.

Called as a script it is that process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from scripts.gpu.modules.places import HOME, find_corpus
from spacy_rin.files import write_json
from spacy_rin.training.history import read_history

# Random numbers of dropout differ between the devices, and so do losses.
LOSS_TOLERANCE = 0.2
# Times that a training looks at dev, and so the points of its curve.
LOOKS = 6


class Job(NamedTuple):
    """A training that is at work.

    process (Popen): Its process.
    folder (Path): Its output, with its log and its history.
    """

    process: subprocess.Popen[bytes]
    folder: Path


def folder_of(corpus: str, name: str) -> Path:
    """RETURNS (Path): Where a training writes, by its corpus and its own name."""
    return HOME / "train" / f"{corpus}_{name.replace(' ', '_')}"


def begin(
    config: Path,
    corpus: str,
    name: str,
    on_gpu: bool,
    steps: int,
    settings: dict[str, Any] | None = None,
) -> Job:
    """Start a training.

    config (Path): Its config.
    corpus (str): The corpus, as `find_corpus` takes it.
    name (str): What tells it from others on the same corpus.
    on_gpu (bool): Whether it is on the first GPU.
    steps (int): Updates.
    settings (dict | None): Further settings of the config.
    RETURNS (Job): The training, to be finished.
    """
    path, folder = find_corpus(corpus), folder_of(corpus, name)
    assert path is not None
    folder.mkdir(parents=True, exist_ok=True)
    overrides = {
        "paths.train": str(path / "train"),
        "paths.dev": str(path / "dev"),
        "paths.history": str(folder / "history.jsonl"),
        "training.max_epochs": 0,
        "training.max_steps": steps,
        "training.eval_frequency": max(1, steps // LOOKS),
        **(settings or {}),
    }
    gpu_id = "0" if on_gpu else "-1"
    words = [str(config), str(folder), gpu_id, json.dumps(overrides)]
    with (folder / "log.txt").open("wb") as log:
        command = [sys.executable, "-m", "scripts.gpu.modules.training", *words]
        return Job(subprocess.Popen(command, stdout=log, stderr=log), folder)


def finish(job: Job) -> dict[str, list[float]]:
    """Wait for a training.

    job (Job): What `begin` returned.
    RETURNS (dict): Its curve: see `to_curve`.
    RAISES (RuntimeError): If it failed, with the last line of its log.
    """
    if job.process.wait():
        lines = (job.folder / "log.txt").read_text(encoding="utf8").strip().splitlines()
        raise RuntimeError(f"spacy train, {job.folder.name}: {lines[-1] if lines else 'no log'}")
    rows = read_history(job.folder / "history.jsonl")
    return to_curve(rows)


def to_curve(rows: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Turn a history into a curve.

    rows (list[dict]): What `read_history` returned. spaCy sums losses from one look to the next,
        and takes the first look after a single update.
    RETURNS (dict): Values of each look, the loss as the mean of an update.
    """
    steps = [row["step"] for row in rows]
    updates = np.diff([-1, *steps]).tolist()
    return {
        "step": steps,
        "seconds": [row["seconds"] for row in rows],
        "loss": [row["losses"]["rin"] / n for row, n in zip(rows, updates, strict=True)],
        "rel_f": [row["scores"]["rel_f"] for row in rows],
    }


def is_same_curve(found: dict[str, list[float]], expected: dict[str, list[float]]) -> bool:
    """Whether losses are finite, fall, and are about as large as the CPU's all in all."""
    a, b = np.array(found["loss"]), np.array(expected["loss"])
    if len(a) != len(b) or len(a) < 2 or not np.isfinite(a).all():
        return False
    return bool(a[-1] < a[0] and abs(a.sum() - b.sum()) <= LOSS_TOLERANCE * b.sum())


def main() -> None:
    """Train as `spacy train CONFIG --output FOLDER --gpu-id GPU` does, with further settings."""
    from spacy.cli.train import train

    config, folder, gpu_id, settings = sys.argv[1:]
    train(Path(config), Path(folder), use_gpu=int(gpu_id), overrides=json.loads(settings))
    if int(gpu_id) >= 0:
        # Allocated by torch, and by cupy through it.
        write_json(Path(folder) / "memory.json", round(torch.cuda.max_memory_reserved() / 1e6))


if __name__ == "__main__":
    main()
