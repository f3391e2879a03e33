"""Draws the names of the demo corpus and keeps its facts, such as the one capital of a country."""

from __future__ import annotations

import random
from collections.abc import Iterable

from scripts.data.modules.demo_names import Name

# A head of these has one tail (a person one birthplace), and of ONE_TO_ONE a tail also one head.
# Of the other relations a tail has one set of heads (the founders of a company).
ONE_TAIL = {"born_in", "lives_in", "works_for", "headquartered_in", "located_in"}
ONE_TO_ONE = {"married_to", "capital_of"}


class World:
    """The names that may be drawn and the facts stated so far.

    rng (Random): the source of every choice of a name.
    seen, held_out (dict[str, list[Name]]): pools of names by kind.
    """

    def __init__(
        self, rng: random.Random, seen: dict[str, list[Name]], held_out: dict[str, list[Name]]
    ):
        self.rng = rng
        self.pools = (seen, held_out)
        self.held_out_share = 0.0
        self.facts: dict[tuple[str, str, str], list[Name]] = {}

    def draw(self, kind: str, gender: str = "") -> Name:
        pool = self.pools[self.rng.random() < self.held_out_share][kind]
        while True:
            name = self.rng.choice(pool)
            if not gender or name.gender == gender:
                return name

    def partner(self, relation: str, known: Name, side: str, kind: str) -> Name:
        """A name for the other end of a relation: the one the facts demand, or one they may allow.

        RETURNS (Name): the partner of `known`, which stands on `side` ("head" or "tail").
        """
        facts = self.facts.get((relation, side, known.text), [])
        stated = [name for name in facts if kind in ("O", name.kind)]
        if stated and (_is_key(relation, side) or self.rng.random() < 0.5):
            return self.rng.choice(stated)
        if relation == "married_to":
            return self.draw(kind, "male" if known.gender == "female" else "female")
        return self.draw(kind)

    def accept(self, triples: Iterable[tuple[Name, str, Name]]) -> bool:
        """Store what a sentence states, or nothing when it contradicts itself or the facts.

        RETURNS (bool): whether it was stored.
        """
        new: dict[tuple[str, str, str], list[Name]] = {}
        for head, relation, tail in triples:
            for side, name, other in (("head", head, tail), ("tail", tail, head)):
                new.setdefault((relation, side, name.text), []).append(other)
                if relation == "married_to":
                    turned = "tail" if side == "head" else "head"
                    new.setdefault((relation, turned, name.text), []).append(other)
                if relation == "capital_of":
                    new.setdefault(("located_in", side, name.text), []).append(other)
        for (relation, side, text), others in new.items():
            if not _is_key(relation, side):
                continue
            if len(set(others)) > 1 and (relation in ONE_TAIL or relation in ONE_TO_ONE):
                return False
            old = self.facts.get((relation, side, text))
            if old and set(old) != set(others):
                return False
        for key, others in new.items():
            known = self.facts.setdefault(key, [])
            known += [name for name in dict.fromkeys(others) if name not in known]
        return True


def _is_key(relation: str, side: str) -> bool:
    """Whether the name on this side of a relation has one partner (or one set of them) only."""
    if relation in ONE_TO_ONE:
        return True
    return (relation in ONE_TAIL) == (side == "head")
