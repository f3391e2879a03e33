"""The bytes of a file → the same with some damage, as disks, cables and people make it."""

from __future__ import annotations

import random

MOST_NOISE = 64  # bytes


def damage(dice: random.Random, data: bytes) -> bytes:
    """Damage some bytes.

    dice (random.Random): Chooses what is done, and where.
    data (bytes): At least one byte.
    RETURNS (bytes): Other bytes, in most cases: flipped, cut off, swapped, or noise.
    """
    changed, place = bytearray(data), dice.randrange(len(data))
    kind = dice.choice(("flip", "flip", "flips", "cut", "swap", "noise"))
    if kind == "cut":
        del changed[place:]
    elif kind == "swap":
        other = dice.randrange(len(data))
        changed[place], changed[other] = changed[other], changed[place]
    elif kind == "noise":
        end = min(len(data), place + dice.randrange(1, MOST_NOISE))
        changed[place:end] = dice.randbytes(end - place)
    else:
        for _ in range(8 if kind == "flips" else 1):
            changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(changed)
