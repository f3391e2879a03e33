"""What the benchmark reads: a batch, as Examples for spaCy and as numbers for the plain network."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_rin import Relation, set_relations
from spacy_rin.arrays.tags import TagSet

ENTITY_LABELS = ("LOC", "ORG", "PER")
N_WORDS, N_POS = 5000, 40


@dataclass
class Numbers:
    """A batch as the plain network takes it; see `plain_rin.plain_step`."""

    words: list[list[int]] = field(default_factory=list)
    pos: list[list[int]] = field(default_factory=list)
    tags: list[list[int]] = field(default_factory=list)
    triples: list[list[tuple[int, int, int]]] = field(default_factory=list)


class TextMaker:
    """Sentences of random words with two triples each.

    n_labels (int): Relation labels. seed (int): Of what it makes.
    """

    def __init__(self, vocab: Vocab, n_labels: int, seed: int = 0) -> None:
        self.vocab = vocab
        self.relation_labels = [f"relation_{k}" for k in range(n_labels)]
        self.tag_set = TagSet(ENTITY_LABELS)
        self._random = random.Random(seed)

    @property
    def labels(self) -> dict[str, list[str]]:
        """RETURNS (dict): For the component's `initialize`."""
        return {"entities": list(ENTITY_LABELS), "relations": self.relation_labels}

    def batch(self, lengths: Iterable[int]) -> tuple[list[Example], Numbers]:
        """Make one sentence of each length, the same ones for both."""
        numbers, examples = Numbers(), []
        for n in lengths:
            words = [self._random.randrange(N_WORDS) for _ in range(n)]
            pos = [self._random.randrange(N_POS) for _ in range(n)]
            spans = self._spans(n)
            triples = [
                (self._random.choice(spans), self._random.choice(spans), label)
                for label in self._random.sample(range(len(self.relation_labels)), k=2)
            ]
            examples.append(self._example(words, pos, spans, triples))
            numbers.words.append(words)
            numbers.pos.append(pos)
            numbers.tags.append(self.tag_set.encode(spans, n).tolist())
            numbers.triples.append([(h[1] - 1, t[1] - 1, label) for h, t, label in triples])
        return examples, numbers

    def _spans(self, n: int) -> list[tuple[int, int, str]]:
        """Entities of up to two words, a few to a sentence."""
        starts = range(0, n, max(3, n // 4))
        return [(s, min(s + 2, n), self._random.choice(ENTITY_LABELS)) for s in starts]

    def _example(
        self,
        words: list[int],
        pos: list[int],
        spans: list[tuple[int, int, str]],
        triples: list[tuple[tuple[int, int, str], tuple[int, int, str], int]],
    ) -> Example:
        texts, tags = [f"w{word}" for word in words], [f"T{tag}" for tag in pos]
        predicted = Doc(self.vocab, words=texts, tags=tags)
        gold = Doc(self.vocab, words=texts, tags=tags)
        gold.ents = [Span(gold, *span) for span in spans]
        set_relations(
            gold,
            [
                Relation(Span(gold, *head), self.relation_labels[label], Span(gold, *tail))
                for head, tail, label in triples
            ],
        )
        return Example(predicted, gold)
