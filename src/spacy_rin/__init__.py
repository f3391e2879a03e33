"""Joint entity and relation extraction for spaCy with the Recurrent Interaction Network."""

from spacy.tokens import Doc, Span

from .relations import (
    ATTRIBUTE,
    Relation,
    get_relations,
    get_span_relations,
    has_relations,
    register,
    set_relations,
)
from .render import render

__version__ = "0.1.0"
__all__ = [
    "Relation",
    "get_relations",
    "get_span_relations",
    "has_relations",
    "register",
    "render",
    "set_relations",
]

# Another package may hold the name already: then only a component that asks for it is an error,
# since this import runs in everybody's spaCy.
if not any(owner.has_extension(ATTRIBUTE) for owner in (Doc, Span)):
    register()
