"""Who reads the batches: processes on this machine, or Ray's workers on any number of them."""

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
    """One way to read batches. Which one has read them changes nothing but their order.

    about (str): For the help of the command line.
    settings (type): A dataclass of the engine's own settings; it checks them itself.
    read (Callable): Given the source, the batches to leave out, the pipeline and the settings,
        yields the other batches, read.
    check (Callable): Finds out, before anything is read, what the engine can't.
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
    """Find an engine, and whether it can do what it is asked for.

    name (str): One of ENGINES.
    source (Source): Where the documents come from.
    settings (dict): Some of the engine's settings, by name.
    RETURNS (tuple): The engine, and its settings as it takes them.
    RAISES (ValueError): If there is none, it has no such setting, or can't read that source.
    """
    check_named(ENGINES, "engine", name)
    engine = ENGINES[name]
    known = [field.name for field in fields(engine.settings)]  # type: ignore[arg-type]
    for setting in settings.keys() - set(known):
        raise ValueError(Errors.R059.format(engine=name, setting=setting, known=", ".join(known)))
    found = engine.settings(**settings)
    engine.check(source)
    return engine, found
