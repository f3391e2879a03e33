"""Batches of documents → batches of rows on this machine: by this process, or by several."""

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

# Batches per process that may wait for a worker, or for being taken. Without a limit, an endless
# input would fill the memory.
WAITING = 2


@dataclass(frozen=True)
class LocalSettings:
    """The settings of this engine.

    processes (int): How many processes read; with 1 it is this process itself.
    gpu_id (int): The GPU that all processes share; -1 for the CPU.
    """

    processes: int = 1
    gpu_id: int = -1

    def __post_init__(self) -> None:
        check_least("processes", self.processes, 1)


def read_locally(
    source: Source, done: Done, pipeline: Pipeline, settings: LocalSettings
) -> Generator[BatchFound, None, None]:
    """Read batches in their order. Of several processes, each has a pipeline and one thread.

    source (Source): Where the documents come from.
    done (Done): The batches to leave out.
    pipeline (Pipeline): The pipeline that each process loads.
    settings (LocalSettings): The number of processes, and their device.
    YIELDS (BatchFound): The result of each batch.
    RAISES (ChildProcessError): If a worker process dies.
    """
    batches = read_batches(source, done)
    if settings.processes == 1:
        for batch in batches:
            yield read_batch(pipeline, settings.gpu_id, 0, batch)
        return
    # Spawned, not forked: a fork would share torch's threads and the GPU's context.
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
    # Ctrl-C is sent to the workers as well, but only the main process shall handle it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Exit when the main process has ended.

    If it is killed, the workers of a pool would wait for ever: they hold its pipe open themselves.
    """
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
