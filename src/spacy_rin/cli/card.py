"""`spacy-rin card`: a scored pipeline → a copy of it with a model card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..evaluation.write_card import write_card
from .terminal import msg


def card_command(
    pipeline: Annotated[Path, typer.Argument(help="Directory of a trained pipeline")],
    output: Annotated[Path, typer.Argument(help="Directory to write, for `spacy package`")],
    result: Annotated[Path, typer.Option(help="Its scores, which `evaluate --output` wrote")],
    train: Annotated[Path, typer.Option(help="Gold Docs it was trained on, .spacy")],
) -> None:
    """Copy a pipeline, with a README (model card) and a meta.json that describe it."""
    write_card(pipeline, output, result, train)
    msg.good(f"Wrote {output}, with README.md and meta.json")
