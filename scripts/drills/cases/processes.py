"""Processes that are spawned or forked find what one alone finds."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable

from spacy.tokens import Doc

from scripts.drills.modules.drill import SENTENCES, Drill, Finding
from spacy_rin.component import load_pipeline
from spacy_rin.relations import get_relations

COUNT = 200
METHODS = ("fork", "spawn")


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): How many documents differ."""
    nlp = load_pipeline(str(drill.pipeline))
    texts = [SENTENCES[k % len(SENTENCES)] for k in range(COUNT)]
    alone, before = _rows(nlp.pipe(texts)), multiprocessing.get_start_method()
    other = 0
    try:
        for method in METHODS:
            multiprocessing.set_start_method(method, force=True)
            found = _rows(nlp.pipe(texts, n_process=2, batch_size=50))
            other += sum(a != b for a, b in zip(found, alone, strict=True))
    finally:
        multiprocessing.set_start_method(before, force=True)
    figure = f"2 processes, {' and '.join(METHODS)}, {COUNT} documents each: {other} differ"
    return Finding(figure, other == 0)


def _rows(docs: Iterable[Doc]) -> list[list[tuple[str, float]]]:
    return [[(rel.text, round(rel.score, 3)) for rel in get_relations(doc)] for doc in docs]
