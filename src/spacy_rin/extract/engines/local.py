"""Batches of documents → batches of rows on this machine: by this process, or by several."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process

from ...errors import Errors, check_least
from ..documents import Source, read_batches
from ..journal import Done
from .worker import BatchFound, Pipeline, load_reader, read_batch

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
        # The reader is kept, since a run in another thread may load another pipeline meanwhile.
        reader = None
        for batch in batches:
            reader = reader or load_reader(pipeline, settings.gpu_id)
            yield reader.read(batch)
        return
    # Spawned, not forked: a fork would share torch's threads and the GPU's context.
    pool = ProcessPoolExecutor(settings.processes, get_context("spawn"), _begin_worker)
    waiting: deque[Future[BatchFound]] = deque()
    try:
        for batch in batches:
            with _signals_wait():
                waiting.append(pool.submit(read_batch, pipeline, settings.gpu_id, 1, batch))
            if len(waiting) > WAITING * settings.processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise ChildProcessError(Errors.R072) from None
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Hold back Ctrl-C, for this thread and for ever in the processes that it starts.

    Ctrl-C is sent to the workers as well, but only the main process shall handle it. A worker that
    has yet to import Python's modules can't say so itself. Windows has no such means.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker() -> None:
    # For Windows; elsewhere a worker never hears of Ctrl-C.
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
