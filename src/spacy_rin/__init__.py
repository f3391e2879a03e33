"""Joint entity and relation extraction for spaCy with the Recurrent Interaction Network."""

from typing import Any

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


def __getattr__(name: str) -> Any:
    # Only who draws pays for the pictures: every spaCy pipeline imports this package.
    if name == "render":
        from .pictures.notebook import render

        return render
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
