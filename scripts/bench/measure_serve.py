"""`spacy-rin serve` under load on this machine → training/bench/serve.json: answers and memory.

Some clients ask at once, each with texts of a .spacy file. Every answer is compared with what the
pipeline finds by itself. Then come requests that must be refused.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from wasabi import msg

from scripts.bench.modules.memory import memory
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.evaluation.environment import describe_hardware, package_versions
from spacy_rin.extract.documents import Document
from spacy_rin.extract.engines.worker import BatchReader, identify
from spacy_rin.files import write_json

HOST = "127.0.0.1"
TEXTS_PER_REQUEST = 2
REFUSED = {
    "a body of 1 MB": (json.dumps({"texts": ["a " * 500_000]}).encode(), 413),
    "broken JSON": (b'{"texts": ["a"', 400),
    "10,000 brackets of JSON": (b"[" * 10_000, 400),
    "10,000 brackets in a text": (json.dumps({"texts": ["(" * 10_000]}).encode(), 422),
    "another shape": (b'{"text": "a"}', 422),
}


def main(
    model: Annotated[str, typer.Option(help="Pipeline")] = "training/webnlg/pipeline",
    corpus: Annotated[Path, typer.Option(help="Texts: .spacy")] = Path("corpus/webnlg/test"),
    requests: Annotated[int, typer.Option(help="Requests in all")] = 2000,
    clients: Annotated[int, typer.Option(help="Clients at once")] = 8,
    port: Annotated[int, typer.Option(help="Port that is free")] = 8765,
    output: Annotated[Path, typer.Option(help="JSON")] = Path("training/bench/serve.json"),
) -> None:
    """Ask a service many times, compare its answers, and watch its memory."""
    texts = list(dict.fromkeys(doc.text for doc in read_docs(corpus)))[:500]
    reader = BatchReader(identify(model).load)
    entries = reader([Document(str(k), text) for k, text in enumerate(texts)])
    right = [without_scores(entry["triples"]) for entry in entries]
    command = [sys.executable, "-m", "spacy_rin", "serve", model, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(port, process)
            result: dict[str, Any] = {
                "model": identify(model).name,
                "requests": requests,
                "clients": clients,
                "versions": package_versions(),
                "hardware": describe_hardware(),
                **measure(process.pid, port, texts, right, requests, clients),
                "refused": refuse(port),
            }
        finally:
            process.terminate()
    write_json(output, result)
    msg.good(f"Wrote {output}")


def measure(
    pid: int, port: int, texts: list[str], right: list[Any], requests: int, clients: int
) -> dict[str, Any]:
    """Wrong answers, times, and memory after each tenth of the requests."""

    def ask(number: int) -> tuple[float, int, bool]:
        first = number * TEXTS_PER_REQUEST
        chosen = [(first + k) % len(texts) for k in range(TEXTS_PER_REQUEST)]
        start = time.perf_counter()
        body = json.dumps({"texts": [texts[k] for k in chosen]}).encode()
        code, answer = post(port, body)
        seconds = time.perf_counter() - start
        if code != 200:
            return seconds, code, False
        found = [without_scores(document["triples"]) for document in answer["documents"]]
        return seconds, code, found == [right[k] for k in chosen]

    answers: list[tuple[float, int, bool]] = []
    rss = []
    start = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        for tenth in range(10):
            numbers = range(requests * tenth // 10, requests * (tenth + 1) // 10)
            answers += pool.map(ask, numbers)
            rss.append(round(memory(pid)[0]))
    seconds = time.monotonic() - start
    times = sorted(answer[0] for answer in answers)
    return {
        "wrong": sum(code == 200 and not is_right for _, code, is_right in answers),
        "not_answered": sum(code != 200 for _, code, _ in answers),
        "requests_per_second": round(requests / seconds, 1),
        "median_seconds": round(median(times), 3),
        "seconds_of_99_percent": round(times[len(times) * 99 // 100], 3),
        "rss_mb_by_tenth": rss,
    }


def refuse(port: int) -> dict[str, Any]:
    """The codes and reasons of requests that are wrong, and whether they are the right codes."""
    found = {}
    for name, (body, expected) in REFUSED.items():
        code, answer = post(port, body)
        found[name] = {"code": code, "right": code == expected, "detail": answer["detail"]}
    return found


def post(port: int, body: bytes) -> tuple[int, Any]:
    connection = HTTPConnection(HOST, port, timeout=120)
    try:
        connection.request("POST", "/extract", body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def without_scores(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Scores depend in their last digits on what is read at once."""
    return [{name: row[name] for name in row if name != "score"} for row in rows]


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the service answers."""
    while process.poll() is None:
        try:
            post(port, b"")
            return
        except OSError:
            time.sleep(0.5)
    msg.fail("the service did not start", exits=1)


if __name__ == "__main__":
    typer.run(main)
