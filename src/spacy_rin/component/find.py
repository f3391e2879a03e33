"""A pipeline → its rin component, for whatever works on trained pipelines."""

from __future__ import annotations

from spacy.language import Language

from ..errors import Errors
from .relation_extractor import RelationExtractor


def find_rin(nlp: Language) -> RelationExtractor:
    """Find the rin component of a pipeline, whatever its name.

    nlp (Language): The pipeline.
    RETURNS (RelationExtractor): The first rin component.
    RAISES (ValueError): If there is none.
    """
    for _, pipe in nlp.pipeline:
        if isinstance(pipe, RelationExtractor):
            return pipe
    raise ValueError(Errors.R051.format(pipes=nlp.pipe_names))
