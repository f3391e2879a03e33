"""A damaged journal costs what stands behind the damage, and `--resume` loses no row."""

from __future__ import annotations

from typing import Any

import srsly

from scripts.drills.modules.drill import Drill, Finding
from spacy_rin.extract import extract
from spacy_rin.extract.run import journal_path

COUNT = 600
BATCH = 50


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): Which journals gave other rows, or a run that should not go on."""
    texts, output = drill.texts(COUNT), drill.work / "out.jsonl"
    expected = [f"d{k}" for k in range(COUNT)]
    settings: dict[str, Any] = {"id_field": "id", "by": "document", "batch_size": BATCH}
    journal, faults = journal_path(output), []
    try:
        extract(texts, output, drill.pipeline, **settings, progress=_stop)
    except KeyboardInterrupt:
        lines = journal.read_bytes().splitlines(keepends=True)
    whole = b"".join(lines)
    damaged = {
        "whole": whole,
        "cut": whole[: -len(lines[-1]) // 2],
        "with noise": b"".join([*lines[:2], b"\xff\x00{\n", *lines[3:]]),
        "with a batch twice": whole + lines[-1],
        "with a batch of nothing": b"".join([*lines[:2], b'{"batch": 1}\n', *lines[3:]]),
        "with a batch of no number": whole + b'{"batch": [], "documents": []}\n',
        "with zero bytes": whole + bytes(4096),
        "empty": b"",
    }
    for name, data in damaged.items():
        output.unlink(missing_ok=True)
        journal.write_bytes(data)
        try:
            extract(texts, output, drill.pipeline, **settings, resume=True)
            rows = [row["document"] for row in srsly.read_jsonl(output)]
            fault = "" if sorted(rows) == sorted(expected) else f"{len(rows)} rows"
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
        if fault:
            faults.append(f"{name}: {fault}")
    figure = f"{len(damaged)} journals of {COUNT} documents, {len(faults)} with other rows"
    return Finding("; ".join([figure, *faults]), not faults)


def _stop(totals: Any) -> None:
    if totals.documents >= COUNT // 2:
        raise KeyboardInterrupt
