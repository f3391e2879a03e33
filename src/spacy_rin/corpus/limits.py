"""A raw text → whether it is too long to be split into words.

spaCy's tokenizer takes the marks off a word one by one, and looks through the rest of the word
after each. So a run of marks takes time that grows with its square: half a minute for 10,000 of
them. Letters take no such time. Texts in scripts without spaces are long words, but no such runs.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import Errors

MAX_LENGTH = 1_000_000
MAX_RUN = 1_000
TOO_LONG = "too_long"
RUN_TOO_LONG = "run_too_long"
# Marks, with up to two letters before each: "'s" and "US$" are taken off as if they were marks.
RUN = re.compile(r"(?:[A-Za-z]{0,2}(?:[^\w\s]|_))+")


class ExcessError(ValueError):
    """A text is too long to be read.

    kind (str): TOO_LONG or RUN_TOO_LONG.
    reason (str): What it has, and what is allowed.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class Excess(NamedTuple):
    """Why a text is not read.

    kind (str): TOO_LONG or RUN_TOO_LONG.
    reason (str): What it has, and what is allowed.
    """

    kind: str
    reason: str


def find_excess(text: str, max_run: int = MAX_RUN, max_length: int = MAX_LENGTH) -> Excess | None:
    """Find out whether a text is too long, or has a run of marks that is.

    text (str): The text.
    max_run (int): Characters of the longest run of marks.
    max_length (int): Characters of the longest text.
    RETURNS (Excess | None): What is too long; None if nothing is.
    """
    if len(text) > max_length:
        reason = Errors.R170.format(length=len(text), most=max_length)
        return Excess(TOO_LONG, reason)
    if len(text) > max_run:
        for word in text.split():
            # Hardly a word is as long as that.
            if len(word) > max_run:
                longest = max((len(run[0]) for run in RUN.finditer(word)), default=0)
                if longest > max_run:
                    reason = Errors.R167.format(length=longest, most=max_run)
                    return Excess(RUN_TOO_LONG, reason)
    return None
