"""The command line `spacy-rin`: one file per command, around a plain function of the package."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from textwrap import shorten
from typing import Annotated, Any, NoReturn

import typer

from ..errors import Errors
from ..evaluation.environment import package_versions
from ..files import NO_ROOM
from ..interrupts import Interrupted, interruptible
from .calibrate import calibrate_command
from .card import card_command
from .convert import convert_command
from .evaluate import evaluate_command
from .export import export_command
from .extract import extract_command
from .facts import facts_command
from .graph import graph_command
from .init import init_command
from .inspect import inspect_command
from .render import render_command
from .serve import serve_command
from .terminal import visible
from .vectors import vectors_command

# With this variable of the environment, an error that nobody has foreseen shows where it was.
TRACEBACK = "SPACY_RIN_TRACEBACK"
app = typer.Typer(
    name="spacy-rin",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
# In the order of the help.
COMMANDS: dict[str, Callable[..., None]] = {
    "convert": convert_command,
    "inspect": inspect_command,
    "init": init_command,
    "vectors": vectors_command,
    "evaluate": evaluate_command,
    "calibrate": calibrate_command,
    "card": card_command,
    "render": render_command,
    "graph": graph_command,
    "export": export_command,
    "extract": extract_command,
    "facts": facts_command,
    "serve": serve_command,
}
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)


def main() -> None:
    """Run the command line. Whatever goes wrong is said on one line, with exit code 1."""
    with interruptible() as received:
        try:
            app()
        except Interrupted as error:
            _end("Interrupted", error.code)
        except Exception as error:
            if received:  # what was interrupted has made another error of it
                _end("Interrupted", 128 + received[0])
            if os.environ.get(TRACEBACK):
                raise
            _end(_describe(error), 1)


def _end(message: str, code: Any) -> NoReturn:
    """Print one line, and end with an exit code."""
    with suppress(OSError):  # nobody may be there to read it
        print(f"✘ {visible(message)}", file=sys.stderr)
    raise SystemExit(code) from None


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_versions,
            is_eager=True,
            help="Show the versions of spacy-rin and of the packages it needs.",
        ),
    ] = False,
) -> None:
    """Joint entity and relation extraction for spaCy."""


def _print_versions(wanted: bool) -> None:
    if wanted:
        for name, version in package_versions().items():
            typer.echo(f"{name} {version}")
        raise typer.Exit


def _describe(error: Exception) -> str:
    """The message of an error; for one of the operating system, without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        verb = "write" if error.errno in NO_ROOM else "open"
        return f"Can't {verb} {error.filename}: {error.strerror}."
    if isinstance(error, ValueError | OSError):
        return str(error)
    if isinstance(error, MemoryError):
        return Errors.R168
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return Errors.R169.format(reason=shorten(reason, 300), variable=TRACEBACK)
