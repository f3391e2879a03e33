"""Joint entity and relation extraction for spaCy with the Recurrent Interaction Network."""

from typing import Any

# Before spaCy, during whose import the user may press Ctrl-C.
from . import interrupts  # noqa: F401  # isort: skip
from spacy.tokens import Doc, Span

from .exchange.dicts import example_from_dict, register_dicts
from .relations import (
    Relation,
    get_relations,
    get_span_relations,
    has_relations,
    register,
    relations_in,
    set_relations,
)
from .stores import ATTRIBUTE

__version__ = "0.1.0"
__all__ = [
    "Relation",
    "example_from_dict",
    "get_relations",
    "get_span_relations",
    "has_relations",
    "register",
    "relations_in",
    "render",
    "set_relations",
    "to_networkx",
    "to_rows",
]

# Another package may have registered the name already. The import does not fail then, since it runs
# in every spaCy pipeline; a component that asks for the name does.
if not any(owner.has_extension(ATTRIBUTE) for owner in (Doc, Span)):
    register()
register_dicts()


def __getattr__(name: str) -> Any:
    """Import what notebooks use when it is first asked for: every pipeline imports this package.

    name (str): Name of the attribute.
    RETURNS (Any): The attribute.
    RAISES (AttributeError): If the package has no such attribute.
    """
    if name == "render":
        from .pictures.notebook import render

        return render
    if name == "to_rows":
        from .extract.rows import to_rows

        return to_rows
    if name == "to_networkx":
        from .pictures.graph import to_networkx

        return to_networkx
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
