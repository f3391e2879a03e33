"""A batch of Docs → warnings about what the component can't read or write as it was meant to.

A component says each thing once, and not for each Doc.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from spacy.tokens import Doc
from thinc.api import Model

from ..errors import Warnings
from ..layers.inputs import count_unread, find_missing, has_unlearned_tags
from .attributes import find_replaced


class Warner:
    """What a component has warned of already."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def check_inputs(self, name: str, model: Model, docs: Sequence[Doc]) -> None:
        """Warn if Docs lack something that the model reads.

        name (str): Name of the component.
        model (Model): Its model, initialised.
        docs (Sequence[Doc]): The batch. At least one Doc has words.
        """
        for what in find_missing(model, docs):
            self._warn(what, Warnings.R183.format(name=name, what=what))
        if has_unlearned_tags(model, docs):
            self._warn("tags", Warnings.R198.format(name=name))
        if "unread" not in self._said and (unread := count_unread(model, docs)):
            text = max(docs, key=len).text[:80]
            self._warn("unread", Warnings.R186.format(name=name, unread=unread, texts=repr(text)))

    def check_store(self, name: str, attribute: str, docs: Sequence[Doc]) -> None:
        """Warn if the relations of another component are about to be replaced.

        name (str): Name of the component.
        attribute (str): The attribute of its relations.
        docs (Sequence[Doc]): The batch.
        """
        if other := find_replaced(docs, name, attribute):
            message = Warnings.R182.format(name=name, other=other, attribute=attribute)
            self._warn(f"{other} {attribute}", message)

    def _warn(self, what: str, message: str) -> None:
        if what not in self._said:
            self._said.add(what)
            warnings.warn(message, stacklevel=4)
