"""A picture → the place of everything in it, in pixels.

Nothing hides anything else. Every word is as wide as its text and its arcs need. Arcs above the
same words have different heights, and every arc ends at a place of its own on both of its words.
These places are called feet. `svg` draws the picture.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import sqrt
from textwrap import wrap
from unicodedata import combining, east_asian_width

from .picture import Arc, Picture, Word

WORD, LABEL = 15, 12  # heights of the letters of words and labels
LINE = 20  # from one line of a word to the next
LEVEL = 22  # from one arc to the next one above it
FOOT = 12  # from one foot to the next one on the same word
CORNER = 6  # radius of the corners of an arc
GAP = 6  # between two words
PADDING = 6  # between an entity and its frame

# Letters in a line of a word. The lines of a very long word are longer.
LINE_LENGTH = 24
# Letters that are much narrower or broader than the others.
NARROW, BROAD = frozenset("fijlrtI .,:;!'|()[]/-"), frozenset("mwMW@%")

# The two feet of an arc, as offsets from the middles of its left and its right word.
Feet = tuple[float, float]


@dataclass(frozen=True)
class ArcLayout:
    """The places of everything in a picture, from its left and its top.

    width (float): The width of the picture.
    base (float): The height at which arcs end and words begin.
    lines (list[list[str]]): The text of each word, in lines.
    middles (list[float]): The middle of each word.
    halves (list[float]): Half the width of each word.
    heads (list[float]): The foot of each arc on its head.
    tails (list[float]): The foot of each arc on its tail.
    tops (list[float]): The height of each arc, from the top of the picture.
    """

    width: float
    base: float
    lines: list[list[str]]
    middles: list[float]
    halves: list[float]
    heads: list[float]
    tails: list[float]
    tops: list[float]


def lay_out_arcs(picture: Picture) -> ArcLayout:
    """Find the place of everything in a picture.

    Everything is laid out from left to right, and then mirrored if the text is written from right
    to left.

    picture (Picture): The picture.
    RETURNS (ArcLayout): The places.
    """
    arcs = picture.arcs
    lines = [_lines(word) for word in picture.words]
    levels = _levels(arcs)
    feet, n_feet = _feet(arcs, levels)
    halves = [_half(word, lines[i], n_feet[i]) for i, word in enumerate(picture.words)]
    middles = _middles(halves, arcs, feet)
    width = middles[-1] + halves[-1] + GAP
    lefts = [middles[arc.left] + foot for arc, (foot, _) in zip(arcs, feet, strict=True)]
    rights = [middles[arc.right] + foot for arc, (_, foot) in zip(arcs, feet, strict=True)]
    ends = [
        (left, right) if arc.head < arc.tail else (right, left)
        for arc, left, right in zip(arcs, lefts, rights, strict=True)
    ]
    base = max(levels, default=0) * LEVEL + LABEL
    sign, edge = (-1, width) if picture.direction == "rtl" else (1, 0.0)
    return ArcLayout(
        width=width,
        base=base,
        lines=lines,
        middles=[edge + sign * x for x in middles],
        halves=halves,
        heads=[edge + sign * head for head, _ in ends],
        tails=[edge + sign * tail for _, tail in ends],
        tops=[base - level * LEVEL for level in levels],
    )


def text_width(text: str, size: float) -> float:
    """Estimate the width of a text, since there is no font here to measure it.

    text (str): The text.
    size (float): The height of the letters.
    RETURNS (float): The width in pixels, roughly.
    """
    return size * sum(map(_letter_width, text))


def _letter_width(letter: str) -> float:
    """The width of a letter as a share of its height, for Arial and similar fonts."""
    if combining(letter):
        return 0.0
    if east_asian_width(letter) in "WF":
        return 1.0
    if letter in NARROW:
        return 0.35
    return 0.9 if letter in BROAD else 0.72 if letter.isupper() else 0.57


def _lines(word: Word) -> list[str]:
    length = max(LINE_LENGTH, int(sqrt(8 * len(word.text))))
    # Chinese has no spaces at which it could be broken. A web address is better left whole.
    is_wide = any(east_asian_width(letter) in "WF" for letter in word.text)
    return wrap(word.text, length, break_long_words=is_wide, break_on_hyphens=False) or [""]


def _half(word: Word, lines: list[str], n_feet: int) -> float:
    """Half the width of a word: enough for its lines, its label, and the feet on it."""
    widths = [text_width(line, WORD) for line in lines]
    widths += [text_width(word.label or "", LABEL), n_feet * FOOT]
    return max(widths) / 2 + (0 if word.label is None else PADDING)


def _levels(arcs: list[Arc]) -> list[int]:
    """The level of each arc, from 1. Arcs above the same words have different levels.

    Shorter arcs come first, so that they lie below longer ones. Arcs from word 0 to 1, from 1 to 2
    and from 0 to 2 have the levels 1, 1 and 2.
    """
    levels = [0] * len(arcs)
    highest: dict[int, int] = defaultdict(int)
    for k in sorted(range(len(arcs)), key=lambda k: arcs[k].right - arcs[k].left):
        # The places between words that the arc spans: i lies between the words i and i + 1.
        spanned = range(arcs[k].left, arcs[k].right)
        levels[k] = 1 + max(highest[i] for i in spanned)
        highest.update(dict.fromkeys(spanned, levels[k]))
    return levels


def _feet(arcs: list[Arc], levels: list[int]) -> tuple[list[Feet], dict[int, int]]:
    """The feet of each arc, and the number of feet on each word.

    Arcs that end on the same word must not cross. So the feet of arcs that go left are left of
    those of arcs that go right. On both sides, the feet of higher arcs are nearer to the middle.
    """
    # Sorted, these are in the order of the feet from left to right.
    feet_of: dict[int, list[tuple[bool, int, int]]] = defaultdict(list)
    for k, (arc, level) in enumerate(zip(arcs, levels, strict=True)):
        feet_of[arc.left].append((True, -level, k))
        feet_of[arc.right].append((False, level, k))
    offsets = {
        (k, goes_right): (rank - (len(feet) - 1) / 2) * FOOT
        for feet in feet_of.values()
        for rank, (goes_right, _, k) in enumerate(sorted(feet))
    }
    n_feet: dict[int, int] = defaultdict(int, {i: len(feet) for i, feet in feet_of.items()})
    return [(offsets[k, True], offsets[k, False]) for k in range(len(arcs))], n_feet


def _middles(halves: list[float], arcs: list[Arc], feet: list[Feet]) -> list[float]:
    """The middle of each word, from left to right, with enough room for the labels of the arcs."""
    ending: dict[int, list[tuple[Arc, Feet]]] = defaultdict(list)
    for arc, both in zip(arcs, feet, strict=True):
        ending[arc.right].append((arc, both))
    middles: list[float] = []
    right = 0.0
    for i, half in enumerate(halves):
        x = right + GAP + half
        for arc, (left_foot, right_foot) in ending[i]:
            room = text_width(arc.label, LABEL) + 4 * CORNER
            x = max(x, middles[arc.left] + left_foot + room - right_foot)
        middles.append(x)
        right = x + half
    return middles
