"""Several `rin` components in a pipeline: each has an attribute of its own for its relations.

Two with the same attribute would each replace what the other has found. The factory and the
component ask here whether that is so.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import Errors
from ..layers.listeners import check_listeners
from ..layers.pieces import connect_tokenizers
from ..scorer import SCORE_WEIGHTS, score_name
from ..stores import ATTRIBUTE, writer_of
from .saved import CheckedPipe


def check_attribute(
    others: Iterable[CheckedPipe], name: str, attribute: str, *, is_saved: bool = False
) -> None:
    """Check that no other component has the same attribute.

    others (Iterable[CheckedPipe]): The other rin components of the pipeline.
    name (str): Name of the component in question.
    attribute (str): The attribute of its relations.
    is_saved (bool): Whether it is part of a pipeline that was saved with both. Such a pipeline
        loads with a warning.
    RAISES (ValueError): If another component has the attribute.
    """
    for other in others:
        if other.cfg["attribute"] == attribute and other.name != name:
            message = Errors.R181.format(name=name, other=other.name, attribute=attribute)
            if not is_saved:
                raise ValueError(message)
            warnings.warn(message, stacklevel=2)


def was_saved_with(nlp: Language, name: str) -> bool:
    """Find out whether a pipeline that is being loaded was saved with a component.

    `nlp.meta` cannot tell. It lists the components that have been added so far.

    nlp (Language): The pipeline.
    name (str): Name of the component, which is about to be added.
    RETURNS (bool): Whether the saved pipeline has it.
    """
    return name in nlp._meta.get("components", ())


def find_replaced(docs: Iterable[Doc], name: str, attribute: str) -> str:
    """Find the component whose relations another one is about to replace.

    Components that come from another pipeline, or whose attribute was changed, are not seen before.

    docs (Iterable[Doc]): The Docs that the pipeline has read.
    name (str): Name of the component that is about to write its relations.
    attribute (str): The attribute of its relations.
    RETURNS (str): Name of the other component; empty if there is none.
    """
    writers = (writer_of(doc, attribute) for doc in docs)
    return next((writer for writer in writers if writer not in ("", name)), "")


def check_pipeline(nlp: Language, extractors: Sequence[CheckedPipe]) -> None:
    """Check, before training, that the components of a pipeline go together.

    nlp (Language): The pipeline. The score weights in its config may be changed.
    extractors (Sequence[CheckedPipe]): Its rin components.
    RAISES (ValueError): If two of them have the same attribute, or if a component listens to one
        that is not there.
    """
    check_listeners(nlp)
    connect_tokenizers(nlp)
    _use_score_weights(nlp, extractors)
    known: list[CheckedPipe] = []
    for rin in extractors:
        check_attribute(known, rin.name, rin.cfg["attribute"])
        known.append(rin)


def _use_score_weights(nlp: Language, extractors: Sequence[CheckedPipe]) -> None:
    """Let training choose by the scores that a pipeline has.

    The default weights name the scores of `doc._.relations`. If no component stores its relations
    there, spaCy would take their scores for zero, and the first model for the best. So the weights
    become those of the first component's scores.
    """
    attributes = [rin.cfg["attribute"] for rin in extractors]
    if not attributes or ATTRIBUTE in attributes:
        return
    weights = nlp.config["training"]["score_weights"]
    for name in SCORE_WEIGHTS:
        if name.startswith("rel_") and weights.get(name) is not None:
            weights.setdefault(score_name(name, attributes[0]), weights[name])
            weights[name] = None  # Neither weighed nor shown.
