"""Facts as plain Python makes them, one row after the other: what `spacy-rin facts` must equal.

It shares no code with the package, and holds all rows in memory.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

SINGLE = "’‘‚‛ʼ`´"
DOUBLE = "“”„‟«»"
Row = dict[str, Any]
Entity = tuple[str, str]  # name and id
Fact = tuple[str, str, str, str, str]  # head, relation, tail, head_id, tail_id


def normalise(text: str) -> str:
    """Find what names are compared by: no case, quotes, spaces or possessive.

    text (str): A name.
    RETURNS (str): What equal names have in common.
    """
    plain = unicodedata.normalize("NFC", text).lower()
    plain = plain.translate(
        {ord(sign): "'" for sign in SINGLE} | {ord(sign): '"' for sign in DOUBLE}
    )
    plain = " ".join(re.split(r"[\s\x00-\x1f\x7f-\x9f]+", plain)).strip(" \"'")
    return re.sub("'s$", "", plain).strip(" \"'") or text.lower()


def find_facts(
    rows: Iterable[Row], aliases: Mapping[str, tuple[str, str]] | None = None
) -> dict[Fact, Row]:
    """Merge triples into facts.

    rows (Iterable[dict]): Rows as `spacy-rin extract` writes them, perhaps with a date (`seen`).
    aliases (Mapping[str, tuple[str, str]] | None): The name and the id that a text stands for.
    RETURNS (dict): For each fact, its counts, scores and dates, and the places of its evidence.
    """
    known = {normalise(alias): value for alias, value in (aliases or {}).items()}
    known |= {normalise(name): (name, id) for name, id in (aliases or {}).values()}
    names_of_ids = {id: name for name, id in known.values() if id}
    mentions: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        place = tuple(row[name] for name in PLACE)
        old = mentions.get(place)
        best = row if old is None or _reading(row) > _reading(old) else old
        dates = [r["seen"] for r in (row, old) if r is not None and r.get("seen") is not None]
        mentions[place] = {**best, "seen": min(dates, default=None)}

    def key_of(text: str, id: str) -> tuple[str, str]:
        name, known_id = known.get(normalise(text), (text, "")) if not id else (text, id)
        return ("id", known_id) if known_id else ("name", normalise(name))

    texts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in mentions.values():
        for side in ("head", "tail"):
            texts[key_of(row[side], row[f"{side}_id"])][row[side]] += 1
    entities: dict[tuple[str, str], Entity] = {}
    for (kind, value), counts in texts.items():
        often = max(counts, key=lambda text: (counts[text], text))
        if kind == "id":
            name, id = names_of_ids.get(value, often), value
        else:
            name, id = known.get(value, (often, ""))
        entities[kind, value] = re.sub(r"\s+", " ", name), id
    found: dict[Fact, list[Row]] = defaultdict(list)
    for row in mentions.values():
        head, head_id = entities[key_of(row["head"], row["head_id"])]
        tail, tail_id = entities[key_of(row["tail"], row["tail_id"])]
        found[head, row["relation"], tail, head_id, tail_id].append(row)
    return {fact: _summary(group) for fact, group in found.items()}


PLACE = ("document", "head_start", "head_end", "relation", "tail_start", "tail_end")


def _reading(row: Row) -> tuple[Any, ...]:
    names = ("score", "head_id", "tail_id", "head", "head_label", "tail", "tail_label")
    return tuple(row[name] for name in (*names, "sentence_start", "sentence"))


def _summary(rows: list[Row]) -> Row:
    best: dict[str, float] = defaultdict(float)
    for row in rows:
        best[row["document"]] = max(best[row["document"]], row["score"])
    dates = [row["seen"] for row in rows if row["seen"] is not None]
    rows.sort(key=lambda row: (-row["score"], *(row[name] for name in PLACE)))
    return {
        "mentions": len(rows),
        "documents": len(best),
        "best_score": max(best.values()),
        "probability": 1 - math.prod(1 - score for score in best.values()),
        "first_seen": min(dates, default=None),
        "last_seen": max(dates, default=None),
        "evidence": [tuple(row[name] for name in PLACE) for row in rows[:5]],
    }
