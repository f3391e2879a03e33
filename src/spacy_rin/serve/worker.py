"""One thread that reads texts with a pipeline, and a queue before it that cannot grow.

A pipeline is not safe in several threads: memory zones and the settings of a component belong to
all of them. A request that is out of time is taken out of the queue, or stops before its next text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore, Event
from typing import Any, TypeVar

from spacy.language import Language
from spacy.tokens import Doc

from ..arrays.rounds import Round
from ..component import find_rin
from ..errors import Errors
from ..extract.rows import to_rows
from ..stores import adopt_relations
from .limits import Limits

Result = TypeVar("Result")
TEXTS_AT_ONCE = 16


class BusyError(Exception):
    """A request could not be answered in time. The message says why."""


class Worker:
    """Reads texts with a pipeline, one request after the other.

    nlp (Language): A pipeline with a rin component.
    limits (Limits): How long a request may take, and how many may wait.
    """

    def __init__(self, nlp: Language, limits: Limits) -> None:
        self.nlp = nlp
        self.limits = limits
        self._rin = find_rin(nlp)
        self._thread = ThreadPoolExecutor(1)
        self._places = BoundedSemaphore(limits.max_waiting)

    async def extract(
        self, texts: Sequence[str], threshold: float | None
    ) -> list[list[dict[str, Any]]]:
        """Read texts.

        texts (Sequence[str]): The texts.
        threshold (float | None): The least score of a triple; None for the pipeline's own.
        RETURNS (list[list[dict]]): For each text, a row for each of its triples.
        RAISES (BusyError): If there are too many requests, or the time is up.
        """
        return await self._run(lambda stop: self._extract(texts, threshold, stop))

    async def draw(
        self,
        text: str,
        threshold: float | None,
        draw: Callable[[Doc, list[Round]], str],
    ) -> str:
        """Read a text, and draw what was found and how each round changed it.

        text (str): The text.
        threshold (float | None): The least score of a triple; None for the pipeline's own.
        draw (Callable): Makes HTML of the Doc and its rounds.
        RETURNS (str): The HTML.
        RAISES (BusyError): If there are too many requests, or the time is up.
        """
        return await self._run(lambda stop: self._draw(text, threshold, draw))

    def close(self) -> None:
        """End the thread, once it has nothing to do."""
        self._thread.shutdown(cancel_futures=True)

    async def _run(self, job: Callable[[Event], Result]) -> Result:
        if not self._places.acquire(blocking=False):
            raise BusyError(Errors.R240.format(count=self.limits.max_waiting))
        stop = Event()
        future = self._thread.submit(job, stop)
        future.add_done_callback(lambda _: self._places.release())
        try:
            # Out of time, a job that waits is cancelled; one that runs ends before its next text.
            return await asyncio.wait_for(asyncio.wrap_future(future), self.limits.timeout)
        except asyncio.TimeoutError:
            raise BusyError(Errors.R241.format(seconds=self.limits.timeout)) from None
        finally:
            stop.set()

    def _extract(
        self, texts: Sequence[str], threshold: float | None, stop: Event
    ) -> list[list[dict[str, Any]]]:
        with self._reading(threshold):
            found = []
            for doc in self.nlp.pipe(texts, batch_size=TEXTS_AT_ONCE):
                if stop.is_set():
                    break
                found.append(to_rows(adopt_relations(doc, self._rin.cfg["attribute"])))
            return found

    def _draw(
        self, text: str, threshold: float | None, draw: Callable[[Doc, list[Round]], str]
    ) -> str:
        with self._reading(threshold):
            rounds: list[Round] = []
            doc = self.nlp.make_doc(text)
            for _, pipe in self.nlp.pipeline:
                if pipe is self._rin:
                    (rounds,) = self._rin.predict_rounds([doc])
                doc = pipe(doc)
            return draw(adopt_relations(doc, self._rin.cfg["attribute"]), rounds)

    @contextmanager
    def _reading(self, threshold: float | None) -> Iterator[None]:
        """Set the threshold for a while. At the end spaCy forgets the texts and their words."""
        own = self._rin.cfg["threshold"]
        if threshold is not None:
            self._rin.cfg["threshold"] = threshold
        error = None
        try:
            with self.nlp.memory_zone():
                # Caught inside: spaCy leaves a memory zone open if an exception escapes it.
                try:
                    yield
                except Exception as caught:
                    error = caught
        finally:
            self._rin.cfg["threshold"] = own
        if error is not None:
            raise error
