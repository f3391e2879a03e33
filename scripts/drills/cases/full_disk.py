"""A full disk is said in one line that names the output, and nothing stands there half-written."""

from __future__ import annotations

from pathlib import Path

import srsly

from scripts.drills.modules.drill import SENTENCES, Drill, Finding

COUNT = 400
ROOM = 4096  # bytes of the largest file that can be written
# A copy of the pipeline comes first, or the output is small.
OTHER_ROOM = {"card": 500_000, "export to rel_component": 512}


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): Which commands said something else, or left something."""
    faults = []
    calls = _commands(drill)
    for name, (words, output) in calls.items():
        outcome = drill.call(*words, file_size=OTHER_ROOM.get(name, ROOM))
        lines = outcome.err.strip().splitlines()
        if outcome.code <= 0 or len(lines) != 1:
            faults.append(f"{name}: {outcome.show()}")
        elif output.name not in lines[0]:
            faults.append(f"{name} does not name the output: {lines[0]}")
        if output.exists():
            faults.append(f"{name}: {output.name} stands there")
        left = [path.name for path in output.parent.iterdir()]
        if left and not all(name.endswith(".journal") for name in left):
            faults.append(f"{name} leaves {left}")
        if name.startswith("extract"):  # there is room again
            outcome = drill.call(*words, "--resume")
            if outcome.code or not output.exists():
                faults.append(f"{name} --resume: {outcome.show()}")
    full = drill.work / "full.jsonl"
    full.symlink_to("/dev/full")
    outcome = drill.call(*calls["extract"][0][:-1], full, "--overwrite")
    if outcome.code <= 0 or not outcome.is_clean:
        faults.append(f"/dev/full: {outcome.show()}")
    figure = f"{len(calls) + 1} commands on a full disk, {len(faults)} faults"
    return Finding("; ".join([figure, *faults]), not faults)


def _commands(drill: Drill) -> dict[str, tuple[list[object], Path]]:
    """The words of each command, and the output that is in them; each has a folder of its own."""
    corpus, texts, triples = drill.corpus(COUNT), drill.texts(COUNT), drill.work / "triples.jsonl"
    raw, result = drill.work / "raw.jsonl", drill.work / "result.json"
    # Of other words each, so that their vocabulary needs room.
    rows = [{"text": f"{SENTENCES[k % 4]} {k} w{k}", "relations": []} for k in range(10 * COUNT)]
    srsly.write_jsonl(raw, rows)
    model = ["--model", drill.pipeline]
    small = drill.work / "small.spacy"
    for words in (
        ["extract", texts, *model, "--output", triples],
        ["convert", raw, small, "--limit", 20],
        ["evaluate", drill.pipeline, small, "--output", result],
    ):
        if (outcome := drill.call(*words)).code:
            raise ValueError(outcome.show())

    def at(name: str) -> Path:
        folder = drill.work / name.partition(".")[0]
        folder.mkdir()
        return folder / name

    label = {"head": 0, "label": "r" * 50_000, "tail": 1}
    entities = [{"start": 0, "end": 2, "label": "A"}, {"start": 3, "end": 9, "label": "B"}]
    one = drill.work / "one.jsonl"
    srsly.write_jsonl(one, [{"text": SENTENCES[3], "entities": entities, "relations": [label]}])
    csv, parquet, jsonl = at("csv.csv"), at("parquet.parquet"), at("jsonl.jsonl")
    calls: dict[str, tuple[list[object], Path]] = {
        "convert": (["convert", raw, (out := at("file.spacy"))], out),
        "convert to shards": (["convert", raw, (out := at("shards"))], out),
        "convert --report": (
            ["convert", one, drill.work / "one.spacy", "--report", (out := at("report.json"))],
            out,
        ),
        "evaluate": (["evaluate", drill.pipeline, small, "--output", (out := at("r.json"))], out),
        "extract": (["extract", texts, *model, "--output", jsonl], jsonl),
        "extract to CSV": (["extract", texts, *model, "--output", csv], csv),
        "extract to Parquet": (["extract", texts, *model, "--output", parquet], parquet),
        "render": (["render", corpus, (out := at("page.html"))], out),
        "graph": (["graph", triples, (out := at("graph.html"))], out),
        "card": (
            ["card", drill.pipeline, (out := at("card")), "--result", result, "--train", corpus],
            out,
        ),
        "facts": (["facts", triples, (out := at("facts.csv"))], out),
    }
    for form, suffix in (("prodigy", ".jsonl"), ("rel_component", ".spacy"), ("turtle", ".ttl")):
        out = at(f"{form}{suffix}")
        calls[f"export to {form}"] = (["export", corpus, out, "--format", form], out)
    return calls
