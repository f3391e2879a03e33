"""Training and dev set → warnings, before training, about gold that cannot be learned or scored.

Gold that does not fit the tokens of the pipeline is masked. If all of it is, the loss is 0 and the
model finds nothing. The same holds for a dev set without relations: no model is better than another
on it.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import dot_to_object, registry

from ..arrays.targets import align
from ..errors import Warnings
from ..relations import Relation, get_relations

# From this share of gold on that does not fit, the component warns.
MOST_MASKED = 0.1
# What the bounds of tokens follow from, where two Docs have the same text.
BOUNDS: list[int | str] = ["LENGTH", "SPACY"]


class GoldFit:
    """Counts the gold entities, heads and tails that fit the tokens of the predicted Docs."""

    def __init__(self) -> None:
        self.total = self.fit = 0
        self._example: tuple[Span, Example] | None = None  # the first that does not fit

    def add(self, eg: Example, relations: Sequence[Relation]) -> None:
        """Count the gold of an Example.

        eg (Example): An Example of the training data.
        relations (Sequence[Relation]): Its gold relations.
        """
        ends = [end for relation in relations for end in (relation.head, relation.tail)]
        spans = {(span.start, span.end): span for span in (*eg.reference.ents, *ends)}
        self.total += len(spans)
        # Where tokens are the same, everything fits, and nothing needs to be aligned.
        if _have_same_tokens(eg.predicted, eg.reference):
            self.fit += len(spans)
            return
        for span in spans.values():
            if align(eg.predicted, span)[2]:
                self.fit += 1
            elif self._example is None:
                self._example = span, eg

    def warn(self, lang: str) -> None:
        """Warn if too little fits.

        lang (str): The language of the pipeline.
        """
        if self._example is None or self.total - self.fit < MOST_MASKED * self.total:
            return
        span, eg = self._example
        start, end, _ = align(eg.predicted, span)
        message = Warnings.R184.format(
            fit=self.fit,
            total=self.total,
            gold=span.text,
            tokens=[token.text for token in eg.predicted[start:end]],
            lang=lang,
        )
        warnings.warn(message, stacklevel=3)


def check_dev(nlp: Language, labels: Collection[str], attribute: str) -> None:
    """Warn if the dev set of a pipeline's config cannot tell a good model from a bad one.

    It is read up to the first relation that the model can find. A pipeline that is trained without
    `spacy train` may have no dev set, or one that is gone: then there is nothing to check.

    nlp (Language): The pipeline that is initialised.
    labels (Collection[str]): The relation labels of the model.
    attribute (str): Name of the extension that reads the relations.
    """
    count, found = 0, set[str]()
    try:
        for eg in _read_dev(nlp):
            count += 1
            found |= {relation.label for relation in get_relations(eg.reference, attribute)}
            if found & set(labels):
                return
    # There is no dev set, or spaCy will say what is wrong with it.
    except (ValueError, KeyError, OSError):
        return
    if not count:
        what = "no texts"
    elif not found:
        what = "no relations"
    else:
        what = f"no relation of train: its labels are {sorted(found)}"
    warnings.warn(Warnings.R185.format(what=what), stacklevel=3)


def _read_dev(nlp: Language) -> Iterator[Example]:
    config = nlp.config.interpolate()
    corpus = dot_to_object(config, config["training"]["dev_corpus"])
    yield from registry.resolve({"dev": corpus})["dev"](nlp)


def _have_same_tokens(predicted: Doc, reference: Doc) -> bool:
    """Whether two Docs of the same text are cut into the same tokens."""
    return np.array_equal(predicted.to_array(BOUNDS), reference.to_array(BOUNDS))
