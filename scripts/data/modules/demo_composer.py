"""Composes a sentence of the demo corpus from phrases and names: subject, clauses, modifiers."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from itertools import product

from scripts.data.modules.demo_facts import World
from scripts.data.modules.demo_names import Name
from scripts.data.modules.demo_templates import (
    APPOSITIONS,
    DAYS,
    FILLERS,
    HEADS,
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

Triple = tuple[int, str, int]

MODIFIED_TAIL_SHARE = 0.08  # in the patterns that do not ask for it
NEUTRAL_SHARE = 0.15  # of the phrases in a sentence that states something
SUBJECTS = {"P": 50, "O": 22, "C": 14, "W": 9, "N": 5}
PATTERNS = {
    "simple": 28,
    "two_predicates": 18,
    "modified_subject": 17,
    "modified_tail": 13,
    "participle": 7,
    "several_subjects": 8,
    "whole": 14,
    "two_sentences": 4,
}
PLAIN = ("modified_subject", "participle")  # where the subject has enough around it
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

    def join(self) -> tuple[str, list[int]]:
        """RETURNS (tuple[str, list[int]]): the text and the character offset of each word in it."""
        text, starts, glued = "", [], True
        for word, _, _ in self.words:
            if not glued and word not in (",", ".", "'s", "-"):
                text += " "
            starts.append(len(text))
            text += word[0].upper() + word[1:] if not text else word
            glued = word == "-"
        return text, starts


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
        fronted = pattern != "participle" and not self.draft.words and self.plan.random() < 0.15
        if fronted and "{time?}" in first[0]:
            self.write((self.plan.choice(LEAD_TIMES), ""))
            first = (first[0].replace(" {time?}", ""), first[1])
        if pattern == "participle":
            self.write(self._pick(PARTICIPLES[kind]), subjects)
            self.draft.add(",")
        self._subject(kind, subjects, plain=several or pattern in PLAIN)
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
        if not wanted or index < 0 or self.draft.words[-2][0] == "and":
            return
        kinds = [name.kind.replace("B", "O") for name in self.draft.names]
        if kinds[index] != "U":
            of_tail = [t for t in self.draft.triples if index in (t[0], t[2])]
            self.said = {
                f"S {label} {kinds[tail]}" if head == index else f"{kinds[head]} {label} S"
                for head, label, tail in of_tail
            }
            self._modify(kinds[index], [index])

    def _new(self, name: Name) -> int:
        self.draft.names.append(name)
        return len(self.draft.names) - 1

    def _pick(self, rows: list[Row]) -> Row:
        stating = self.positive and self.plan.random() >= NEUTRAL_SHARE
        unsaid = [row for row in rows if not self.said & _stated(row)]
        fitting = [row for row in unsaid if bool(row[1]) == stating]
        row = self.plan.choice(fitting or [row for row in unsaid if not row[1]] or rows)
        self.said |= _stated(row)
        return row


def _stated(row: Row) -> set[str]:
    """What a row states, with companies as organisations; a row without triples is its own."""
    return set((row[1] or row[0]).replace("B", "O").split("; "))


def _denies(row: Row) -> bool:
    return bool({"not", "never", "declined", "failed"} & set(row[0].replace("|", " ").split()))


def _weighted(rng: random.Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
