"""Hostile texts, labels and ids are read or refused, reach no terminal, and write no other file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.drills.modules.drill import Drill, Finding

HTML = "</p></title></style></script><script>alert(1)</script><img src=x onerror=alert(1)>"
STRINGS = (
    HTML,
    '" onload="alert(1)" x=\'${title}\' %s {text} &lt;',
    "A\n\n# Title\n\n[link](javascript:alert(1)) |x|`",
    "=cmd|' /C calc'!A0",
    "../../x",
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31m\u202e",
)
# What of the strings must not reach a terminal. The commands may colour their own words.
CONTROLS = ("\x1b[2J", "\x1b]0", "\x9b", "\u202e")
# What is no text to be read.
LINES = (
    json.dumps({"id": "brackets", "text": "(" * 10_000}),
    json.dumps({"id": "letters", "text": "x" * 1_000_000}),
    json.dumps({"id": "word", "text": "It rained. " + "ab-" * 300_000}),
    "[" * 100_000,
    '{"text": ' * 10_000,
    '{"id": 1e999, "text": "It rained."}',
    f'{{"id": {"1" * 5000}, "text": "It rained."}}',
    '{"id": "twice", "text": "a", "text": "It rained."}',
    '{"id": "half", "text": "\\ud800"}',
    "\x1b[2J",
)


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): Which commands said more than a line, or let something through."""
    raw, texts = drill.work / "raw.jsonl", drill.work / "texts.jsonl"
    raw.write_text("".join(json.dumps(row) + "\n" for row in map(_gold, STRINGS)) + _bad_gold())
    given = (json.dumps({"id": string, "text": string}) for string in STRINGS)
    texts.write_text("\n".join([*given, *LINES]) + "\n", encoding="utf8")
    # Deep enough for what is written two folders above to be seen.
    into = drill.work / "deep" / "deeper" / "into"
    into.mkdir(parents=True)
    corpus, triples = into / "gold.spacy", into / "triples.jsonl"
    model = ["--model", drill.pipeline]
    calls: list[list[object]] = [
        ["convert", raw, corpus],
        ["inspect", corpus],
        ["extract", texts, *model, "--output", triples, "--id-field", "id", "--skip-bad"],
        ["render", corpus, into / "gold.html"],
        ["graph", corpus, into / "graph.html"],
        ["graph", triples, into / "triples.html"],
        ["facts", corpus, into / "neo4j"],
        *(
            ["export", corpus, into / f"{form}{suffix}", "--format", form]
            for form, suffix in {
                "prodigy": ".jsonl",
                "rel_component": ".spacy",
                "turtle": ".ttl",
            }.items()
        ),
        *(["graph", path, into / "odd.html"] for path in _odd_triples(drill.work / "odd")),
    ]
    before, faults = _listed(drill.work), []
    for words in calls:
        outcome = drill.call(*words)
        if not outcome.is_clean:
            faults.append(f"{words[0]}: {outcome.show()}")
        if any(control in outcome.out + outcome.err for control in CONTROLS):
            faults.append(f"{words[0]} sends controls to the terminal")
    for page in into.glob("*.html"):
        if "<script>alert" in (text := page.read_text(encoding="utf8")) or "<img" in text:
            faults.append(f"{page.name} has what a text has written")
    if others := {path for path in _listed(drill.work) - before if into not in path.parents}:
        faults.append(f"other files: {sorted(path.name for path in others)}")
    figure = f"{len(calls)} commands with {len(STRINGS) + len(LINES)} inputs, {len(faults)} faults"
    return Finding("; ".join([figure, *faults]), not faults)


def _gold(string: str) -> dict[str, Any]:
    """A record whose text, labels and id have a string in them."""
    text = f"Ines {string} founded Carrow."
    start = len(text) - len("Carrow.")
    entities = [
        {"start": 0, "end": 4, "label": f"P{string}"},
        {"start": start, "end": start + 6, "label": f"O{string}"},
    ]
    relations = [{"head": 0, "label": f"r{string}", "tail": 1}]
    return {"id": string, "text": text, "entities": entities, "relations": relations}


def _bad_gold() -> str:
    """Lines that `convert` leaves out."""
    return "".join(f"{line}\n" for line in LINES if '"id": "' not in line)


def _odd_triples(folder: Path) -> list[Path]:
    """Outputs of `extract` with numbers that are none."""
    folder.mkdir()
    row = {
        **{"document": HTML, "sentence": HTML, "sentence_start": 0, "relation": HTML},
        **{"head": HTML, "head_start": 0, "head_end": 1, "head_label": HTML},
        **{"tail": "x", "tail_start": 2, "tail_end": 3, "tail_label": "", "score": 0.5},
    }
    text, paths = json.dumps(row), []
    scores = ("0.5", "NaN", '"0.5"', "null", "1" * 400, "1" * 5000, "1e999", "true")
    lines = [text.replace("0.5}", f"{score}}}") for score in scores]
    lines.append(text.replace('"head_start": 0', '"head_start": 1e999'))
    for number, line in enumerate(lines):
        paths.append(folder / f"{number}.jsonl")
        paths[-1].write_text(line + "\n")
    for name, data in {
        "empty.csv": b"",
        "nul.csv": b"a\0b\n\0\n",
        "returns.csv": b"document,head\ra,b\r",
        "quote.csv": b'document,head\n"a,b\n',
        "latin.csv": b"document,h\xe9ad\n\xff",
        "bad.parquet": b"PAR1" + bytes(100) + b"PAR1",
    }.items():
        paths.append(folder / name)
        paths[-1].write_bytes(data)
    return paths


def _listed(folder: Path) -> set[Path]:
    """What stands in a folder, and in those that are in it."""
    return set(folder.rglob("*"))
