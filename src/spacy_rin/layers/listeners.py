"""Model or pipeline → its listeners: layers that get their output from another component.

The component checks them when it is initialised. `architecture` has to know whether there are any.
"""

from __future__ import annotations

from spacy.language import Language
from spacy.ty import ListenedToComponent
from thinc.api import Model

from ..errors import Errors


def find_listeners(model: Model) -> list[Model]:
    """Find the listeners inside a model: spaCy's own, or those of a transformer.

    model (Model): Any model.
    RETURNS (list[Model]): Its layers that name a component to listen to, in `upstream_name`.
    """
    return [node for node in model.walk() if getattr(node, "upstream_name", None) is not None]


def check_listeners(nlp: Language) -> None:
    """Check that the components of a pipeline listen to components that are in it.

    A sourced tagger that shared a tok2vec has no upstream here. spaCy does not complain and
    predicts garbage, which rin would train on.

    nlp (Language): The pipeline.
    RAISES (ValueError): If a component listens to one that is not there.
    """
    upstream = {name for name, pipe in nlp.components if isinstance(pipe, ListenedToComponent)}
    for name, pipe in nlp.components:
        model = getattr(pipe, "model", None)
        for listener in find_listeners(model) if isinstance(model, Model) else ():
            wanted = listener.upstream_name
            if wanted not in ({*upstream, "*"} if upstream else ()):
                raise ValueError(Errors.R038.format(name=name, upstream=wanted))
