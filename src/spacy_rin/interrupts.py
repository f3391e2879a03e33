"""Ctrl-C and SIGTERM → a quiet end of the command line, from its first moment on.

The package imports this before spaCy, whose import takes seconds. So it imports Python's own
modules alone, and it does nothing in a process that is not the command line.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import FrameType

# The signals that ask a command to end. Windows sends no SIGTERM, but Python knows its number.
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(SystemExit):
    """A signal has asked this process to end.

    Where nothing catches it, Python ends without a word, with the exit code of a shell.

    number (int): The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)


def is_command() -> bool:
    """Find out whether this process is the command line.

    RETURNS (bool): Whether it was called by its name, or as a module.
    """
    called = Path(sys.argv[0]).stem if getattr(sys, "argv", None) else ""
    return called == "spacy-rin" or ("-m", "spacy_rin") in pairwise(sys.orig_argv)


def end_quietly() -> None:
    """Let Ctrl-C end this process at once and without a word, since nothing is begun or is over."""
    if _may_set(signal.SIGINT):
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def interruptible() -> Iterator[list[int]]:
    """Let the first Ctrl-C or SIGTERM raise `Interrupted`, and a second one end the process.

    YIELDS (list[int]): The signal, once there was one. What it has interrupted may have turned the
        exception into another.
    """
    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        received.append(number)
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        raise Interrupted(number)

    def end(unraisable: sys.UnraisableHookArgs) -> None:
        # Python can't raise in a destructor. It would print the exception and go on.
        if issubclass(unraisable.exc_type, Interrupted):
            os._exit(128 + received[0])
        sys.__unraisablehook__(unraisable)

    hook, sys.unraisablehook = sys.unraisablehook, end
    before = {each: signal.signal(each, interrupt) for each in filter(_may_set, SIGNALS)}
    try:
        yield received
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)
        if is_command():
            end_quietly()


def _may_set(number: int) -> bool:
    """Whether a signal is handled as Python does; a shell may have said that it is ignored."""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(number) is not signal.SIG_IGN


if is_command():
    end_quietly()
