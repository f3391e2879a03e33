"""Compose the demo corpus: sentences with entities and relations, from `demo_templates`.

What a sentence states follows from its words, never from knowing the names: the same names stand
in sentences that state a relation and in others that deny it or speak of something else. Dev and
test draw most names from a pool that train never sees. Facts agree throughout, so triples of train
come back in dev and test where both of their names are drawn again.
"""

from __future__ import annotations

import json
import os
import random
import re
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import spacy
import typer
from demo_facts import World
from demo_names import Name, make_pools
from demo_templates import (
    APPOSITIONS,
    DAYS,
    DOCUMENT,
    FILLERS,
    HEADS,
    LABELS,
    LEAD_TIMES,
    LEADS,
    LEXICON,
    MONTHS,
    PARTICIPLES,
    PREDICATES,
    WHOLES,
    YEARS,
    Row,
)
from spacy.language import Language

Triple = tuple[int, str, int]
Record = dict[str, Any]

HELD_OUT_SHARE = 0.7  # of the names drawn for dev and test
NO_TRIPLE_SHARE = 0.17
MODIFIED_TAIL_SHARE = 0.15  # in the patterns that do not ask for it
NEUTRAL_SHARE = 0.15  # of the phrases in a sentence that states something
MIN_TOKENS, MAX_TOKENS, MAX_TRIPLES = 5, 28, 5
SUBJECTS = {"P": 50, "O": 22, "C": 14, "W": 9, "N": 5}
PATTERNS = {
    "simple": 22,
    "two_predicates": 18,
    "modified_subject": 18,
    "modified_tail": 16,
    "participle": 6,
    "several_subjects": 8,
    "whole": 9,
    "two_sentences": 8,
}
SLOT = re.compile(r"\{([POBUCNWS])\d?(\+?)\}")
FILLER = re.compile(r"\{([a-z]+)(\??)\}")
GENDERED = {
    "her": {"female": "her", "male": "his"},
    "wife": {"female": "wife", "male": "husband"},
}


@dataclass
class Draft:
    """A sentence in the making.

    words (list[tuple[str, str, int]]): word, tag and index of the name it is, or -1.
    names (list[Name]): the names in it.
    triples (list[Triple]): (head, label, tail), by index into `names`.
    """

    words: list[tuple[str, str, int]] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    triples: list[Triple] = field(default_factory=list)

    def add(self, word: str, tag: str = "", index: int = -1) -> None:
        if word == "," and self.words[-1][0] == ",":
            return
        bare, _, own_tag = word.partition("/")
        self.words.append((bare, tag or own_tag or LEXICON[bare.lower()], index))

    def add_name(self, index: int) -> None:
        if self.names[index].article:
            self.add("the")
        self.add(self.names[index].text, "NNP", index)


