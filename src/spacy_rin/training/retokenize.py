"""`spacy-rin.retokenize.v1`: texts that came as words → some of them as the pipeline splits them.

Many data sets have words and no spaces. spaCy's Corpus keeps their words as tokens, so that a model
learns from them alone. In use it reads raw text, which its own tokenizer splits in another way:
"Bosnia-Herzegovina" is one word there, and three tokens here. From both it learns both.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial

from spacy.language import Language
from spacy.training import Example, dont_augment

from ..errors import Errors
from .augment import Augmenter


def make_retokenizer(level: float = 0.5) -> Augmenter:
    """Construct an augmenter for `[corpora.train.augmenter]`.

    It changes texts whose words came without spaces, and leaves all others as they are. Gold that
    fits no tokens is masked, as it always is.

    level (float): Share of these texts, 0 to 1, that the pipeline's own tokenizer splits.
    RETURNS (Callable): Takes a pipeline and an Example, and yields one with the same text and gold.
    RAISES (ValueError): If the level is out of range.
    """
    if not 0 <= level <= 1:
        expected = "a number from 0 to 1"
        raise ValueError(Errors.R030.format(setting="level", value=level, expected=expected))
    return partial(_retokenize, level) if level else dont_augment


def _retokenize(level: float, nlp: Language, example: Example) -> Iterator[Example]:
    gold = example.reference
    # No number is drawn for other texts: training is then as without it.
    if gold.has_unknown_spaces and random.random() < level:
        example = Example(nlp.make_doc(gold.text), gold)
    yield example
