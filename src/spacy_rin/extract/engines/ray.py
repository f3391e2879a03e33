"""Batches read by Ray Data: one reader beside the driver, a pool of actors with a pipeline each.

A block holds about one batch, so that the pool shares even a small file. Ray runs again what a lost
worker or machine had in hand; the driver takes batches in any order, each of them once.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...errors import Errors, check_least, import_extra
from ..documents import STDIN, Document, DocumentBatch, Source, read_batches
from ..journal import Done
from .worker import BatchFound, Pipeline, read_batch

# Ray gathers what a task yields up to this size; its default of 128 MB is hours of reading.
BLOCK_BYTES = 2**14
# A Ray of our own reports to nobody, and its core does not print what is no concern of the user.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class RaySettings:
    """What this engine can be told.

    processes (int): Ray's workers.
    num_gpus (float): GPUs, or share of one, of each worker.
    ray_address (str): Cluster that is there already; none to start Ray on this machine.
    """

    processes: int = 1
    num_gpus: float = 0
    ray_address: str | None = None

    def __post_init__(self) -> None:
        check_least("processes", self.processes, 1)


def check_ray(source: Source) -> None:
    """Find out whether Ray is installed, and can read the source.

    RAISES (ValueError): If it can't.
    """
    import_ray()
    if STDIN in source.inputs:
        raise ValueError(Errors.R073)


def read_with_ray(
    source: Source, done: Done, pipeline: Pipeline, settings: RaySettings
) -> Generator[BatchFound, None, None]:
    """Read batches with Ray's workers, in any order.

    source (Source): Where the documents come from.
    done (Done): Batches to leave out.
    pipeline (Pipeline): What each worker loads.
    settings (RaySettings): How many workers, and where.
    YIELDS (BatchFound): Each batch, read.
    RAISES (OSError): If Ray gives up.
    """
    ray = import_ray()
    with _running(ray, settings):
        here = {"ray.io/node-id": ray.get_runtime_context().get_node_id()}
        # The reader needs hardly any time: of a whole core it would deprive a worker.
        read: dict[str, Any] = {"num_cpus": 0, "label_selector": here}
        pool = ray.data.ActorPoolStrategy(size=settings.processes)
        found = (
            ray.data.from_items([0])
            .map_batches(_read_source, fn_args=(source, done, os.getcwd()), **read)
            .map_batches(
                _Worker,
                fn_constructor_args=(pipeline, settings.num_gpus > 0),
                compute=pool,
                batch_size=1,
                num_cpus=1,
                num_gpus=settings.num_gpus,
            )
        )
        try:
            for columns in found.iter_batches(batch_size=None, batch_format="numpy"):
                for line in columns["found"]:
                    yield BatchFound(*json.loads(line))
        except ray.exceptions.RayError as error:
            raise OSError(Errors.R074.format(reason=_reason(error))) from None


def import_ray() -> Any:
    """Import Ray with its Data.

    RAISES (ValueError): If it is not installed.
    """
    import_extra("ray.data", "ray", "--engine ray")
    return import_extra("ray", "ray", "--engine ray")


class _Worker:
    """An actor: loads its pipeline at the first batch, and keeps it."""

    def __init__(self, pipeline: Pipeline, on_gpu: bool) -> None:
        # Ray shows a worker only the GPUs that are its own, so that the first is the right one.
        self.read = partial(read_batch, pipeline, 0 if on_gpu else -1, 1)

    def __call__(self, columns: Columns) -> Columns:
        lines = []
        for line in columns["batch"]:
            number, documents = json.loads(line)
            batch = DocumentBatch(number, [Document(*document) for document in documents])
            lines.append(json.dumps(self.read(batch)))
        return {"found": np.array(lines, dtype=object)}


def _read_source(_: Columns, source: Source, done: Done, folder: str) -> Iterator[Columns]:
    os.chdir(folder)  # relative paths are the driver's, and Ray's processes may begin elsewhere
    for batch in read_batches(source, done):
        yield {"batch": np.array([json.dumps(batch)], dtype=object)}


@contextmanager
def _running(ray: Any, settings: RaySettings) -> Iterator[None]:
    """Ray as it is there already, or on this machine for as long as this lasts."""
    started = not ray.is_initialized()
    if started:
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        size = {} if settings.ray_address else {"num_cpus": settings.processes}
        ray.init(settings.ray_address, logging_level=logging.ERROR, log_to_driver=False, **size)
    context, logger = ray.data.DataContext.get_current(), logging.getLogger("ray.data")
    before = context.target_max_block_size, context.enable_progress_bars, logger.level
    context.target_max_block_size, context.enable_progress_bars = BLOCK_BYTES, False
    # What is wrong comes back as an exception; Ray would print it too, with all its tracebacks.
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        context.target_max_block_size, context.enable_progress_bars = before[:2]
        logger.setLevel(before[2])
        if started:
            ray.shutdown()


def _reason(error: Exception) -> str:
    """The error that a worker raised, which stands first among the tracebacks Ray hands on."""
    return str(error).partition("\n\nThe above exception")[0].strip().splitlines()[-1]
