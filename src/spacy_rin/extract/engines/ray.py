"""Batches of documents → batches of rows by Ray Data, on one machine or on a cluster.

One task beside the driver reads the inputs, and each actor of a pool has a pipeline. A block holds
about one batch, so that the whole pool works even on a small file. If a worker or a machine is
lost, Ray repeats what it was working on. The driver gets every batch once, in any order.
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

# Ray collects what a task yields into blocks of this size. A block of its default, 128 MB, would
# keep a worker busy for hours.
BLOCK_BYTES = 2**14
# For a Ray that we start ourselves: it sends no usage statistics, and its core prints nothing that
# does not concern the user.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class RaySettings:
    """The settings of this engine.

    processes (int): The number of workers.
    num_gpus (float): GPUs of each worker, or its share of one; 0 for the CPU.
    ray_address (str | None): A cluster that is running; None to start Ray on this machine.
    """

    processes: int = 1
    num_gpus: float = 0
    ray_address: str | None = None

    def __post_init__(self) -> None:
        check_least("processes", self.processes, 1)


def check_ray(source: Source) -> None:
    """Find out whether Ray is installed, and can read a source.

    source (Source): Where the documents come from.
    RAISES (ValueError): If Ray is not installed, or the source is standard input.
    """
    import_ray()
    if STDIN in source.inputs:
        raise ValueError(Errors.R073)


def read_with_ray(
    source: Source, done: Done, pipeline: Pipeline, settings: RaySettings
) -> Generator[BatchFound, None, None]:
    """Read batches with Ray's workers, in any order.

    source (Source): Where the documents come from.
    done (Done): The batches to leave out.
    pipeline (Pipeline): The pipeline that each worker loads.
    settings (RaySettings): The number of workers, their devices, and the cluster.
    YIELDS (BatchFound): The result of each batch.
    RAISES (OSError): If Ray gives up.
    """
    ray = import_ray()
    with _running(ray, settings):
        here = {"ray.io/node-id": ray.get_runtime_context().get_node_id()}
        # Reading the inputs takes hardly any time. A core of its own would be taken from a worker.
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
    """Import Ray and Ray Data.

    RETURNS (Module): The package `ray`.
    RAISES (ValueError): If they are not installed.
    """
    import_extra("ray.data", "ray", "--engine ray")
    return import_extra("ray", "ray", "--engine ray")


class _Worker:
    """An actor, which loads its pipeline at the first batch and keeps it."""

    def __init__(self, pipeline: Pipeline, on_gpu: bool) -> None:
        # Ray makes only a worker's own GPUs visible to it, so that GPU 0 is the right one.
        self.read = partial(read_batch, pipeline, 0 if on_gpu else -1, 1)

    def __call__(self, columns: Columns) -> Columns:
        lines = []
        for line in columns["batch"]:
            number, documents = json.loads(line)
            batch = DocumentBatch(number, [Document(*document) for document in documents])
            lines.append(json.dumps(self.read(batch)))
        return {"found": np.array(lines, dtype=object)}


def _read_source(_: Columns, source: Source, done: Done, folder: str) -> Iterator[Columns]:
    # Relative paths belong to the driver's folder, and Ray may start its processes elsewhere.
    os.chdir(folder)
    for batch in read_batches(source, done):
        yield {"batch": np.array([json.dumps(batch)], dtype=object)}


@contextmanager
def _running(ray: Any, settings: RaySettings) -> Iterator[None]:
    """Use Ray if it is running in this process; otherwise start it and shut it down at the end.

    Some of its settings are changed meanwhile, and restored.
    """
    started = not ray.is_initialized()
    if started:
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        size = {} if settings.ray_address else {"num_cpus": settings.processes}
        ray.init(settings.ray_address, logging_level=logging.ERROR, log_to_driver=False, **size)
    context, logger = ray.data.DataContext.get_current(), logging.getLogger("ray.data")
    before = context.target_max_block_size, context.enable_progress_bars, logger.level
    context.target_max_block_size, context.enable_progress_bars = BLOCK_BYTES, False
    # Errors come back as exceptions. Ray would also print them, with all their tracebacks.
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        context.target_max_block_size, context.enable_progress_bars = before[:2]
        logger.setLevel(before[2])
        if started:
            ray.shutdown()


def _reason(error: Exception) -> str:
    """The error that a worker raised: the first of the tracebacks that Ray has joined."""
    return str(error).partition("\n\nThe above exception")[0].strip().splitlines()[-1]
