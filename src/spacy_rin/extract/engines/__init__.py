"""Batches of documents → batches of rows, by processes on this machine or by Ray's workers."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, fields
from typing import Any

from ...errors import Errors, check_named
from ..documents import Source
from ..journal import Done
from .local import LocalSettings, read_locally
from .ray import RaySettings, check_ray, read_with_ray
from .worker import BatchFound, Pipeline


@dataclass(frozen=True)
class Engine:
    """One way to read batches. All engines give the same rows; only their order may differ.

    about (str): A description for the help of the command line.
    settings (type): A dataclass of the engine's own settings, which checks them itself.
    read (Callable): Takes the source, the batches to leave out, the pipeline and the settings.
        Yields the other batches when they have been read.
    check (Callable): Raises an error, before anything is read, if the engine can't read a source.
    """

    about: str
    settings: Callable[..., Any]
    read: Callable[[Source, Done, Pipeline, Any], Generator[BatchFound, None, None]]
    check: Callable[[Source], None] = lambda source: None


ENGINES = {
    "local": Engine("processes on this machine", LocalSettings, read_locally),
    "ray": Engine("workers on many machines", RaySettings, read_with_ray, check_ray),
}


def find_engine(name: str, source: Source, settings: dict[str, Any]) -> tuple[Engine, Any]:
    """Find an engine, and check that it can read a source with some settings.

    name (str): One of ENGINES.
    source (Source): Where the documents come from.
    settings (dict): Settings of the engine, by name; the others have their defaults.
    RETURNS (tuple[Engine, Any]): The engine, and its settings in a dataclass of its own.
    RAISES (ValueError): If the engine is unknown, lacks a setting, or can't read the source.
    """
    check_named(ENGINES, "engine", name)
    engine = ENGINES[name]
    known = [field.name for field in fields(engine.settings)]  # type: ignore[arg-type]
    for setting in settings.keys() - set(known):
        raise ValueError(Errors.R059.format(engine=name, setting=setting, known=", ".join(known)))
    found = engine.settings(**settings)
    engine.check(source)
    return engine, found