class Composer:
    """Composes a sentence. With an equal `plan` it chooses the same phrases again, for other names.

    plan (Random): the source of every choice of phrases.
    world (World): where names come from.
    positive (bool): whether the sentence states a triple.
    """

    def __init__(self, plan: random.Random, world: World, positive: bool):
        self.plan = plan
        self.world = world
        self.positive = positive
        self.draft = Draft()
        self.said: set[str] = set()  # of the present subject; a sentence says nothing twice

    def compose(self) -> Draft:
        pattern = _weighted(self.plan, PATTERNS)
        if pattern == "two_sentences":
            self._clause("simple")
            self.draft.add(",")
            self.draft.add(self.plan.choice(("and", "while")))
            self._clause("simple")
        else:
            if pattern in ("simple", "whole") and self.plan.random() < 0.1:
                self.write((self.plan.choice(LEADS), ""))
            self._clause(pattern)
        self.draft.add(".")
        return self.draft

    def _clause(self, pattern: str) -> None:
        self.said.clear()
        if pattern == "whole":
            self.write(self._pick(WHOLES))
            self._modify_tail(MODIFIED_TAIL_SHARE)
            return
        several = pattern == "several_subjects"
        kind = "P" if several else _weighted(self.plan, SUBJECTS)
        subjects = [self._new(self.world.draw(kind)) for _ in range(1 + several)]
        if several and self.plan.random() < 0.35:
            subjects.append(self._new(self.world.draw(kind)))
        rows = [row for row in PREDICATES[kind] if not several or "|" in row[0]]
        first = self._pick(rows)
        if "{time?}" in first[0] and not self.draft.words and self.plan.random() < 0.15:
            self.write((self.plan.choice(LEAD_TIMES), ""))
            first = (first[0].replace(" {time?}", ""), first[1])
        if pattern == "participle":
            self.write(self._pick(PARTICIPLES[kind]), subjects)
            self.draft.add(",")
        self._subject(kind, subjects, plain=several or pattern == "modified_subject")
        if pattern == "modified_subject":
            self._modify(kind, subjects)
            self.draft.add(",")
        self.write(first, subjects)
        if pattern == "two_predicates" or (several and self.plan.random() < 0.3):
            second = self._pick([row for row in rows if row != first])
            self.draft.add("but" if _denies(first) != _denies(second) else "and")
            self.write(second, subjects)
        self._modify_tail(1.0 if pattern == "modified_tail" else MODIFIED_TAIL_SHARE)

    def write(
        self, row: Row, subjects: list[int] | None = None, bound: dict[str, list[int]] | None = None
    ) -> None:
        """Append a phrase and the triples it states.

        row (Row): phrase and triples.
        subjects (list[int] | None): the names it is said of.
        bound (dict[str, list[int]] | None): names that slots have already; the new ones are added.
        """
        phrase, stated = row
        bound = {} if bound is None else bound
        if subjects:
            bound["S"] = subjects
        triples = [tuple(triple.split()) for triple in stated.split("; ") if triple]
        for word in phrase.split():
            if slot := SLOT.fullmatch(word):
                self._write_slot(slot, triples, bound)
            elif filler := FILLER.fullmatch(word):
                self._write_filler(filler[1], bool(filler[2]), subjects)
            else:
                singular, _, plural = word.partition("|")
                self.draft.add(plural if plural and subjects and len(subjects) > 1 else singular)
        for head, label, tail in triples:
            self.draft.triples += [(h, label, t) for h, t in product(bound[head], bound[tail])]

    def _write_slot(
        self, slot: re.Match[str], triples: list[tuple[str, ...]], bound: dict[str, list[int]]
    ) -> None:
        key = slot[0].strip("{+}")
        if key not in bound:
            several = bool(slot[2]) and self.plan.random() < 0.2
            bound[key] = [
                self._new(self._name_for(key, triples, bound)) for _ in range(1 + several)
            ]
        for nth, index in enumerate(bound[key]):
            if nth:
                self.draft.add("and")
            self.draft.add_name(index)

    def _name_for(
        self, key: str, triples: list[tuple[str, ...]], bound: dict[str, list[int]]
    ) -> Name:
        for head, label, tail in triples:
            other, side = (tail, "tail") if key == head else (head, "head")
            if key in (head, tail) and other in bound:
                known = self.draft.names[bound[other][0]]
                return self.world.partner(label, known, side, key[0])
        return self.world.draw(key[0])

    def _write_filler(self, kind: str, optional: bool, subjects: list[int] | None) -> None:
        if optional and self.plan.random() < 0.5:
            return
        if kind in GENDERED:
            gender = self.draft.names[subjects[0]].gender if subjects else "female"
            self.draft.add(GENDERED[kind][gender])
        elif kind in YEARS:
            self.draft.add(str(self.plan.randint(*YEARS[kind])), "CD")
        elif kind in ("month", "day"):
            self.draft.add(self.plan.choice(MONTHS if kind == "month" else DAYS), "NNP")
        else:
            self.write((self.plan.choice(FILLERS[kind]), ""))

    def _subject(self, kind: str, subjects: list[int], plain: bool) -> None:
        if HEADS[kind] and not plain and self.plan.random() < 0.25:
            self.write(self._pick(HEADS[kind]), subjects)
            return
        for nth, index in enumerate(subjects):
            if nth:
                self.draft.add("and" if nth == len(subjects) - 1 else ",")
            self.draft.add_name(index)

    def _modify(self, kind: str, subjects: list[int]) -> None:
        """Append a relative clause or an apposition, with the comma before it."""
        self.draft.add(",")
        if self.plan.random() < 0.5:
            self.draft.add("who" if kind == "P" else "which")
            self.write(self._pick(PREDICATES[kind]), subjects)
        else:
            self.write(self._pick(APPOSITIONS[kind]), subjects)

    def _modify_tail(self, share: float) -> None:
        """Say something of the name that ends the clause, if one does, in `share` of the cases."""
        wanted = self.plan.random() < share
        index = self.draft.words[-1][2]
        if wanted and index >= 0 and self.draft.words[-2][0] != "and":
            kind = self.draft.names[index].kind
            if kind != "U":
                self.said.clear()
                self._modify("O" if kind == "B" else kind, [index])

    def _new(self, name: Name) -> int:
        self.draft.names.append(name)
        return len(self.draft.names) - 1

    def _pick(self, rows: list[Row]) -> Row:
        stating = self.positive and self.plan.random() >= NEUTRAL_SHARE
        fitting = [row for row in rows if bool(row[1]) == stating and not self.said & _stated(row)]
        row = self.plan.choice(fitting or [row for row in rows if bool(row[1]) == stating] or rows)
        self.said |= _stated(row)
        return row


