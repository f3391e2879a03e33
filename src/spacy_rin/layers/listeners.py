"""Whether what a pipeline's components listen to is in the pipeline."""

from __future__ import annotations

from spacy.language import Language
from spacy.ty import ListenedToComponent
from thinc.api import Model

from ..errors import Errors


def check_listeners(nlp: Language) -> None:
    """Find components that listen to one that is not in the pipeline.

    A sourced tagger that shared a tok2vec has no upstream here. spaCy does not complain and
    predicts garbage, which rin would train on.

    nlp (Language): The pipeline.
    RAISES (ValueError): If there is one.
    """
    upstream = {name for name, pipe in nlp.components if isinstance(pipe, ListenedToComponent)}
    for name, pipe in nlp.components:
        model = getattr(pipe, "model", None)
        for node in model.walk() if isinstance(model, Model) else ():
            wanted = getattr(node, "upstream_name", None)
            if wanted is not None and wanted not in ({*upstream, "*"} if upstream else ()):
                raise ValueError(Errors.R038.format(name=name, upstream=wanted))
