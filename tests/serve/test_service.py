"""The service: its answers, what it refuses, and that no request waits or stays for ever."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from spacy.language import Language
from spacy.tokens import Doc
from toy import TWO_WORDS, texts, trained

from spacy_rin.extract.rows import to_rows
from spacy_rin.serve.limits import Limits, find_fault
from spacy_rin.serve.worker import BusyError, Worker

pytest.importorskip("fastapi", reason="needs the extra spacy-rin[serve]")
pytest.importorskip("httpx", reason="the test client of FastAPI needs it")

from fastapi.testclient import TestClient

from spacy_rin.serve.app import make_app

pytestmark = pytest.mark.training
LIMITS = Limits(max_bytes=20_000, max_texts=50)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(make_app(trained(), LIMITS)) as client:
        yield client


def expected(nlp: Language, *given: str) -> list[list[dict[str, Any]]]:
    return [to_rows(doc) for doc in nlp.pipe(given)]


def without_scores(documents: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Scores depend in their last digits on what else is read at once."""
    return [
        [{name: row[name] for name in row if name != "score"} for row in rows] for rows in documents
    ]


def found(client: TestClient, **body: Any) -> list[list[dict[str, Any]]]:
    answer = client.post("/extract", json=body)
    assert answer.status_code == 200, answer.text
    return [document["triples"] for document in answer.json()["documents"]]


def test_triples_are_those_of_the_pipeline(client: TestClient) -> None:
    given = [*texts(), "", " \n"]
    assert without_scores(found(client, texts=given)) == without_scores(expected(trained(), *given))
    assert found(client, texts=[]) == []


def test_threshold_is_that_of_the_request_alone(client: TestClient) -> None:
    doubtful = "Plato never saw London ."
    assert len(found(client, texts=[doubtful], threshold=0)[0]) > 0
    assert found(client, texts=[doubtful]) == [[]]
    assert len(found(client, texts=[TWO_WORDS])[0]) == 1
    assert found(client, texts=[TWO_WORDS], threshold=1) == [[]]


def test_many_clients_at_once_get_their_own_triples(client: TestClient) -> None:
    given = texts()
    right = without_scores(expected(trained(), *given))
    with ThreadPoolExecutor(8) as clients:
        answers = clients.map(lambda text: found(client, texts=[text])[0], given)
        assert without_scores(list(answers)) == right


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"[" * 10_000, 400, "not JSON"),
        (b"\xff", 400, "not JSON"),
        (b"[]", 422, "an object"),
        (b"{}", 422, "texts: Field required"),
        (b'{"texts": "a"}', 422, "texts"),
        (b'{"texts": [1]}', 422, "texts.0"),
        (b'{"texts": ["a"], "threshold": 2}', 422, "threshold"),
        (b'{"texts": ["a"], "threshold": NaN}', 422, "threshold"),
        (b'{"texts": ["a"], "treshold": 0.5}', 422, "treshold"),
        (rb'{"texts": ["\ud800"]}', 422, "texts.0.*surrogate"),
        (json.dumps({"texts": ["a", "(" * 10_000]}).encode(), 422, "texts.1.*10,000 brackets"),
        (json.dumps({"texts": ["a"] * 51}).encode(), 413, "more than 50 texts"),
        (json.dumps({"texts": ["a" * 1_000_000]}).encode(), 413, "more than 20,000 bytes"),
    ],
)
def test_wrong_request_is_told_what_is_wrong(
    client: TestClient, body: bytes, code: int, words: str
) -> None:
    answer = client.post("/extract", content=body)
    assert answer.status_code == code
    assert re.search(words, answer.json()["detail"])


def test_text_that_the_tokenizer_reads_fast_is_not_refused() -> None:
    nlp = trained()
    for text in ("x" * 100_000, "-" * 80, "(a) " * 5_000, "https://example.org/" + "a/" * 5_000):
        assert find_fault(nlp, text) == ""
    assert "from character 4 on" in find_fault(nlp, "abc " + "[" * 501)


@pytest.mark.parametrize("piece", ["(", "'s", "’S", "US$", "C$", "_", "😀"])
def test_run_of_what_the_tokenizer_takes_off_is_refused(piece: str) -> None:
    assert "in a row" in find_fault(trained(), f"It was {piece * 600} .")


def test_relations_of_another_attribute_are_found() -> None:
    with TestClient(make_app(trained(attribute="triples"), LIMITS)) as client:
        given = texts()
        assert without_scores(found(client, texts=given)) == without_scores(
            expected(trained(), *given)
        )
        page = client.post("/", content=urlencode({"text": TWO_WORDS})).text
        assert expected(trained(), TWO_WORDS)[0][0]["relation"] in page


def test_page_has_a_form_and_says_what_is_wrong(client: TestClient) -> None:
    assert 'method="post"' in client.get("/").text
    answer = client.post("/", content=urlencode({"text": "<b>&amp;", "threshold": "x"}))
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert "&lt;b&gt;&amp;amp;</textarea>" in answer.text and "<b>" not in answer.text
    assert client.post("/", content=b"text=" + b"a" * 30_000).status_code == 413


def test_page_shows_text_picture_triples_and_rounds(client: TestClient) -> None:
    page = client.post("/", content=urlencode({"text": TWO_WORDS, "threshold": "0.5"})).text
    assert "<svg" in page and "Ada Lovelace | born_<wbr>in | London" in page
    assert all(f"Round {k}" in page for k in range(3)) and "Round 3" not in page
    assert f"{TWO_WORDS}</textarea>" in page
    assert "form-action 'self'" in page and "default-src 'none'" in page
    page = client.post("/", content=urlencode({"text": TWO_WORDS, "threshold": "1"})).text
    assert '<p class="none">No triples</p>' in page


def test_pages_and_answers_are_not_kept_and_load_nothing(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.headers["cache-control"] == "no-store"
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404
    assert client.get("/openapi.json").json()["paths"].keys() == {"/", "/extract"}


def test_request_out_of_time_does_not_pile_up_work() -> None:
    """The worker is held up until both requests are answered with BusyError."""
    nlp = trained()
    held, read = threading.Event(), list[str]()

    @Language.component("test_hold")
    def hold(doc: Doc) -> Doc:
        read.append(doc.text)
        held.wait()
        return doc

    nlp.add_pipe("test_hold", first=True)
    worker = Worker(nlp, Limits(timeout=0.01, max_waiting=2))

    async def ask() -> list[BaseException | Any]:
        first = worker.extract(["one"] * 40, None)
        others = [worker.extract([f"two {k}"], None) for k in range(2)]
        return await asyncio.gather(first, *others, return_exceptions=True)

    answers = asyncio.run(ask())
    held.set()
    worker.close()
    assert [type(answer) for answer in answers] == [BusyError] * 3
    assert "2 requests are waiting" in str(answers[2])
    # What waited is never read, and what ran stopped after the texts that it had begun.
    assert set(read) == {"one"} and len(read) <= 16


def test_threshold_and_memory_zone_are_left_after_an_error() -> None:
    nlp = trained()

    @Language.component("test_fail")
    def fail(doc: Doc) -> Doc:
        raise ValueError("no")

    nlp.add_pipe("test_fail")
    worker = Worker(nlp, Limits())
    with pytest.raises(ValueError, match="no"):
        asyncio.run(worker.extract([TWO_WORDS], 0.9))
    nlp.remove_pipe("test_fail")
    assert asyncio.run(worker.extract([TWO_WORDS], None)) == [
        [{**row, "score": pytest.approx(row["score"])} for row in rows]
        for rows in expected(trained(), TWO_WORDS)
    ]
    worker.close()
