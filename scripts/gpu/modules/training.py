"""`spacy train` in a process of its own, which also writes how much of the GPU's memory it took."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from spacy.cli.train import train

from spacy_rin.files import write_json


def main() -> None:
    """Train as `spacy train CONFIG --output FOLDER --gpu-id GPU` does, with further settings."""
    config, folder, gpu_id, settings = sys.argv[1:]
    train(Path(config), Path(folder), use_gpu=int(gpu_id), overrides=json.loads(settings))
    if int(gpu_id) >= 0:
        # Allocated by torch, and by cupy through it.
        write_json(Path(folder) / "memory.json", round(torch.cuda.max_memory_reserved() / 1e6))


if __name__ == "__main__":
    main()
