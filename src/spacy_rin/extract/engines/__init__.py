"""Who reads the batches: processes on this machine, or Ray's workers on any number of them."""

from __future__ import annotations

from collections.abc import Generator

from ..documents import Source
from ..journal import Done
from .workers import BatchFound, Workers

ENGINES = ("local", "ray")
__all__ = ["ENGINES", "BatchFound", "Workers", "read_all"]


def read_all(
    engine: str, source: Source, done: Done, workers: Workers
) -> Generator[BatchFound, None, None]:
    """Read every batch that is not done.

    engine (str): "local" or "ray".
    source (Source): Where the documents come from.
    done (Done): Batches to leave out.
    workers (Workers): How many, and what each of them has.
    YIELDS (BatchFound): Each batch, read. Which engine has read it changes nothing but their order.
    """
    if engine == "ray":
        from .ray import read_with_ray

        return read_with_ray(source, done, workers)
    from .local import read_locally

    return read_locally(source, done, workers)
