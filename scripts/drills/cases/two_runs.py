"""Of two runs to one output, one writes it whole, and the other says that it is being written."""

from __future__ import annotations

from collections import Counter

import srsly

from scripts.drills.modules.drill import SENTENCES, Drill, Finding, finish
from spacy_rin.corpus.docbin import read_docs

COUNT = 2000
WAYS: tuple[list[str], ...] = ([], ["--resume"], ["--overwrite"])


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): Whether every document is in the output once, in all ways to call it."""
    texts, faults = drill.texts(COUNT), Counter[str]()
    expected = [f"d{k}" for k in range(COUNT)]
    for number, way in enumerate(WAYS):
        output = drill.work / f"{number}.jsonl"
        words = ["extract", texts, "--model", drill.pipeline, "--output", output]
        words += ["--id-field", "id", "--by", "document", *way]
        outcomes = [finish(each) for each in [drill.begin(*words) for _ in range(2)]]
        faults["not said in one line"] += sum(not each.is_clean for each in outcomes)
        rows = [row["document"] for row in srsly.read_jsonl(output)] if output.exists() else []
        faults["rows lost or twice"] += len(set(expected) ^ set(rows)) + len(rows) - len(set(rows))
    raw = drill.work / "raw.jsonl"
    srsly.write_jsonl(raw, [{"text": SENTENCES[k % 4], "relations": []} for k in range(COUNT)])
    for name in ("file.spacy", "shards"):
        output = drill.work / name
        outcomes = [finish(each) for each in [drill.begin("convert", raw, output) for _ in "12"]]
        faults["not said in one line"] += sum(not each.is_clean for each in outcomes)
        docs = sum(1 for _ in read_docs(output)) if output.exists() else 0
        faults["Docs lost or twice"] += abs(docs - COUNT)
    figure = f"{len(WAYS) + 2} pairs of runs of {COUNT} documents: {faults.total()} faults"
    return Finding(figure, not faults.total())
