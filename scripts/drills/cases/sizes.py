"""Empty, short and very long texts are read in one run, and a long one as its sentences are."""

from __future__ import annotations

from collections import Counter
from typing import Any

import srsly

from scripts.drills.modules.drill import SENTENCES, Drill, Finding
from spacy_rin.extract import extract

WORDS = 5_000
EMPTY = 1_000
# Scores depend in their last digits on what is read at once.
NEAR = 0.01


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): How many documents failed, and how many triples the long one has else."""
    repeats = WORDS // sum(len(sentence.split()) for sentence in SENTENCES)
    texts = {
        "long": " ".join(SENTENCES * repeats),
        "word": "Nordrel",
        "letters": "x" * 20_000,
        "ideographs": "北京" * 5_000,
        "spaces": " \n\t" * 1_000,
        **{f"sentence {k}": sentence for k, sentence in enumerate(SENTENCES)},
        **{f"empty {k}": "" for k in range(EMPTY)},
    }
    source, output = drill.work / "texts.jsonl", drill.work / "out.jsonl"
    srsly.write_jsonl(source, ({"id": name, "text": text} for name, text in texts.items()))
    totals = extract(source, output, drill.pipeline, id_field="id", by="document")
    rows = {row["document"]: row.get("triples", []) for row in srsly.read_jsonl(output)}
    alone = Counter[tuple[str, ...]]()
    for number in range(len(SENTENCES)):
        for triple in rows.get(f"sentence {number}", []):
            alone[_key(triple)] += repeats
    long = Counter(map(_key, rows.get("long", [])))
    differ = (alone - long).total() + (long - alone).total()
    found = sum(len(rows.get(name, [])) for name in texts if name.startswith("empty"))
    figure = (
        f"{totals.documents} documents, one of {len(texts['long'].split())} words: "
        f"{totals.failed} failed, {differ} of {alone.total()} triples differ in the long one"
    )
    whole = rows.keys() == texts.keys() and not (totals.failed or found)
    return Finding(figure, whole and differ <= NEAR * alone.total())


def _key(triple: dict[str, Any]) -> tuple[str, ...]:
    return triple["head"], triple["relation"], triple["tail"]
