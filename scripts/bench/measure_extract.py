"""`spacy-rin extract` on many documents → training/bench/extract.json: speed, memory, and kills.

The documents are the test texts of the data sets that are converted, repeated under new ids. Each
run is the command as a user would call it, watched from outside.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from numpy import array_split, median
from wasabi import msg

from scripts.bench.modules.memory import memory
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.evaluation.environment import describe_hardware, package_versions
from spacy_rin.extract.documents import Document
from spacy_rin.extract.engines.worker import BatchReader, identify
from spacy_rin.extract.run import journal_path
from spacy_rin.files import write_json

CORPORA = ("webnlg/test", "nyt/test", "nyt_small/test")
SECONDS_BETWEEN_SAMPLES = 0.25
LONG_WORDS = 50_000
TURNS = 4


def main(
    model: Annotated[str, typer.Option(help="Pipeline")] = "training/webnlg/pipeline",
    corpus: Annotated[Path, typer.Option(help="Where the converted data sets are")] = Path(
        "corpus"
    ),
    documents: Annotated[int, typer.Option(help="Documents of each run")] = 100_000,
    processes: Annotated[int, typer.Option(help="Workers of each engine")] = 2,
    engines: Annotated[str, typer.Option(help="Engines, with commas between")] = "local,ray",
    kills: Annotated[int, typer.Option(help="Times that the killed run is killed")] = 5,
    seed: Annotated[int, typer.Option(help="Of the moments of killing")] = 0,
    output: Annotated[Path, typer.Option(help="JSON")] = Path("training/bench/extract.json"),
) -> None:
    """Measure each engine, a run that is killed, and a long document."""
    texts = read_texts(corpus)
    result: dict[str, Any] = {
        "model": identify(model).name,
        "documents": documents,
        "processes": processes,
        "versions": package_versions(),
        "hardware": describe_hardware(),
    }
    msg.info(f"a document of {LONG_WORDS:,} words")
    result["long_document"] = measure_long(model, texts)
    write_json(output, result)
    with TemporaryDirectory() as name:
        folder = Path(name)
        source = write_documents(folder / "texts.jsonl", texts, documents)
        command = [str(source), "--model", model, "--processes", str(processes), "--id-field", "id"]
        rows: dict[str, list[str]] = {}
        for engine in engines.split(","):
            msg.info(f"{engine}: {documents:,} documents")
            path = folder / f"{engine}.jsonl"
            result[engine] = run([*command, "--engine", engine], path, documents)
            rows[engine] = read_rows(path)
            result["triples"] = {engine: len(found) for engine, found in rows.items()}
            result["engines_agree"] = all(found == rows[engine] for found in rows.values())
            write_json(output, result)
        msg.info(f"killed {kills} times")
        killed = folder / "killed.jsonl"
        size = path.stat().st_size
        result["kills"] = kill_and_resume(command, killed, size, kills, random.Random(seed))
        result["killed_run_agrees"] = read_rows(killed) == rows[engine]
    write_json(output, result)
    msg.good(f"Wrote {output}")


def read_texts(corpus: Path) -> list[str]:
    """Test texts of the data sets that are there."""
    paths = [corpus / name for name in CORPORA if (corpus / name).exists()]
    if not paths:
        msg.fail(f"None of {', '.join(CORPORA)} is in {corpus}", exits=1)
    return [doc.text for path in paths for doc in read_docs(path)]


def write_documents(path: Path, texts: list[str], count: int) -> Path:
    with path.open("w", encoding="utf8") as file:
        for number, text in enumerate(islice(cycle(texts), count)):
            file.write(json.dumps({"id": f"d{number}", "text": text}) + "\n")
    return path


def read_rows(path: Path) -> list[str]:
    """Rows in an order of their own, to compare them as sets that count."""
    return sorted(path.read_text(encoding="utf8").splitlines())


def run(options: list[str], output: Path, documents: int) -> dict[str, Any]:
    """Run the command to its end; speed and memory, from its first batch on."""
    start = time.monotonic()
    samples: list[tuple[float, float, float]] = []
    with begin(options, output) as process:
        for seconds in ticks(process, start):
            if has_batches(output, 1):
                samples.append((seconds, *memory(process.pid)))
        words = int(str(process.communicate()[0]).rpartition("(")[2].split()[0].replace(",", ""))
    if process.returncode:
        msg.fail("the run failed", exits=1)
    seconds = samples[-1][0] - samples[0][0]
    tenths = [part for part in array_split(samples, 10) if len(part)]
    return {
        "seconds": round(time.monotonic() - start, 1),
        "seconds_from_first_batch": round(seconds, 1),
        "documents_per_second": round(documents / seconds, 1),
        "words_per_second": round(words / seconds),
        "rss_mb_by_tenth": {
            who: [round(median(part[:, k])) for part in tenths]
            for k, who in ((1, "main"), (2, "workers"))
        },
    }


def kill_and_resume(
    options: list[str], output: Path, size: int, kills: int, dice: random.Random
) -> list[dict[str, Any]]:
    """Kill a run at random points, each time after it has gone on, and let it end at last."""
    done = []
    for share in sorted(dice.random() for _ in range(kills)):
        with begin([*options, "--resume"], output) as process:
            for _ in ticks(process, 0):
                journal = journal_path(output)
                if journal.exists() and journal.stat().st_size > share * size:
                    break
            time.sleep(dice.random())
            process.send_signal(signal.SIGKILL)
        journal_bytes = journal_path(output).read_bytes() if process.returncode else b""
        batches = max(0, journal_bytes.count(b"\n") - 1)
        done.append({"killed": process.returncode == -signal.SIGKILL, "batches_done": batches})
        if not process.returncode:
            return done
    with begin([*options, "--resume"], output) as process:
        process.wait()
    return done


def begin(options: list[str], output: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "spacy_rin", "extract", *options, "--output", str(output)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def ticks(process: subprocess.Popen[str], start: float) -> Iterator[float]:
    """Seconds since the start, now and then, while the process runs."""
    while process.poll() is None:
        yield time.monotonic() - start
        time.sleep(SECONDS_BETWEEN_SAMPLES)


def has_batches(output: Path, count: int) -> bool:
    journal = journal_path(output)
    if not journal.exists():
        return False
    with journal.open("rb") as file:
        return len(list(islice(file, count + 1))) > count


def measure_long(model: str, texts: list[str]) -> dict[str, Any]:
    """One document of many words beside its sentences as documents of their own, in turns."""
    reader = BatchReader(model)
    sentences, words = list[str](), 0
    for sentence in cycle(texts):
        sentences.append(sentence)
        words += len(sentence.split())
        if words >= LONG_WORDS:
            break
    text = " ".join(sentences)
    long = [Document("long", text)]
    short = [Document(str(k), sentence) for k, sentence in enumerate(sentences)]
    seconds: dict[str, list[float]] = {"long": [], "short": []}
    rss = []
    for _ in range(TURNS):
        for name, batch in (("short", short), ("long", long)):
            start = time.perf_counter()
            for k in range(0, len(batch), 128):
                entries = reader(batch[k : k + 128])
            seconds[name].append(time.perf_counter() - start)
        rss.append(memory(os.getpid())[0])
    (entry,) = entries
    # The first turn warms up.
    long_time, short_time = (statistics.median(seconds[name][1:]) for name in ("long", "short"))
    triples = entry["triples"]
    return {
        "words": entry["words"],
        "triples": len(triples),
        "time_per_word_to_short": round(long_time / short_time, 2),
        "words_per_second": round(entry["words"] / long_time),
        "rss_mb_after_each": [round(mb) for mb in rss],
        "offsets_right": all(is_right(text, row) for row in triples),
    }


def is_right(text: str, row: dict[str, Any]) -> bool:
    """Whether a row's offsets are those of its texts."""
    ends = (text[row[f"{s}_start"] : row[f"{s}_end"]] == row[s] for s in ("head", "tail"))
    return all(ends) and text.startswith(row["sentence"], row["sentence_start"])


if __name__ == "__main__":
    typer.run(main)
