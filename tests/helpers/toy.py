"""A toy world for the tests: gold Docs by hand, and one small pipeline that has learned them.

A pattern is a sentence with slots; filled with several names it makes the corpus, so that what a
trained pipeline should say of each text is known exactly.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import torch
from marks import expect_mark
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.util import fix_random_seed, minibatch
from spacy.vocab import Vocab
from thinc.api import Adam, Config

from spacy_rin import Relation, get_relations, set_relations
from spacy_rin.component import RelationExtractor

Triples = Sequence[tuple[str, str, str]]

# Slot: entity label, and its filling in the k-th copy of a pattern. Q and M are never P and L.
PEOPLE = ["Ada Lovelace", "Alan Turing", "Grace Hopper", "Plato"]
PLACES = ["London", "New York", "Paris", "Athens"]
FIRMS = ["Acme Steel Works", "Initech", "Globex Group", "Hooli"]
SLOTS = {
    "P": ("PER", PEOPLE),
    "Q": ("PER", PEOPLE[1:] + PEOPLE[:1]),
    "L": ("LOC", PLACES),
    "M": ("LOC", PLACES[1:] + PLACES[:1]),
    "F": ("ORG", FIRMS),
}
PATTERNS: list[tuple[str, Triples]] = [
    ("P was born in L .", [("P", "born_in", "L")]),
    ("F is based in L .", [("F", "based_in", "L")]),
    ("P works for F .", [("P", "works_for", "F")]),
    # triples that share one entity (SEO)
    ("P , born in L , works for F .", [("P", "born_in", "L"), ("P", "works_for", "F")]),
    # triples that share both (EPO), and one pair in both directions
    ("L is a city in and the capital of M .", [("L", "capital_of", "M"), ("L", "located_in", "M")]),
    ("P and Q know each other .", [("P", "knows", "Q"), ("Q", "knows", "P")]),
    # entities without a triple, and nothing at all
    ("P never saw L .", []),
    ("it rained all day .", []),
    # a triple in the middle of much ado
    (
        "um um um um um um um um P was born in L um um um um um um um um um um um",
        [("P", "born_in", "L")],
    ),
]
COPIES = 4
TWO_WORDS = "Ada Lovelace was born in London ."  # its head has two words, its tail one
ENTITY_LABELS = ("LOC", "ORG", "PER")
RELATION_LABELS = ("based_in", "born_in", "capital_of", "knows", "located_in", "works_for")

# A model that learns the corpus in seconds; what is left out is the component's default.
SMALL_CONFIG = """
[model]
@architectures = "spacy-rin.RIN.v1"
hidden_width = 32
rounds = 2
# so that values can be compared closely; tests/nn/test_device.py has the others
precision = "float32"

