"""The service itself: requests → checks → the worker → answers.

It keeps nothing of a request. Every mistake of a request gets an answer that says what is wrong.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from spacy.language import Language

from ..component import find_rin
from .limits import Limits, find_fault
from .page import drawer, make_form_page
from .worker import BusyError, Worker

# A body that is too large is read to its end before the answer, since a client that is still
# writing would not see it; up to this number of bytes.
MOST_BYTES_IGNORED = 16_000_000
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Wanted(BaseModel):
    """The body of a request to /extract.

    texts (list[str]): The texts to read.
    threshold (float | None): The least score of a triple; None for the pipeline's own.
    """

    model_config = ConfigDict(extra="forbid")

    texts: list[str]
    threshold: float | None = Field(default=None, ge=0, le=1)


class Found(BaseModel):
    """The answer of /extract.

    documents (list[dict]): For each text, `{"triples": [...]}`, with the columns of `spacy-rin
        extract` except `document` and `error`.
    """

    documents: list[dict[str, list[dict[str, Any]]]]


BODY = {"requestBody": {"content": {"application/json": {"schema": Wanted.model_json_schema()}}}}


def make_app(nlp: Language, limits: Limits | None = None) -> FastAPI:
    """Make the service of a pipeline.

    nlp (Language): A pipeline with a rin component, which is used by nothing else from now on.
    limits (Limits | None): How much it reads at once; None for the defaults.
    RETURNS (FastAPI): The service, for uvicorn or another server of ASGI.
    """
    limits = limits or Limits()
    worker = Worker(nlp, limits)
    title = f"Relations found by {nlp.meta['lang']}_{nlp.meta['name']}"
    own = f"{find_rin(nlp).cfg['threshold']:g}"

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        worker.close()

    # The pages with the documentation of FastAPI load scripts from the network.
    app = FastAPI(title=title, docs_url=None, redoc_url=None, lifespan=lifespan)

    @app.get("/", response_class=HTMLResponse)
    async def show_form() -> HTMLResponse:
        return HTMLResponse(make_form_page(title, threshold=own), headers=HEADERS)

    @app.post("/", response_class=HTMLResponse)
    async def show_text(request: Request) -> HTMLResponse:
        text, threshold = "", own
        try:
            text, threshold = _read_form(await _read_body(request, limits), own)
            wanted = _check({"texts": [text], "threshold": threshold or None}, nlp, limits)
            page = await worker.draw(text, wanted.threshold, drawer(title, threshold))
            return HTMLResponse(page, headers=HEADERS)
        except (HTTPException, BusyError) as error:
            code, reason = _describe(error)
            page = make_form_page(title, text=text, threshold=threshold, error=reason)
            return HTMLResponse(page, code, headers=HEADERS)

    @app.post("/extract", openapi_extra=BODY)
    async def extract_triples(request: Request) -> Found:
        try:
            wanted = _check(_read_json(await _read_body(request, limits)), nlp, limits)
            found = await worker.extract(wanted.texts, wanted.threshold)
        except BusyError as error:
            code, reason = _describe(error)
            raise HTTPException(code, reason, headers={"Retry-After": "1"}) from None
        return Found(documents=[{"triples": rows} for rows in found])

    return app


def _describe(error: HTTPException | BusyError) -> tuple[int, str]:
    return (503, str(error)) if isinstance(error, BusyError) else (error.status_code, error.detail)


async def _read_body(request: Request, limits: Limits) -> bytes:
    """The body, if it is small enough and arrives in time."""
    body, size = bytearray(), 0

    async def read() -> None:
        nonlocal size
        async for chunk in request.stream():
            size += len(chunk)
            if size <= limits.max_bytes:
                body.extend(chunk)
            elif size > MOST_BYTES_IGNORED:
                return

    try:
        await asyncio.wait_for(read(), limits.timeout)
    except asyncio.TimeoutError:
        raise HTTPException(408, "The body did not arrive in time.") from None
    if size > limits.max_bytes:
        raise HTTPException(413, f"The body has more than {limits.max_bytes:,} bytes.")
    return bytes(body)


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"The body is not JSON: {error}.") from None


def _read_form(body: bytes, own: str) -> tuple[str, str]:
    """The text and the threshold of a form."""
    try:
        fields = parse_qs(body.decode("utf8"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise HTTPException(400, "The form is not encoded as UTF-8.") from None
    text = fields.get("text", [""])[0].replace("\r\n", "\n")
    return text, fields.get("threshold", [own])[0].strip()


def _check(data: Any, nlp: Language, limits: Limits) -> Wanted:
    """The request, if its shape is right and all texts can be read."""
    if not isinstance(data, dict):
        raise HTTPException(422, 'The body must be an object, such as {"texts": ["..."]}.')
    try:
        wanted = Wanted.model_validate(data)
    except ValidationError as error:
        reasons = [
            f"{'.'.join(map(str, fault['loc'])) or 'the body'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)[:3]
        ]
        raise HTTPException(422, "; ".join(reasons)) from None
    if len(wanted.texts) > limits.max_texts:
        raise HTTPException(413, f"There are more than {limits.max_texts:,} texts.")
    for number, text in enumerate(wanted.texts):
        if fault := find_fault(nlp, text):
            raise HTTPException(422, f"texts.{number} can't be read: {fault}.")
    return wanted
