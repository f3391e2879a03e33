"""Rows of triples that are made up: as `extract` writes them, with names in several spellings."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RELATIONS = ("born_in", "works_for", "located_in", "knows", "founded")
SPELLINGS = ("{}", "{}", "{}", "{}'s", "“{}”", "{} ")
ROWS_PER_DOCUMENT = 4


def make_rows(count: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Make rows, a few of each document.

    count (int): The number of rows.
    seed (int): Of the dice.
    YIELDS (dict): A row with the columns that `spacy-rin extract` writes.
    """
    dice = random.Random(seed)
    entities = max(2, count // 5)
    for number in range(count):
        document, place = divmod(number, ROWS_PER_DOCUMENT)
        # Few entities are frequent, and each has few facts, so that facts repeat.
        entity = int(entities * dice.random() ** 3)
        head, head_id = _make_name(dice, entity)
        tail, tail_id = _make_name(dice, (31 * entity + int(9 * dice.random() ** 2)) % entities)
        relation = RELATIONS[int(len(RELATIONS) * dice.random() ** 3)]
        middle = f" and much else that is said in a sentence, {relation.replace('_', ' ')} "
        row = make_row(f"d{document}", head, relation, tail, middle, at=place * 200)
        score = round(dice.uniform(0.5, 1), 3)
        yield row | {"score": score, "head_id": head_id, "tail_id": tail_id}


def make_row(
    document: str, head: str, relation: str, tail: str, middle: str, at: int = 0
) -> dict[str, Any]:
    """Make a row of the sentence "<head><middle><tail>.".

    document (str): The id of its document.
    head (str): Where the relation starts.
    relation (str): Its label.
    tail (str): Where the relation ends.
    middle (str): What stands between the two.
    at (int): Where the sentence starts in its document.
    RETURNS (dict): A row with the columns that `spacy-rin extract` writes.
    """
    tail_start = at + len(head) + len(middle)
    return {
        "document": document,
        "sentence": f"{head}{middle}{tail}.",
        "sentence_start": at,
        "head": head,
        "head_start": at,
        "head_end": at + len(head),
        "head_label": "PER",
        "relation": relation,
        "tail": tail,
        "tail_start": tail_start,
        "tail_end": tail_start + len(tail),
        "tail_label": "LOC",
        "score": 0.5,
        "head_id": "",
        "tail_id": "",
    }


def write_made_rows(folder: Path, count: int, files: int, seed: int = 0) -> list[Path]:
    """Write made rows to some files, as JSON lines. A file also repeats rows of the one before.

    folder (Path): Where they are written.
    count (int): The number of different rows.
    files (int): The number of files.
    seed (int): Of the dice.
    RETURNS (list[Path]): The files.
    """
    paths, rows = [], make_rows(count, seed)
    line = ""
    for number in range(files):
        paths.append(folder / f"made{number}.jsonl")
        with paths[-1].open("w", encoding="utf8") as file:
            file.write(line)  # the last row of the file before
            for _ in range(count * number // files, count * (number + 1) // files):
                line = json.dumps(next(rows), ensure_ascii=False) + "\n"
                file.write(line)
    return paths


def _make_name(dice: random.Random, number: int) -> tuple[str, str]:
    """A spelling of an entity, and its id, which some have, and those not always."""
    id = f"Q{number}" if number % 7 == 0 and dice.random() < 0.5 else ""
    name = f"Person Number {number}"
    return dice.choice(SPELLINGS).format(dice.choice((name, name, name.upper()))), id
