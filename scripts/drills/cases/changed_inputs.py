"""An input that changes while it is read, or an output that appears meanwhile, is an error."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from scripts.drills.modules.drill import Drill, Finding
from spacy_rin.corpus.convert import convert
from spacy_rin.extract import extract

COUNT = 500
Change = Callable[[Path], object]


def _grow(path: Path) -> None:
    with path.open("a") as file:
        file.write('{"id": "new", "text": "It rained.", "relations": []}\n')


def _shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _replace(path: Path) -> None:
    """The same bytes in another file."""
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    other.replace(path)


CHANGES: dict[str, Change] = {
    "grows": _grow,
    "shrinks": _shrink,
    "is replaced": _replace,
    "is gone": Path.unlink,
}


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): Which changes nobody has noticed, or an output stands in spite of."""
    faults, number = [], 0
    for name, change in CHANGES.items():
        for read in (_convert, _extract):
            number += 1
            source = drill.texts(COUNT, f"{number}.jsonl")
            text = source.read_text().replace('"}', '", "relations": []}')
            source.write_text(text)
            output = drill.work / f"{number}{'.spacy' if read is _convert else '.out.jsonl'}"
            fault = _try(read, drill, source, output, change)
            if fault or output.exists():
                faults.append(f"{read.__name__[1:]}, input {name}: {fault or 'an output stands'}")
    source, output = drill.texts(COUNT, "whole.jsonl"), drill.work / "appears.jsonl"
    fault = _try(_extract, drill, source, output, lambda _: output.write_text("mine"))
    if fault or output.read_text() != "mine":
        faults.append(f"output appears: {fault or 'it was replaced'}")
    figure = f"{number + 1} changes while a command reads, {len(faults)} unnoticed"
    return Finding("; ".join([figure, *faults]), not faults)


def _try(
    read: Callable[..., None], drill: Drill, source: Path, output: Path, change: Change
) -> str:
    """What is wrong with the way in which a change is said; empty if nothing is."""
    left = [change]

    def once(_: object) -> None:
        if left:
            left.pop()(source)

    try:
        read(drill, source, output, once)
    except (ValueError, OSError) as error:
        wanted = (source.name, output.name)
        return "" if any(name in str(error) for name in wanted) else f"it says {error}"
    return "not noticed"


def _convert(drill: Drill, source: Path, output: Path, progress: Callable[[int], None]) -> None:
    convert(source, output, progress=progress)


def _extract(drill: Drill, source: Path, output: Path, progress: Callable[[object], None]) -> None:
    def after_a_batch(totals: object) -> None:
        if getattr(totals, "documents", 0):
            progress(totals)

    extract(source, output, drill.pipeline, id_field="id", progress=after_a_batch, batch_size=50)
