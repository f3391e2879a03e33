"""A package or a directory → its pipeline, or an error on one line that says what is damaged."""

from __future__ import annotations

from pathlib import Path
from textwrap import shorten
from traceback import walk_tb

import spacy
from spacy.language import Language
from spacy.util import is_package

from ..errors import Errors
from .find import find_rin


def load_pipeline(model: str | Path) -> Language:
    """Load a pipeline that has a rin component.

    model (str | Path): A package or a directory.
    RETURNS (Language): The pipeline.
    RAISES (OSError): If there is none, or a file of it can't be opened.
    RAISES (ValueError): If it is damaged, or has no rin component. The message names the part.
    """
    try:
        nlp = spacy.load(model)
    except OSError:  # It names the file.
        raise
    # What is damaged can raise anything, in spaCy and in the packages that it calls.
    except Exception as error:
        path = _part(error, Path(model)) if not is_package(str(model)) else model
        reason = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
        reason = shorten(" ".join(reason.split()).rstrip("."), 500)
        raise ValueError(Errors.R165.format(path=path, reason=reason)) from error
    find_rin(nlp)
    return nlp


def _part(error: Exception, folder: Path) -> Path:
    """The part of a pipeline that was read when an error came up: what the inner frames name."""
    found = folder
    for frame, _ in walk_tb(error.__traceback__):
        paths = [value for value in frame.f_locals.values() if isinstance(value, Path)]
        found = next((path for path in paths if folder in path.parents and path.exists()), found)
    return found
