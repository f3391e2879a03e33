"""BIOES tags by name, written out word by word: what TagSet is compared with."""

from __future__ import annotations

import re

from spacy_rin.arrays.tags import EntitySpan

LABELS = ["LOC", "PER"]


def tags_of(spans: list[EntitySpan], length: int) -> list[str]:
    """BIOES names of the tags, one word at a time."""
    names = []
    for i in range(length):
        name = "O"
        for start, end, label in spans:
            if start <= i < end:
                if end - start == 1:
                    name = f"S-{label}"
                elif i == start:
                    name = f"B-{label}"
                elif i == end - 1:
                    name = f"E-{label}"
                else:
                    name = f"I-{label}"
        names.append(name)
    return names


def is_valid(names: list[str]) -> bool:
    entities = "|".join(f"S-{label} |B-{label} (I-{label} )*E-{label} " for label in LABELS)
    return re.fullmatch(f"(O |{entities})*", "".join(f"{name} " for name in names)) is not None