[model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[model.tok2vec.embed]
@architectures = "spacy-rin.WordTagEmbed.v1"
word_width = 24
tag_width = 4
word_dropout = 0.0

[model.tok2vec.encode]
@architectures = "spacy-rin.BiLSTMEncoder.v1"
width = 32
depth = 1
"""


def small_config(interaction: str, **settings: Any) -> Config:
    """The small model with another interaction."""
    model = Config().from_str(SMALL_CONFIG)["model"]
    model |= {"interaction": interaction, **settings}
    model["tok2vec"]["encode"]["copies"] = 2 if interaction == "separate" else 1
    return model


def gold_doc(vocab: Vocab, pattern: str, triples: Triples, k: int = 0) -> Doc:
    """The k-th filling of a pattern, with entities, relations and tags."""
    words: list[str] = []
    spans: dict[str, tuple[int, int, str]] = {}
    for word in pattern.split():
        label, names = SLOTS.get(word, ("", []))
        filling = names[k % len(names)].split() if names else [word]
        if names:
            spans[word] = (len(words), len(words) + len(filling), label)
        words += filling
    tags = ["NNP" if word[0].isupper() else "." if word in ".," else "X" for word in words]
    doc = Doc(vocab, words=words, spaces=[True] * (len(words) - 1) + [False], tags=tags)
    entities = {slot: Span(doc, *bounds) for slot, bounds in spans.items()}
    doc.ents = list(entities.values())
    set_relations(doc, [Relation(entities[h], label, entities[t]) for h, label, t in triples])
    return doc


def gold_docs(vocab: Vocab) -> list[Doc]:
    """All fillings of all patterns."""
    return [gold_doc(vocab, *pattern, k) for k in range(COPIES) for pattern in PATTERNS]


def as_example(nlp: Language, gold: Doc) -> Example:
    """Gold, and a Doc that has its tokens only."""
    words, spaces = [t.text for t in gold], [bool(t.whitespace_) for t in gold]
    return Example(Doc(nlp.vocab, words=words, spaces=spaces), gold)


def gold_examples(nlp: Language) -> list[Example]:
    return [as_example(nlp, doc) for doc in gold_docs(nlp.vocab)]


def texts() -> list[str]:
    return [doc.text for doc in gold_docs(Vocab())]


def blank(**settings: Any) -> Language:
    """An English pipeline with a small `rin`, not initialised."""
    nlp = spacy.blank("en")
    nlp.add_pipe("rin", config=Config().from_str(SMALL_CONFIG) | settings)
    return nlp


def train(nlp: Language, epochs: int = 40, *, seed: int = 0, drop: float = 0.0) -> list[float]:
    """Initialise a pipeline on the corpus and train it; gives rin's loss of each epoch."""
    return fit(nlp, gold_docs(nlp.vocab), epochs, seed=seed, drop=drop)


def fit(
    nlp: Language, docs: Sequence[Doc], epochs: int, *, seed: int = 0, drop: float = 0.0
) -> list[float]:
    """Initialise a pipeline on gold Docs and train it; gives rin's loss of each epoch."""
    expect_mark("training")
    fix_random_seed(seed)
    examples = [as_example(nlp, doc) for doc in docs]
    nlp.initialize(lambda: examples)
    optimizer = Adam(0.01, L2=0.0, grad_clip=0.0)
    history = []
    for _ in range(epochs):
        losses: dict[str, float] = {}
        for batch in minibatch(examples, 8):
            nlp.update(batch, sgd=optimizer, losses=losses, drop=drop)
        history.append(losses["rin"])
    return history


def train_a_little(nlp: Language) -> None:
    optimizer = Adam(0.05, L2=0.0, grad_clip=0.0)
    nlp.update(gold_examples(nlp)[:8], sgd=optimizer)


def rin_of(nlp: Language) -> RelationExtractor:
    pipe = nlp.get_pipe("rin")
    assert isinstance(pipe, RelationExtractor)
    return pipe


def network(nlp: Language) -> torch.nn.Module:
    module: torch.nn.Module = rin_of(nlp).model.get_ref("network").shims[0]._model
    return module


def initialised(**settings: Any) -> Language:
    """A small pipeline with untrained parameters, the same ones each time."""
    nlp = blank(**settings)
    fix_random_seed(1)
    examples = gold_examples(nlp)
    nlp.initialize(lambda: examples)
    return nlp


@functools.cache
def trained_bytes() -> bytes:
    nlp = blank()
    train(nlp)
    return nlp.to_bytes()


def trained(**settings: Any) -> Language:
    """A copy of the one trained pipeline, to be changed at will; `settings` go to rin's cfg."""
    expect_mark("training")
    nlp = blank().from_bytes(trained_bytes())
    rin_of(nlp).cfg.update(settings)
    return nlp


def entities(doc: Doc) -> list[tuple[int, int, str]]:
    return [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


def triples(doc: Doc) -> list[tuple[tuple[int, int], str, tuple[int, int]]]:
    """Relations by character offsets, without scores."""
    return [
        ((r.head.start_char, r.head.end_char), r.label, (r.tail.start_char, r.tail.end_char))
        for r in get_relations(doc)
    ]


def triple_texts(doc: Doc) -> set[tuple[str, str, str]]:
    return {(r.head.text, r.label, r.tail.text) for r in get_relations(doc)}


def assert_same(found: Doc, expected: Doc) -> None:
    """Same text, entities and relations, with the same probabilities up to rounding."""
    assert found.text == expected.text
    assert entities(found) == entities(expected)
    assert triples(found) == triples(expected)
    np.testing.assert_allclose(scores(found), scores(expected), atol=1e-4)


def scores(doc: Doc) -> list[float]:
    return [relation.score for relation in get_relations(doc)]


def write_corpus(path: Path, docs: Sequence[Doc]) -> Path:
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    return path
