"""Batches read on this machine: by this process, or by several of its own."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process

from ...errors import Errors, check_least
from ..documents import Source, read_batches
from ..journal import Done
from .worker import BatchFound, Pipeline, read_batch

# Batches that wait for a worker or to be taken, so that an endless input does not pile up.
WAITING = 2


@dataclass(frozen=True)
class LocalSettings:
    """What this engine can be told.

    processes (int): How many read; 1 for this process alone.
    gpu_id (int): GPU that they share, -1 for the CPU.
    """

    processes: int = 1
    gpu_id: int = -1

    def __post_init__(self) -> None:
        check_least("processes", self.processes, 1)


def read_locally(
    source: Source, done: Done, pipeline: Pipeline, settings: LocalSettings
) -> Generator[BatchFound, None, None]:
    """Read batches in their order; with several processes, each has a pipeline and one thread.

    source (Source): Where the documents come from.
    done (Done): Batches to leave out.
    pipeline (Pipeline): What each process loads.
    settings (LocalSettings): How many processes, and on what.
    YIELDS (BatchFound): Each batch, read.
    RAISES (ChildProcessError): If a worker dies.
    """
    batches = read_batches(source, done)
    if settings.processes == 1:
        for batch in batches:
            yield read_batch(pipeline, settings.gpu_id, 0, batch)
        return
    # Forked workers would share torch's threads and the GPU's context with this process.
    pool = ProcessPoolExecutor(settings.processes, get_context("spawn"), _begin_worker)
    waiting: deque[Future[BatchFound]] = deque()
    try:
        for batch in batches:
            waiting.append(pool.submit(read_batch, pipeline, settings.gpu_id, 1, batch))
            if len(waiting) > WAITING * settings.processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise ChildProcessError(Errors.R072) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    # Ctrl-C reaches the whole group; the main process alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A pool's workers wait for ever if the main process is killed: they hold its pipe open."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
