"""A flipped bit or a cut in a corpus or an input is said in one line, or changes nothing."""

from __future__ import annotations

import zlib
from collections import Counter

import srsly

from scripts.drills.modules.drill import SENTENCES, Drill, Finding
from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.extract.outputs import read_output

TIMES = 400


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): How often reading raised anything but an error that is said."""
    raw, corpus = drill.work / "raw.jsonl", drill.work / "gold.spacy"
    rows = [{"text": text, "relations": []} for text in SENTENCES * 5]
    srsly.write_jsonl(raw, rows)
    convert(raw, corpus)
    triples = drill.work / "triples.jsonl"
    outcome = drill.call("extract", raw, "--model", drill.pipeline, "--output", triples)
    if outcome.code:
        return Finding(outcome.show(), False)
    kinds = Counter[str]()
    files = [(corpus, False), (corpus, True), (triples, False)]
    # A pipeline that finds nothing writes an empty file, in which nothing can be damaged.
    for path, inside in ((path, inside) for path, inside in files if path.stat().st_size):
        whole = path.read_bytes()
        data = zlib.decompress(whole) if inside else whole
        for _ in range(TIMES):
            changed = bytearray(data)
            if drill.random.random() < 0.2:
                del changed[drill.random.randrange(len(data)) :]
            else:
                changed[drill.random.randrange(len(data))] ^= 1 << drill.random.randrange(8)
            path.write_bytes(zlib.compress(bytes(changed), 1) if inside else bytes(changed))
            try:
                read = read_docs if path == corpus else read_output
                for _ in read(path):
                    pass
                kinds["read"] += 1
            except (ValueError, OSError) as error:
                kinds["said" if path.name in str(error) else "said without the file"] += 1
            except Exception as error:
                kinds[type(error).__name__] += 1
        path.write_bytes(whole)
    bad = kinds.total() - kinds["read"] - kinds["said"]
    return Finding(f"{kinds.total()} mutations: {dict(kinds)}", bad == 0)
