"""A picture → SVG: words side by side, entities in frames, relations as arcs above them.

Every word takes the room that it needs, every arc has a level of its own above the words it spans
and a foot of its own on both of its words, so that nothing hides anything else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from math import sqrt
from textwrap import wrap
from unicodedata import combining, east_asian_width
from zlib import crc32

from spacy.displacy.render import DEFAULT_ENTITY_COLOR, DEFAULT_LABEL_COLORS

from .errors import Errors
from .pictures import Arc, Picture, Word

# As displaCy calls them.
OPTIONS = {"color": "#000000", "bg": "#ffffff", "font": "Arial, Helvetica, sans-serif"}
# Labels that displaCy does not know get none of the colours of the most common ones.
COMMON = {DEFAULT_LABEL_COLORS[label] for label in ("PERSON", "ORG", "GPE", "LOC")}
COLORS = sorted(set(DEFAULT_LABEL_COLORS.values()) - COMMON)
# The label of data without types.
KNOWN = {**DEFAULT_LABEL_COLORS, "ENTITY": DEFAULT_ENTITY_COLOR}

# All in pixels.
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

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" class="rin-picture" role="img" aria-label="{text}" '
    'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
    'style="max-width: none; color: {color}; background: {bg}; font-family: {font}; '
    'direction: {direction}">{content}</svg>'
)
FRAME = (
    '<rect class="rin-entity" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
    'rx="5" fill="{color}" fill-opacity="0.3" stroke="{color}"/>'
)
TEXT = (
    '<text class="{kind}" x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="middle" '
    'fill="currentColor">{text}</text>'
)
ARC = (
    '<g class="rin-arc" data-triple="{triple}">'
    '<path d="{line}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="{point}" fill="currentColor"/>'
    # The line is broken where the label stands, by a rim in the colour of the ground.
    '<text class="rin-label" x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="middle" '
    'fill="currentColor" style="paint-order: stroke; stroke: {bg}; stroke-width: 8px; '
    'stroke-linejoin: round">{label}</text></g>'
)


@dataclass(frozen=True)
class _Layout:
    """Where everything stands, from left to right."""

    lines: list[list[str]]  # of each word
    middles: list[float]  # of each word
    halves: list[float]  # of each word's width
    levels: list[int]  # of each arc, from 1
    feet: list[tuple[float, float]]  # of each arc on its left and right word, from their middles
    width: float
    base: float  # height of the arcs, above the words


def draw(picture: Picture, options: Mapping[str, str] | None = None) -> str:
    """Draw one picture.

    picture (Picture): What `make_pictures` gives.
    options (Mapping[str, str]): displaCy's color, bg and font, as CSS has them.
    RETURNS (str): An SVG element. Arcs are `g.rin-arc`, with their triple in `data-triple`.
    RAISES (ValueError): If there are other options.
    """
    options = options or {}
    if not options.keys() <= OPTIONS.keys():
        raise ValueError(Errors.R081.format(found=sorted(options), expected=sorted(OPTIONS)))
    style = {name: escape(str(value)) for name, value in {**OPTIONS, **options}.items()}
    layout = _lay_out(picture)
    words = [_draw_word(picture, layout, i) for i in range(len(picture.words))]
    # From the highest to the lowest: where two cross, the label of the lower one stays whole.
    order = sorted(range(len(picture.arcs)), key=lambda k: -layout.levels[k])
    arcs = [_draw_arc(picture, layout, k, style["bg"]) for k in order]
    n_lines = [
        len(lines) + bool(word.label)
        for word, lines in zip(picture.words, layout.lines, strict=True)
    ]
    return SVG.format(
        text=escape(" ".join(word.text for word in picture.words)),
        width=layout.width,
        height=layout.base + max(n_lines, default=0) * LINE + 2 * PADDING,
        direction=picture.direction,
        content="".join(words + arcs),
        **style,
    )


def entity_color(label: str) -> str:
    """RETURNS (str): displaCy's color of an entity label; of another label, always the same one."""
    return KNOWN.get(label.upper(), COLORS[crc32(label.encode()) % len(COLORS)])


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


