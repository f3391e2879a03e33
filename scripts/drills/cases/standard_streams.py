"""Standard input that is shut or empty, and a reader that goes away, are no traceback."""

from __future__ import annotations

import os
import subprocess
from typing import Any

from scripts.drills.modules.drill import Drill, Finding, Outcome, finish


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): Which commands said more than a line."""
    corpus, texts = drill.corpus(), drill.texts(50).read_bytes()
    extract = ["extract", "-", "--format", "jsonl", "--model", drill.pipeline, "--output"]
    outcomes = {
        "shut": _finish(drill, *extract, drill.work / "shut.jsonl", shut=0),
        "empty": _finish(drill, *extract, drill.work / "empty.jsonl", stdin=subprocess.DEVNULL),
        "given": _finish(drill, *extract, drill.work / "given.jsonl", data=texts),
        "output shut": _finish(drill, "inspect", corpus, shut=1),
        "nobody reads": _finish(drill, "inspect", corpus, is_read=False),
    }
    faults = [f"{name}: {each.show()}" for name, each in outcomes.items() if not each.is_clean]
    faults += [f"{name}: {each.show()}" for name, each in outcomes.items() if "Error" in each.err]
    if outcomes["shut"].code == 0:
        faults.append("standard input that is shut is taken for an empty one")
    given = drill.work / "given.jsonl"
    if not (given.exists() and given.read_bytes()):
        faults.append("nothing is read from standard input")
    figure = f"{len(outcomes)} commands, {len(faults)} faults"
    return Finding("; ".join([figure, *faults]), not faults)


def _finish(
    drill: Drill,
    *words: object,
    shut: int | None = None,
    data: bytes | None = None,
    is_read: bool = True,
    **settings: Any,
) -> Outcome:
    """What becomes of a command that lacks one of its streams."""
    if data is not None:
        path = drill.work / "stdin"
        path.write_bytes(data)
        with path.open("rb") as file:
            return finish(drill.begin(*words, stdin=file))
    if not is_read:
        read, write = os.pipe()
        os.close(read)
        settings["stdout"] = write
    # A shell shuts a stream; Python cannot be started without one otherwise.
    wrapper = [] if shut is None else ["sh", "-c", f'exec "$@" {shut}>&-', "sh"]
    process = drill.begin(*words, wrapper=wrapper, **settings)
    if not is_read:
        os.close(write)
    return finish(process)
