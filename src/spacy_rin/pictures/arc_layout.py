"""A picture → the place of everything in it, in pixels.

Every word takes the room that it needs, every arc has a level of its own above the words it spans
and a foot of its own on both of its words, so that nothing hides anything else.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import sqrt
from textwrap import wrap
from unicodedata import combining, east_asian_width

from .picture import Arc, Picture, Word

WORD, LABEL = 15, 12  # height of letters
LINE = 20  # from one line of a word to the next
LEVEL = 22  # from one arc to the next above it
FOOT = 12  # from one foot to the next on the same word
CORNER = 6
GAP = 6
PADDING = 6

# Letters in a line of a word; very long ones get longer lines, not only more of them.
LINE_LENGTH = 24
NARROW, BROAD = frozenset("fijlrtI .,:;!'|()[]/-"), frozenset("mwMW@%")

# Offsets of the two feet of an arc, on its left and right word, from the middles of these.
Feet = tuple[float, float]


@dataclass(frozen=True)
class ArcLayout:
    """Where everything stands, from the left of the picture and its top.

    width (float): Of the picture.
    base (float): Where arcs end and words begin.
    lines (list[list[str]]): Of each word, in lines.
    middles (list[float]): Of each word.
    halves (list[float]): Of each word's width.
    heads (list[float]): Of each arc, its foot on the head.
    tails (list[float]): Of each arc, its foot on the tail.
    tops (list[float]): Of each arc, its height.
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
    """Find the places; a text that runs from right to left is mirrored."""
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
    """RETURNS (float): The pixels that a text takes, roughly: there is no font here to measure."""
    return size * sum(map(_letter_width, text))


def _letter_width(letter: str) -> float:
    """In heights of letters, for Arial and those like it."""
    if combining(letter):
        return 0.0
    if east_asian_width(letter) in "WF":
        return 1.0
    if letter in NARROW:
        return 0.35
    return 0.9 if letter in BROAD else 0.72 if letter.isupper() else 0.57


def _lines(word: Word) -> list[str]:
    length = max(LINE_LENGTH, int(sqrt(8 * len(word.text))))
    # Chinese has no spaces to break at; an address of the web is better whole.
    is_wide = any(east_asian_width(letter) in "WF" for letter in word.text)
    return wrap(word.text, length, break_long_words=is_wide, break_on_hyphens=False) or [""]


def _half(word: Word, lines: list[str], n_feet: int) -> float:
    """Half of the width that a word takes."""
    widths = [text_width(line, WORD) for line in lines]
    widths += [text_width(word.label or "", LABEL), n_feet * FOOT]
    return max(widths) / 2 + (0 if word.label is None else PADDING)


def _levels(arcs: list[Arc]) -> list[int]:
    """Shorter arcs lie under longer ones; those that share a stretch of text share no level."""
    levels = [0] * len(arcs)
    highest: dict[int, int] = defaultdict(int)
    for k in sorted(range(len(arcs)), key=lambda k: arcs[k].right - arcs[k].left):
        stretch = range(arcs[k].left, arcs[k].right)
        levels[k] = 1 + max(highest[i] for i in stretch)
        highest.update(dict.fromkeys(stretch, levels[k]))
    return levels


def _feet(arcs: list[Arc], levels: list[int]) -> tuple[list[Feet], dict[int, int]]:
    """Where the arcs stand on their words, and how many stand on each.

    Arcs to the left stand left of those to the right, and on both sides the higher ones nearer to
    the middle: so arcs that meet on a word do not cross.
    """
    standing: dict[int, list[tuple[bool, int, int]]] = defaultdict(list)
    for k, (arc, level) in enumerate(zip(arcs, levels, strict=True)):
        standing[arc.left].append((True, -level, k))
        standing[arc.right].append((False, level, k))
    offsets = {
        (k, goes_right): (rank - (len(feet) - 1) / 2) * FOOT
        for feet in standing.values()
        for rank, (goes_right, _, k) in enumerate(sorted(feet))
    }
    n_feet: dict[int, int] = defaultdict(int, {i: len(feet) for i, feet in standing.items()})
    return [(offsets[k, True], offsets[k, False]) for k in range(len(arcs))], n_feet


def _middles(halves: list[float], arcs: list[Arc], feet: list[Feet]) -> list[float]:
    """Words one after the other, with more room where the label of an arc wants it."""
    ending: dict[int, list[tuple[Arc, Feet]]] = defaultdict(list)
    for arc, stands in zip(arcs, feet, strict=True):
        ending[arc.right].append((arc, stands))
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
