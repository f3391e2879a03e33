"""Pipeline → its `rin` components, whatever their names."""

from __future__ import annotations

from spacy.language import Language

from ..errors import Errors
from .relation_extractor import RelationExtractor


def find_extractors(nlp: Language) -> list[RelationExtractor]:
    """Find all rin components of a pipeline, whatever their names, also those that are disabled.

    nlp (Language): The pipeline.
    RETURNS (list[RelationExtractor]): The components, in the order of the pipeline.
    """
    return [pipe for _, pipe in nlp.components if isinstance(pipe, RelationExtractor)]


def find_rin(nlp: Language, name: str = "") -> RelationExtractor:
    """Find a rin component of a pipeline.

    nlp (Language): The pipeline.
    name (str): Its name; empty for the first of those that run, whatever its name.
    RETURNS (RelationExtractor): The component.
    RAISES (ValueError): If there is none.
    """
    running = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, RelationExtractor)]
    if not running:
        raise ValueError(Errors.R051.format(pipes=nlp.pipe_names))
    found = [rin for rin in running if name in ("", rin.name)]
    if not found:
        raise ValueError(Errors.R195.format(name=name, found=[rin.name for rin in running]))
    return found[0]
