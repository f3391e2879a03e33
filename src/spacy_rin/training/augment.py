"""`spacy-rin.join.v1`: training Examples → the same, and some of them joined into longer texts.

Training data is mostly single sentences, or short independent passages. A model that has seen no
longer text relates words of different sentences. From joined texts it learns that most pairs of
words in a longer text have nothing to do with each other.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from spacy.attrs import ENT_ID, ENT_IOB, ENT_KB_ID, ENT_TYPE
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example, dont_augment

from ..arrays.batch import TOKEN_ATTRS
from ..errors import Errors
from ..relations import Relation, get_relations, set_relations
from ..stores import stored_attributes

# The attributes of tokens to keep. Sentence starts are not kept: a joined text is read as one unit.
KEPT = [*TOKEN_ATTRS, ENT_IOB, ENT_TYPE, ENT_KB_ID, ENT_ID]
# Texts are joined with some of this many earlier ones. The pool is large, since neighbours in a
# file are often about the same things.
POOL = 1000

Augmenter = Callable[[Language, Example], Iterator[Example]]


def make_joiner(level: float = 0.2, most: int = 4, augmenter: Augmenter | None = None) -> Augmenter:
    """Construct an augmenter for `[corpora.train.augmenter]`.

    Each text stays as it is. Some come a second time, joined to the end of earlier texts. A joined
    text has the relations of all its texts.

    level (float): Share of texts, 0 to 1, that come a second time.
    most (int): The most texts that are joined. The number is drawn at random, from two up.
    augmenter (Callable | None): Another augmenter, such as `spacy.lower_case.v1`, which changes the
        texts before. spaCy's own drop the relations of the texts they change; here they stay.
    RETURNS (Callable): Takes a pipeline and an Example, and yields it and what is made of it.
    RAISES (ValueError): If a setting is out of range.
    """
    for setting, value, expected, is_right in (
        ("level", level, "a number from 0 to 1", 0 <= level <= 1),
        ("most", most, "2 or more", most >= 2),
    ):
        if not is_right:
            raise ValueError(Errors.R030.format(setting=setting, value=value, expected=expected))
    change = keep_relations(augmenter) if augmenter else dont_augment
    if not level:
        return change
    return Joiner(level, most, change)


class Joiner:
    """The augmenter. A copy of it, in another process, begins with no earlier texts.

    level (float): Share of texts that come a second time.
    most (int): The most texts that are joined.
    change (Callable): The augmenter that changes the texts before.
    """

    def __init__(self, level: float, most: int, change: Augmenter) -> None:
        self.level = level
        self.most = most
        self.change = change
        self._pool: list[Example] = []

    def __reduce__(self) -> tuple[type[Joiner], tuple[float, int, Augmenter]]:
        return Joiner, (self.level, self.most, self.change)

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        """Augment one Example.

        nlp (Language): The pipeline that is trained.
        example (Example): The Example.
        YIELDS (Example): It, changed or not, and possibly one that ends with it.
        """
        for changed in self.change(nlp, example):
            yield from self._join(changed)

    def _join(self, example: Example) -> Iterator[Example]:
        pool = self._pool
        yield example
        if pool and random.random() < self.level:
            before = random.sample(pool, min(random.randint(1, self.most - 1), len(pool)))
            yield join_examples([*before, example])
        if len(pool) < POOL:
            pool.append(example)
        else:
            pool[random.randrange(POOL)] = example


def keep_relations(augmenter: Augmenter) -> Augmenter:
    """Wrap an augmenter so that the Examples it makes keep their gold relations.

    spaCy's augmenters make a new gold Doc of a text that they change, without relations.

    augmenter (Callable): Any augmenter that keeps the tokens.
    RETURNS (Callable): An augmenter that raises a ValueError if the number of tokens changes.
    """
    return partial(_keep_relations, augmenter)


def join_examples(examples: list[Example]) -> Example:
    """Join Examples end to end, with a space between them and with their gold relations.

    examples (list[Example]): At least one; all share a vocab.
    RETURNS (Example): One Example of all their texts.
    """
    reference = _join_docs([eg.reference for eg in examples])
    for attribute in {name: None for eg in examples for name in stored_attributes(eg.reference)}:
        relations, start = list[Relation](), 0
        for eg in examples:
            relations += _moved(get_relations(eg.reference, attribute), reference, start)
            start += len(eg.reference)
        set_relations(reference, relations, attribute)
    return Example(_join_docs([eg.predicted for eg in examples]), reference)


def _moved(relations: Iterable[Relation], doc: Doc, shift: int = 0) -> Iterator[Relation]:
    """Relations of another Doc between the same tokens of a Doc, `shift` tokens later."""
    for relation in relations:
        head, tail = (
            Span(doc, shift + end.start, shift + end.end, end.label)
            for end in (relation.head, relation.tail)
        )
        yield Relation(head, relation.label, tail, relation.score)


def _join_docs(docs: list[Doc]) -> Doc:
    # `exclude` is missing from spaCy's stub.
    return Doc.from_docs(docs, attrs=KEPT, exclude=["user_data", "spans", "tensor"])  # type: ignore[call-arg]


def _keep_relations(augmenter: Augmenter, nlp: Language, example: Example) -> Iterator[Example]:
    """Augment one Example, and carry the relations of its gold Doc over to what is made of it."""
    before = example.reference
    for changed in augmenter(nlp, example):
        after = changed.reference
        for attribute in stored_attributes(before):
            if attribute in stored_attributes(after):
                continue
            if len(before) != len(after):
                text = after.text[:80]
                raise ValueError(
                    Errors.R193.format(before=len(before), after=len(after), text=text)
                )
            moved = _moved(get_relations(before, attribute), after)
            set_relations(after, moved, attribute)
        yield changed
