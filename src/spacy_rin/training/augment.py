"""`spacy-rin.join.v1`: training Examples → the same, and some of them joined into longer texts.

Training data is mostly single sentences, or short independent passages. A model that has seen no
longer text relates words of different sentences. From joined texts it learns that most pairs of
words in a longer text have nothing to do with each other.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from spacy.attrs import ENT_ID, ENT_IOB, ENT_KB_ID, ENT_TYPE
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example, dont_augment

from ..arrays.batch import TOKEN_ATTRS
from ..errors import Errors
from ..relations import Relation, get_relations, set_relations

# The attributes of tokens to keep. Sentence starts are not kept: a joined text is read as one unit.
KEPT = [*TOKEN_ATTRS, ENT_IOB, ENT_TYPE, ENT_KB_ID, ENT_ID]
# Texts are joined with some of this many earlier ones. The pool is large, since neighbours in a
# file are often about the same things.
POOL = 1000

Augmenter = Callable[[Language, Example], Iterator[Example]]


def make_joiner(level: float = 0.2, most: int = 4) -> Augmenter:
    """Construct an augmenter for `[corpora.train.augmenter]`.

    Each text stays as it is. Some come a second time, joined to the end of earlier texts. A joined
    text has the relations of all its texts.

    level (float): Share of texts, 0 to 1, that come a second time.
    most (int): The most texts that are joined. The number is drawn at random, from two up.
    RETURNS (Callable): Takes a pipeline and an Example, and yields it and what is made of it.
    RAISES (ValueError): If a setting is out of range.
    """
    for setting, value, expected, is_right in (
        ("level", level, "a number from 0 to 1", 0 <= level <= 1),
        ("most", most, "2 or more", most >= 2),
    ):
        if not is_right:
            raise ValueError(Errors.R030.format(setting=setting, value=value, expected=expected))
    if not level:
        return dont_augment
    return Joiner(level, most)


class Joiner:
    """The augmenter. A copy of it, in another process, begins with no earlier texts.

    level (float): Share of texts that come a second time.
    most (int): The most texts that are joined.
    """

    def __init__(self, level: float, most: int) -> None:
        self.level = level
        self.most = most
        self._pool: list[Example] = []

    def __reduce__(self) -> tuple[type[Joiner], tuple[float, int]]:
        return Joiner, (self.level, self.most)

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        """Augment one Example.

        nlp (Language): The pipeline that is trained.
        example (Example): The Example.
        YIELDS (Example): It, and possibly one that ends with it.
        """
        pool = self._pool
        yield example
        if pool and random.random() < self.level:
            before = random.sample(pool, min(random.randint(1, self.most - 1), len(pool)))
            yield join_examples([*before, example])
        if len(pool) < POOL:
            pool.append(example)
        else:
            pool[random.randrange(POOL)] = example


def join_examples(examples: list[Example]) -> Example:
    """Join Examples end to end, with a space between them and with their gold relations.

    examples (list[Example]): At least one; all share a vocab.
    RETURNS (Example): One Example of all their texts.
    """
    reference = _join_docs([eg.reference for eg in examples])
    relations, start = list[Relation](), 0
    for eg in examples:
        for relation in get_relations(eg.reference):
            head, tail = (
                Span(reference, start + end.start, start + end.end, end.label)
                for end in (relation.head, relation.tail)
            )
            relations.append(Relation(head, relation.label, tail, relation.score))
        start += len(eg.reference)
    set_relations(reference, relations)
    return Example(_join_docs([eg.predicted for eg in examples]), reference)


def _join_docs(docs: list[Doc]) -> Doc:
    # `exclude` is missing from spaCy's stub.
    return Doc.from_docs(docs, attrs=KEPT, exclude=["user_data", "spans", "tensor"])  # type: ignore[call-arg]
