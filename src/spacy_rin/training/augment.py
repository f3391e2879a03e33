"""`spacy-rin.join.v1`: an augmenter that sets training texts end to end.

Training data is mostly single sentences, or short passages that each stand alone. A model that has
seen no other text pairs the words of two of them: it is to learn that most pairs of a longer text
have nothing to do with each other.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from spacy.attrs import ENT_ID, ENT_IOB, ENT_KB_ID, ENT_TYPE
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example, dont_augment

from ..errors import Errors
from ..relations import Relation, get_relations, set_relations
from ..arrays.batch import TOKEN_ATTRS

# What is kept of a token. Not its sentence: what is joined is to be read as one unit.
KEPT = [*TOKEN_ATTRS, ENT_IOB, ENT_TYPE, ENT_KB_ID, ENT_ID]
# Earlier texts to choose from. Neighbours in a file are often about the same things.
POOL = 1000

Augmenter = Callable[[Language, Example], Iterator[Example]]


def make_joiner(level: float = 0.2, most: int = 4) -> Augmenter:
    """Construct an augmenter for `[corpora.train.augmenter]`.

    Each text stays as it is; some come a second time, behind others that came before them. The
    relations of each are those of the joined text.

    level (float): Share of texts, 0 to 1, that come a second time.
    most (int): Texts that are set end to end then: two, up to this number by chance.
    RAISES (ValueError): If a setting has no such value.
    """
    for setting, value, expected, is_right in (
        ("level", level, "a number from 0 to 1", 0 <= level <= 1),
        ("most", most, "2 or more", most >= 2),
    ):
        if not is_right:
            raise ValueError(Errors.R030.format(setting=setting, value=value, expected=expected))
    if not level:
        return dont_augment
    pool: list[Example] = []

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        if pool and random.random() < level:
            before = random.sample(pool, min(random.randint(1, most - 1), len(pool)))
            yield join_examples([*before, example])
        if len(pool) < POOL:
            pool.append(example)
        else:
            pool[random.randrange(POOL)] = example

    return augment


def join_examples(examples: list[Example]) -> Example:
    """Set Examples end to end, with a space between them, the gold relations included.

    examples (list[Example]): At least one, all of one vocab.
    """
    reference = _set_end_to_end([eg.reference for eg in examples])
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
    return Example(_set_end_to_end([eg.predicted for eg in examples]), reference)


def _set_end_to_end(docs: list[Doc]) -> Doc:
    # `exclude` is missing from spaCy's stub.
    return Doc.from_docs(docs, attrs=KEPT, exclude=["user_data", "spans", "tensor"])  # type: ignore[call-arg]
