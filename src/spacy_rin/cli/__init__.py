"""The command line `spacy-rin`: one file per command, around a plain function of the package."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from ..evaluation.environment import package_versions
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
from .vectors import vectors_command

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
    """Run the command line. A mistake of the user is printed on one line, with exit code 1."""
    try:
        app()
    except (ValueError, OSError) as error:
        print(f"✘ {_describe(error)}", file=sys.stderr)
        raise SystemExit(1) from None


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
        return f"Can't open {error.filename}: {error.strerror}."
    return str(error)