def make_record(draft: Draft, nlp: Language) -> Record:
    """Turn a draft into a record in the tokens of spaCy's tokenizer.

    RETURNS (Record): tokens, spaces, tags, entities and relations.
    """
    text, starts = _join(draft)
    doc = nlp.make_doc(text)
    tag_at = {start + offset: tag for start, (word, tag, _) in zip(starts, draft.words, strict=True)
              for offset in range(len(word))}  # fmt: skip
    spans: list[tuple[int, int, str, int]] = []
    triples = list(draft.triples)
    for start, (word, _, index) in zip(starts, draft.words, strict=True):
        if index < 0:
            continue
        name = draft.names[index]
        spans.append((start, start + len(word), LABELS[name.kind], index))
        if name.city:
            inner = start + word.index(name.city)
            nested = len(draft.names) + index
            spans.append((inner, inner + len(name.city), LABELS["C"], nested))
            triples.append((index, "located_in", nested))
    spans.sort()
    order = {index: position for position, (*_, index) in enumerate(spans)}
    entities = []
    for start, end, label, _ in spans:
        span = doc.char_span(start, end)
        if span is None:
            raise ValueError(
                f"Expected a name on token bounds, found {text[start:end]!r} in {text!r}"
            )
        entities.append({"start": span.start, "end": span.end, "label": label})
    return {
        "tokens": [token.text for token in doc],
        "spaces": [bool(token.whitespace_) for token in doc],
        "tags": [LEXICON.get(t.text, tag_at[t.idx]) if tag_at[t.idx] == "NNP" else tag_at[t.idx]
                 for t in doc],
        "entities": entities,
        "relations": [{"head": order[h], "label": label, "tail": order[t]}
                      for h, label, t in sorted(triples, key=lambda x: (order[x[0]], order[x[2]]))],
    }  # fmt: skip


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
    singles = [_join(_compose_new(rng, fresh, texts, True))[0] for _ in range(6)]
    corpus["texts"] = [{"text": text} for text in [*singles, _compose_document(rng, held_out)]]
    return corpus


def write_corpus(output_dir: Path, corpus: dict[str, list[Record]]) -> None:
    """Write each split as `<split>.jsonl`, whole or not at all."""
    output_dir.mkdir(parents=True, exist_ok=True)
    for split, records in corpus.items():
        temporary = output_dir / f".{split}.jsonl.part"
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
        temporary.write_text("".join(lines), encoding="utf8")
        os.replace(temporary, output_dir / f"{split}.jsonl")


def main(
    output_dir: Path, seed: int = 0, train: int = 3000, dev: int = 400, test: int = 400
) -> None:
    """Write train.jsonl, dev.jsonl, test.jsonl and texts.jsonl of the demo corpus."""
    write_corpus(output_dir, make_corpus(seed, {"train": train, "dev": dev, "test": test}))


def _compose_new(rng: random.Random, world: World, texts: set[str], positive: bool) -> Draft:
    """Compose a sentence whose text is new and whose triples agree with the facts."""
    while True:
        plan_seed = rng.random()
        # Try many names before new phrases: else the phrases that facts constrain would be rare.
        for _ in range(200):
            draft = Composer(random.Random(plan_seed), world, positive).compose()
            text, _ = _join(draft)
            if not _reads_well(draft, positive) or text in texts:
                continue
            names = draft.names
            if world.accept((names[h], label, names[t]) for h, label, t in draft.triples):
                texts.add(text)
                return draft


def _reads_well(draft: Draft, positive: bool) -> bool:
    mentions = [part for name in draft.names for part in (name.text, name.city) if part]
    n_tokens = sum(len(word.replace("-", " - ").split()) for word, _, _ in draft.words)
    n_triples = len(draft.triples) + sum(bool(name.city) for name in draft.names)
    return (
        len(set(mentions)) == len(mentions)
        and MIN_TOKENS <= n_tokens <= MAX_TOKENS
        and n_triples <= MAX_TRIPLES
        and (n_triples > 0) == positive
        and not draft.words[-2][0].endswith(".")
    )


def _compose_document(rng: random.Random, names: dict[str, list[Name]]) -> str:
    while True:
        composer = Composer(rng, World(rng, names, names), True)
        bound: dict[str, list[int]] = {}
        sentences = []
        for phrase in DOCUMENT:
            composer.draft.words.clear()
            composer.write((phrase, ""), bound=bound)
            sentences.append(_join(composer.draft)[0])
        used = [name.text for name in composer.draft.names]
        if len(set(used)) == len(used) and not any(text.endswith("..") for text in sentences):
            return " ".join(sentences)


def _join(draft: Draft) -> tuple[str, list[int]]:
    """RETURNS (tuple[str, list[int]]): the text and the character offset of each word in it."""
    text, starts, glued = "", [], True
    for word, _, _ in draft.words:
        if not glued and word not in (",", ".", "'s", "-"):
            text += " "
        starts.append(len(text))
        text += word[0].upper() + word[1:] if not text else word
        glued = word == "-"
    return text, starts


def _stated(row: Row) -> set[str]:
    """What a row states, with companies as organisations; a row without triples is its own."""
    return set((row[1] or row[0]).replace("B", "O").split("; "))


def _denies(row: Row) -> bool:
    return bool({"not", "never", "declined", "failed"} & set(row[0].replace("|", " ").split()))


def _weighted(rng: random.Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


if __name__ == "__main__":
    typer.run(main)
