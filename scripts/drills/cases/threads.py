"""`extract` called from threads of one process finds what it finds alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import srsly

from scripts.drills.modules.drill import Drill, Finding
from spacy_rin.extract import extract

COUNT = 600
THREADS = 3


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): How many documents differ from those that one thread reads."""
    texts = drill.texts(COUNT)

    def read(name: str) -> list[Any]:
        output = drill.work / f"{name}.jsonl"
        extract(texts, output, drill.pipeline, id_field="id", by="document", batch_size=16)
        return list(srsly.read_jsonl(output))

    alone = read("alone")
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(read, [f"thread_{k}" for k in range(THREADS)]))
    other = sum(a != b for rows in found for a, b in zip(rows, alone, strict=True))
    return Finding(f"{THREADS} threads of {COUNT} documents: {other} differ", other == 0)
