"""From annotations to facts, on the demo corpus → training/bench/way.json: time and memory.

The commands are those of docs/from-annotations-to-facts.md, in the order in which they stand there.
Each is called as a user would call it, and watched from outside. The readers of Label Studio and
brat are measured alone, too.
"""

from __future__ import annotations

import shlex
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import duckdb
import srsly
import typer
from markdown_it import MarkdownIt
from wasabi import msg

from scripts.bench.modules.made_exports import (
    Sentence,
    read_sentences,
    write_brat,
    write_label_studio,
)
from scripts.bench.modules.memory import watch
from scripts.data.unpack_demo import ARCHIVE, unpack
from spacy_rin.corpus.readers import read_records
from spacy_rin.corpus.readers.records import Record
from spacy_rin.evaluation.environment import describe_hardware, package_versions
from spacy_rin.files import write_json

PAGE = Path("docs/from-annotations-to-facts.md")
PROGRAMS = {"spacy": "spacy", "spacy-rin": "spacy_rin"}
# What the page takes for granted, and what its commands write.
EXPORT, TEXTS, SCORES, FACTS = "export.json", "news.jsonl", "training/mine/dev.json", "facts.duckdb"
TURNS = 3
# A process that reads and keeps nothing.
READ = """
import sys
from collections import deque
from pathlib import Path
from spacy_rin.corpus.readers import read_records
deque(read_records(Path(sys.argv[1])), maxlen=0)
"""
TIMES = 10  # so many times the records are to take no more memory


def main(
    sentences: Annotated[int, typer.Option(help="Sentences of the export")] = 1000,
    documents: Annotated[int, typer.Option(help="Documents of the folder of brat")] = 200,
    page: Annotated[Path, typer.Option(help="Where the commands stand")] = PAGE,
    output: Annotated[Path, typer.Option(help="JSON")] = Path("training/bench/way.json"),
) -> None:
    """Measure the readers, and each command of the page."""
    result: dict[str, Any] = {
        "sentences": sentences,
        "versions": {**package_versions(), "duckdb": duckdb.__version__},
        "hardware": describe_hardware(),
    }
    with TemporaryDirectory() as name:
        folder = Path(name)
        unpack(ARCHIVE, folder / "demo")
        made = read_sentences(folder / "demo" / "train.jsonl", sentences)
        msg.info(f"readers: {documents:,} documents, {len(made):,} tasks")
        result["readers"] = measure_readers(folder, made, documents)
        write_json(output, result)
        place = folder / "way"
        place.mkdir()
        write_label_studio(place / EXPORT, made)
        texts = read_sentences(folder / "demo" / "test.jsonl", sentences)
        srsly.write_jsonl(place / TEXTS, ({"text": sentence[0]} for sentence in texts))
        result |= {"texts": len(texts), **run_page(page, place)}
    write_json(output, result)
    msg.good(f"Wrote {output}")


def run_page(page: Path, folder: Path) -> dict[str, Any]:
    """Run the commands of a page, and say what came out.

    page (Path): The page.
    folder (Path): Where they run. It has what the page takes for granted.
    RETURNS (dict): "steps", each with its command; "gold_seconds" until there are facts of the
        gold; "seconds" of all; the scores on dev, and the number of facts.
    """
    steps = []
    for line in find_commands(page):
        msg.info(line)
        program, *words = shlex.split(line)
        command = [sys.executable, "-m", PROGRAMS[program], *words]
        steps.append({"command": line, **watch(command, folder)})
    gold = next(n for n, step in enumerate(steps) if step["command"].startswith("spacy-rin facts"))
    with duckdb.connect(str(folder / FACTS), read_only=True) as connection:
        facts = connection.execute("SELECT count(*) FROM facts").fetchall()[0][0]
    scores = srsly.read_json(folder / SCORES)["scores"]
    return {
        "steps": steps,
        "gold_seconds": round(sum(step["seconds"] for step in steps[: gold + 1]), 1),
        "seconds": round(sum(step["seconds"] for step in steps), 1),
        "dev": {name: scores[name] for name in ("rel_p", "rel_r", "rel_f", "ents_f")},
        "facts": facts,
    }


def find_commands(page: Path) -> list[str]:
    """Find the commands of a page in its blocks of bash, without their comments."""
    blocks = MarkdownIt().parse(page.read_text(encoding="utf8"))
    lines = [
        shlex.join(shlex.split(line, comments=True))
        for block in blocks
        if block.type == "fence" and block.info == "bash"
        for line in block.content.splitlines()
    ]
    return [line for line in lines if line]


def measure_readers(
    folder: Path, sentences: Sequence[Sentence], documents: int
) -> dict[str, dict[str, Any]]:
    """Read both forms, and ten times as much of each."""
    many = [*sentences] * TIMES
    return {
        "label_studio": measure_reader(
            write_label_studio(folder / "few.json", sentences),
            write_label_studio(folder / "many.json", many),
        ),
        "brat": measure_reader(
            write_brat(folder / "few", sentences, documents),
            write_brat(folder / "many", many, documents * TIMES),
        ),
    }


def measure_reader(few: Path, many: Path) -> dict[str, Any]:
    """Speed of reading in this process, and peak memory of a process that reads, and keeps nothing.

    few (Path): A file or a folder.
    many (Path): The same with more records.
    RETURNS (dict): "records", "words", "triples", "records_per_second", "peak_mb" and
        "peak_mb_of_many".
    """
    seconds = []
    for _ in range(TURNS):
        start = time.perf_counter()
        records = list(read_records(few))
        seconds.append(time.perf_counter() - start)
    kept = [record for record in records if isinstance(record, Record)]
    peaks = [watch([sys.executable, "-c", READ, str(path)])["peak_mb"] for path in (few, many)]
    return {
        "records": len(records),
        "words": sum(len(record.words) for record in kept),
        "triples": sum(len(record.triples) for record in kept),
        "records_per_second": round(len(records) / statistics.median(seconds), 1),
        "peak_mb": peaks[0],
        "peak_mb_of_many": peaks[1],
    }


if __name__ == "__main__":
    typer.run(main)
