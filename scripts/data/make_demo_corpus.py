"""Compose the demo corpus: sentences with entities and relations, from `demo_templates`.

What a sentence states follows from its words, never from knowing the names: the same names stand
in sentences that state a relation and in others that deny it or speak of something else. Dev and
test draw most names from a pool that train never sees. Facts agree throughout, so triples of train
come back in dev and test where both of their names are drawn again.
"""

from __future__ import annotations

import json
import random
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import spacy
import typer
from spacy.language import Language

from scripts.data.modules.demo_composer import Composer, Draft, Triple
from scripts.data.modules.demo_facts import World
from scripts.data.modules.demo_names import Name, make_pools
from scripts.data.modules.demo_templates import DOCUMENT, LABELS, LEXICON
from spacy_rin.files import write_text

Record = dict[str, Any]

HELD_OUT_SHARE = 0.62  # of the names drawn for dev and test
NO_TRIPLE_SHARE = 0.17
MIN_TOKENS, MAX_TOKENS, MAX_TRIPLES = 5, 28, 5


def make_record(draft: Draft, nlp: Language) -> Record:
    """Turn a draft into a record in the tokens of spaCy's tokenizer.

    RETURNS (Record): tokens, spaces, tags, entities and relations.
    """
    text, starts = draft.join()
    doc = nlp.make_doc(text)
    tags: list[str] = []
    for token in doc:
        _, tag, index = draft.words[bisect_right(starts, token.idx) - 1]
        # Within a name: "University of ...", "... & ...".
        tags.append(LEXICON.get(token.text, tag) if index >= 0 else tag)
    mentions, triples = _mentions(draft, starts)
    order = {index: position for position, (*_, index) in enumerate(mentions)}
    entities = []
    for start, end, label, _ in mentions:
        span = doc.char_span(start, end)
        if span is None:
            raise ValueError(f"Expected a name of whole tokens, found {text[start:end]!r}: {text}")
        entities.append({"start": span.start, "end": span.end, "label": label})
    relations = sorted((order[head], order[tail], label) for head, label, tail in triples)
    return {
        "tokens": [token.text for token in doc],
        "spaces": [bool(token.whitespace_) for token in doc],
        "tags": tags,
        "entities": entities,
        "relations": [{"head": h, "label": label, "tail": t} for h, t, label in relations],
    }


def make_corpus(seed: int, sizes: dict[str, int]) -> dict[str, list[Record]]:
    """Compose all files of the corpus.

    seed (int): the same seed gives the same corpus.
    sizes (dict[str, int]): number of records by split, train first.
    RETURNS (dict[str, list[Record]]): records by split; those of "texts" have nothing but a text.
    """
    rng = random.Random(seed)
    nlp = spacy.blank("en")
    seen, held_out = make_pools(rng, False), make_pools(rng, True)
    world = World(rng, seen, held_out)
    texts: set[str] = set()
    corpus: dict[str, list[Record]] = {}
    for split, size in sizes.items():
        world.held_out_share = 0.0 if split == "train" else HELD_OUT_SHARE
        positive = [i >= round(NO_TRIPLE_SHARE * size) for i in range(size)]
        rng.shuffle(positive)
        corpus[split] = [make_record(_compose_new(rng, world, texts, p), nlp) for p in positive]
    # Facts of its own: those of dev and test would lead back to names of train.
    fresh = World(rng, held_out, held_out)
    singles = [draft.join()[0] for draft in islice(_rich(rng, fresh, texts), 6)]
    corpus["texts"] = [{"text": text} for text in [*singles, _compose_document(rng, held_out)]]
    return corpus


def write_corpus(output_dir: Path, corpus: dict[str, list[Record]]) -> None:
    """Write each split as `<split>.jsonl`, whole or not at all."""
    for split, records in corpus.items():
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
        write_text(output_dir / f"{split}.jsonl", "".join(lines))


def main(
    output_dir: Path, seed: int = 0, train: int = 3000, dev: int = 400, test: int = 400
) -> None:
    """Write train.jsonl, dev.jsonl, test.jsonl and texts.jsonl of the demo corpus."""
    write_corpus(output_dir, make_corpus(seed, {"train": train, "dev": dev, "test": test}))


def _mentions(
    draft: Draft, starts: list[int]
) -> tuple[list[tuple[int, int, str, int]], list[Triple]]:
    """Find the names in the text, and the cities within names, which get an index of their own.

    RETURNS (tuple[list[tuple[int, int, str, int]], list[Triple]]): mentions in order of the text as
        start and end character, label and index; the triples, with those of the cities.
    """
    mentions: list[tuple[int, int, str, int]] = []
    triples = list(draft.triples)
    for start, (_, _, index) in zip(starts, draft.words, strict=True):
        if index < 0:
            continue
        name = draft.names[index]
        mentions.append((start, start + len(name.text), LABELS[name.kind], index))
        if name.city:
            inner, nested = start + name.text.index(name.city), len(draft.names) + index
            mentions.append((inner, inner + len(name.city), LABELS["C"], nested))
            triples.append((index, "located_in", nested))
    return sorted(mentions), triples


def _compose_new(rng: random.Random, world: World, texts: set[str], positive: bool) -> Draft:
    """Compose a sentence whose text is new and whose triples agree with the facts."""
    while True:
        plan_seed = rng.random()
        # Try many names before new phrases: else the phrases that facts constrain would be rare.
        for _ in range(50):
            draft = Composer(random.Random(plan_seed), world, positive).compose()
            text, _ = draft.join()
            if not _reads_well(draft, positive) or text in texts:
                continue
            names = draft.names
            if world.accept((names[h], label, names[t]) for h, label, t in draft.triples):
                texts.add(text)
                return draft


def _rich(rng: random.Random, world: World, texts: set[str]) -> Iterator[Draft]:
    """YIELDS (Draft): sentences of two triples or more."""
    while True:
        draft = _compose_new(rng, world, texts, True)
        if len(draft.triples) > 1:
            yield draft


def _reads_well(draft: Draft, positive: bool) -> bool:
    words = [word for word, _, _ in draft.words]
    mentions = [part for name in draft.names for part in (name.text, name.city) if part]
    n_tokens = len(" ".join(words).replace("-", " - ").split())
    n_triples = len(draft.triples) + sum(bool(name.city) for name in draft.names)
    return (
        len(set(mentions)) == len(mentions)
        and MIN_TOKENS <= n_tokens <= MAX_TOKENS
        and n_triples <= MAX_TRIPLES
        and (n_triples > 0) == positive
        and not words[-2].endswith(".")
        and not any(a in ("company", "based") and b == "the" for a, b in pairwise(words))
    )


def _compose_document(rng: random.Random, names: dict[str, list[Name]]) -> str:
    while True:
        composer = Composer(rng, World(rng, names, names), True)
        bound: dict[str, list[int]] = {}
        sentences = []
        for phrase in DOCUMENT:
            composer.draft.words.clear()
            composer.write((phrase, ""), bound=bound)
            sentences.append(composer.draft.join()[0])
        used = [name.text for name in composer.draft.names]
        if len(set(used)) == len(used) and not any(text.endswith("..") for text in sentences):
            return " ".join(sentences)


if __name__ == "__main__":
    typer.run(main)
