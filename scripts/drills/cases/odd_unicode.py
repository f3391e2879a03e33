"""Texts of any characters are read, and every offset is that of its text."""

from __future__ import annotations

import sys
import unicodedata

import srsly

from scripts.drills.modules.drill import SENTENCES, Drill, Finding
from spacy_rin.extract import extract

COUNT = 10_000
# Controls, marks that join or turn, letters of scripts without spaces, emoji, and no characters.
STRANGE = (
    *("\0", "\x01", "\x1b", "\x7f", "\x85", "\r", "\r\n", "\t", "\v", "\f", "\x1c"),
    *("\u2028", "\u2029", "\u200b", "\u200d", "\ufeff", "\u202e", "\u2066", "\u00a0", "\u3000"),
    *("\u0301\u0302\u0303", "e\u0301", "\ufb00", "\ufdfd", "\u0627", "\u05e9", "\u0e33", "\ud7b0"),
    *("\U0001f3f3\ufe0f\u200d\U0001f308", "\U00020000", "\U000e0001", "\ufffe", "\U0010ffff"),
)


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): How many texts were not read, and how many offsets are wrong."""
    texts = [_make(drill, number) for number in range(COUNT)]
    source, output = drill.work / "texts.jsonl", drill.work / "out.jsonl"
    srsly.write_jsonl(source, ({"id": str(k), "text": text} for k, text in enumerate(texts)))
    extract(source, output, drill.pipeline, id_field="id", by="document")
    triples = wrong = failed = 0
    seen = []
    for row in srsly.read_jsonl(output):
        seen.append(int(row["document"]))
        failed += "error" in row
        for triple in row.get("triples", ()):
            triples += 1
            for side in ("head", "tail"):
                start, end = triple[f"{side}_start"], triple[f"{side}_end"]
                wrong += texts[seen[-1]][start:end] != triple[side]
    lost = len(set(range(COUNT)) ^ set(seen)) + len(seen) - len(set(seen))
    figure = (
        f"{COUNT} texts, {triples} triples: {failed} failed, {lost} lost or twice, "
        f"{wrong} wrong offsets"
    )
    return Finding(figure, not (failed or lost or wrong))


def _make(drill: Drill, number: int) -> str:
    """A text with strange characters, in one of four ways."""
    dice, text = drill.random, SENTENCES[number // 4 % len(SENTENCES)]
    if number % 4 == 0:
        codes = (dice.randrange(sys.maxunicode + 1) for _ in range(dice.randrange(1, 60)))
        # Halves of pairs are no characters; JSON can hold them, but UTF-8 cannot.
        return "x" + "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)
    if number % 4 == 1:
        for _ in range(dice.randrange(1, 8)):
            place = dice.randrange(len(text) + 1)
            text = text[:place] + dice.choice(STRANGE) + text[place:]
        return text
    if number % 4 == 2:
        return unicodedata.normalize("NFD", text.replace("o", "ö").replace("e", "ế"))
    pieces = dice.choices([*STRANGE, " ", "a", "Bram Quill", "founded", "."], k=20)
    return "x" + "".join(pieces)
