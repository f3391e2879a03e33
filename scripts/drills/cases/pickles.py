"""No code runs that stands in a file of a pipeline or of a corpus."""

from __future__ import annotations

import os
import pickle
import shutil
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import srsly

from scripts.drills.modules.drill import Drill, Finding
from spacy_rin.component import load_pipeline
from spacy_rin.corpus.docbin import read_docs


class Payload:
    """Makes a folder when it is unpickled.

    path (Path): The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self.path,)


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): Which files have run code, and how many raised what nobody expects."""
    mark = drill.work / "ran"
    pickled = pickle.dumps(Payload(mark))
    pickle.loads(pickled)  # or else the payload would prove nothing
    mark.rmdir()
    objects = {b"nd": True, b"type": b"|O", b"kind": b"O", b"shape": (1,), b"data": pickled}
    payloads = {"pickle": pickled, "objects": srsly.msgpack_dumps(objects)}
    tried, ran = 0, []

    def attempt(name: str, read: Callable[[], Any]) -> None:
        nonlocal tried
        tried += 1
        with suppress(Exception):  # an error is what should come of it
            read()
        if mark.exists():
            ran.append(name)
            mark.rmdir()

    folder = drill.work / "pipeline"
    shutil.copytree(drill.pipeline, folder)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole = path.read_bytes()
        for name, data in payloads.items():
            path.write_bytes(data)
            attempt(f"{name} in {path.relative_to(folder)}", lambda: load_pipeline(str(folder)))
        path.write_bytes(whole)
    corpus = drill.corpus(4)
    message = srsly.msgpack_loads(zlib.decompress(corpus.read_bytes()))
    for name, data in payloads.items():
        for place in message:
            changed = {**message, place: [data] * 4 if place == "user_data" else objects}
            corpus.write_bytes(zlib.compress(srsly.msgpack_dumps(changed)))
            attempt(f"{name} in {place} of a corpus", lambda: list(read_docs(corpus)))
    figure = f"{tried} payloads, {len(ran)} have run"
    return Finding("; ".join([figure, *ran]), not ran)