def _lay_out(picture: Picture) -> _Layout:
    arcs = picture.arcs
    lines = [_lines(word) for word in picture.words]
    levels = _levels(arcs)
    feet, n_feet = _feet(arcs, levels)
    halves = []
    for i, word in enumerate(picture.words):
        widths = [text_width(line, WORD) for line in lines[i]]
        widths += [text_width(word.label or "", LABEL), n_feet[i] * FOOT]
        halves.append(max(widths) / 2 + (0 if word.label is None else PADDING))
    middles: list[float] = []
    right = 0.0
    for i, half in enumerate(halves):
        x = right + GAP + half
        for arc, (left_foot, right_foot) in zip(arcs, feet, strict=True):
            if arc.right == i:
                room = text_width(arc.label, LABEL) + 4 * CORNER
                x = max(x, middles[arc.left] + left_foot + room - right_foot)
        middles.append(x)
        right = x + half
    base = max(levels, default=0) * LEVEL + LABEL
    return _Layout(lines, middles, halves, levels, feet, right + GAP, base)


def _lines(word: Word) -> list[str]:
    length = max(LINE_LENGTH, int(sqrt(8 * len(word.text))))
    return wrap(word.text, length, break_long_words=False, break_on_hyphens=False) or [""]


def _levels(arcs: list[Arc]) -> list[int]:
    """Shorter arcs lie under longer ones; those that share a stretch of text share no level."""
    levels = [0] * len(arcs)
    highest: dict[int, int] = defaultdict(int)
    for k in sorted(range(len(arcs)), key=lambda k: arcs[k].right - arcs[k].left):
        stretch = range(arcs[k].left, arcs[k].right)
        levels[k] = 1 + max(highest[i] for i in stretch)
        highest.update(dict.fromkeys(stretch, levels[k]))
    return levels


def _feet(arcs: list[Arc], levels: list[int]) -> tuple[list[tuple[float, float]], dict[int, int]]:
    """Where the arcs stand on their words, from the middle of each, and how many stand there.

    Arcs to the left stand left of those to the right, and in each half the higher ones nearer to
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


def _draw_word(picture: Picture, layout: _Layout, i: int) -> str:
    word, lines = picture.words[i], layout.lines[i]
    x = _mirrored(picture, layout, layout.middles[i])
    y = layout.base + PADDING + WORD
    parts = []
    if word.label is not None:
        half, height = layout.halves[i], (len(lines) + bool(word.label)) * LINE
        parts.append(
            FRAME.format(
                x=x - half,
                y=layout.base + PADDING / 2,
                width=2 * half,
                height=height,
                color=entity_color(word.label),
            )
        )
    for line in lines:
        parts.append(TEXT.format(kind="rin-word", x=x, y=y, size=WORD, text=escape(line)))
        y += LINE
    if word.label:
        label = escape(word.label)
        parts.append(TEXT.format(kind="rin-tag", x=x, y=y - 2, size=LABEL, text=label))
    return "".join(parts)


def _draw_arc(picture: Picture, layout: _Layout, k: int, bg: str) -> str:
    arc, foot = picture.arcs[k], layout.feet[k]
    left, right = layout.middles[arc.left] + foot[0], layout.middles[arc.right] + foot[1]
    ends = sorted(_mirrored(picture, layout, x) for x in (left, right))
    point = _mirrored(picture, layout, left if arc.tail == arc.left else right)
    low, high = layout.base, layout.base - layout.levels[k] * LEVEL
    line = (
        f"M{ends[0]:.1f},{low} V{high + CORNER} Q{ends[0]:.1f},{high} {ends[0] + CORNER:.1f},{high}"
        f" H{ends[1] - CORNER:.1f} Q{ends[1]:.1f},{high} {ends[1]:.1f},{high + CORNER} V{low}"
    )
    return ARC.format(
        triple=arc.triple,
        line=line,
        point=f"M{point:.1f},{low + 2} l-4,-8 h8 z",
        x=sum(ends) / 2,
        y=high + LABEL / 3,
        size=LABEL,
        bg=bg,
        label=escape(arc.label),
    )


def _mirrored(picture: Picture, layout: _Layout, x: float) -> float:
    """The same place, counted from the right where the text runs from there."""
    return layout.width - x if picture.direction == "rtl" else x
