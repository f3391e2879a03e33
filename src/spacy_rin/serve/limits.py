"""What a service refuses before a pipeline reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from spacy.language import Language
from spacy.tokenizer import Tokenizer

# spaCy's tokenizer takes brackets, quotes and the like off a word one by one, and each time looks
# at all that is left: its time grows with the square of their number. More than one run of 500, or
# four of 250, would take it more than half a second.
MOST_STEPS = 500**2
# The letters of "'s" and of "US$" are taken off as if they were marks.
MARKS = re.compile(r"(?:[^\w\s]|_|(?<=['’])[sS]|[A-Z]{1,2}(?=\$)){20,}")


@dataclass(frozen=True)
class Limits:
    """How much a service reads at once.

    max_bytes (int): The largest body of a request.
    max_texts (int): The largest number of texts in a request.
    timeout (float): Seconds from the arrival of a request to its answer.
    max_waiting (int): Requests that may be waiting or running at once.
    """

    max_bytes: int = 250_000
    max_texts: int = 100
    timeout: float = 30.0
    max_waiting: int = 32


def find_fault(nlp: Language, text: str) -> str:
    """Find out why a text cannot be read.

    nlp (Language): The pipeline.
    text (str): The text.
    RETURNS (str): The reason; empty if there is none.
    """
    try:
        text.encode("utf8")
    except UnicodeEncodeError:
        return "it has half of a surrogate pair, which is no character"
    if len(text) > nlp.max_length:
        return f"it has more than {nlp.max_length:,} characters"
    if isinstance(nlp.tokenizer, Tokenizer):
        runs = [match.span() for match in MARKS.finditer(text)]
        if sum((end - start) ** 2 for start, end in runs) > MOST_STEPS:
            start, end = max(runs, key=lambda run: run[1] - run[0])
            return (
                f"it has {end - start:,} brackets, quotes or other marks in a row, from character "
                f"{start:,} on, which the tokenizer can't split in reasonable time"
            )
    return ""
