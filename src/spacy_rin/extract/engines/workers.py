"""What both engines share: what a worker is, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..documents import DocumentBatch
from ..journal import Entry
from .worker import Pipeline, load_reader


class BatchFound(NamedTuple):
    """A batch that has been read.

    number (int): The batch's.
    entries (list[Entry]): What each document became.
    malformed (int): Place of the first document that was malformed already in the input, or -1.
    """

    number: int
    entries: list[Entry]
    malformed: int = -1


@dataclass(frozen=True)
class Workers:
    """How many read, and with what.

    pipeline (Pipeline): What each loads once.
    processes (int): Number of workers.
    gpu_id (int): GPU that local workers share, -1 for the CPU.
    num_gpus (float): GPUs, or share of one, that Ray gives each worker.
    ray_address (str): Cluster that is there already; none to start Ray on this machine.
    """

    pipeline: Pipeline
    processes: int = 1
    gpu_id: int = -1
    num_gpus: float = 0
    ray_address: str | None = None


def read_batch(pipeline: Pipeline, gpu_id: int, threads: int, batch: DocumentBatch) -> BatchFound:
    """Read one batch with this process's pipeline."""
    entries = load_reader(pipeline, gpu_id, threads)(batch.documents)
    malformed = next((k for k, document in enumerate(batch.documents) if document.error), -1)
    return BatchFound(batch.number, entries, malformed)
