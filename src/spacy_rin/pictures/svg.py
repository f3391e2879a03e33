"""A picture → SVG: words side by side, entities in frames, relations as arcs above them.

This is the last step of drawing. `notebook` and `page` show the SVG.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from zlib import crc32

from spacy.displacy.render import DEFAULT_ENTITY_COLOR, DEFAULT_LABEL_COLORS

from ..errors import Errors
from .arc_layout import CORNER, LABEL, LINE, PADDING, WORD, ArcLayout, lay_out_arcs
from .marks import DASHES
from .picture import Arc, Picture, Word

# The options that displaCy has, too, under the same names.
OPTIONS = {"color": "#000000", "bg": "#ffffff", "font": "Arial, Helvetica, sans-serif"}
# ENTITY, the label of data without entity types, is grey. Labels that displaCy does not know never
# get the colour of one of the most common labels.
KNOWN = {**DEFAULT_LABEL_COLORS, "ENTITY": DEFAULT_ENTITY_COLOR}
COMMON = {KNOWN[label] for label in ("PERSON", "ORG", "GPE", "LOC")}
COLORS = sorted(set(DEFAULT_LABEL_COLORS.values()) - COMMON)

# A picture that is a little too wide for its place shrinks to this share at most, so as to fit. One
# that would not fit keeps its size, and scrolls.
SHRUNK = 0.85

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" class="rin-picture" role="img" aria-label="{text}" '
    'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
    # The product is huge, and so of no effect, where even the shrunk picture is too wide.
    'style="max-width: max(100%, ({least:.0f}px - 100%) * 9999); height: auto; '
    "color: {color}; background: {bg}; font-family: {font}; "
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
    '<g class="rin-arc{kind}" data-triple="{triple}">'
    '<path d="{line}" fill="none" stroke="currentColor" stroke-width="1.5" '
    'stroke-dasharray="{dashes}"/>'
    '<path d="{point}" fill="currentColor"/>'
    # A stroke in the colour of the background interrupts the line around the label.
    '<text class="rin-label" x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="middle" '
    'fill="currentColor" style="paint-order: stroke; stroke: {bg}; stroke-width: 8px; '
    'stroke-linejoin: round">{label}</text></g>'
)


def draw(picture: Picture, options: Mapping[str, str] | None = None) -> str:
    """Draw one picture.

    picture (Picture): A picture from `make_pictures`.
    options (Mapping[str, str] | None): displaCy's options "color", "bg" and "font", in CSS.
    RETURNS (str): An SVG element. Each arc is a `g.rin-arc`, with its triple in `data-triple`.
    RAISES (ValueError): If there are other options.
    """
    options = options or {}
    if not options.keys() <= OPTIONS.keys():
        raise ValueError(Errors.R081.format(found=sorted(options), expected=sorted(OPTIONS)))
    style = {name: escape(str(value)) for name, value in {**OPTIONS, **options}.items()}
    places = lay_out_arcs(picture)
    words = [_draw_word(word, places, i) for i, word in enumerate(picture.words)]
    # Highest first: where two arcs cross, the label of the lower one then covers the other's line.
    order = sorted(range(len(picture.arcs)), key=lambda k: places.tops[k])
    arcs = [_draw_arc(picture.arcs[k], places, k, style["bg"]) for k in order]
    height = max(_height(word, places, i) for i, word in enumerate(picture.words))
    return SVG.format(
        text=escape(" ".join(word.text for word in picture.words)),
        width=places.width,
        least=SHRUNK * places.width,
        height=places.base + height + 2 * PADDING,
        direction=picture.direction,
        content="".join(words + arcs),
        **style,
    )


def entity_color(label: str) -> str:
    """Find the color of an entity label: displaCy's, or one that depends on the label only.

    label (str): Any label.
    RETURNS (str): The color, in CSS.
    """
    return KNOWN.get(label.upper(), COLORS[crc32(label.encode()) % len(COLORS)])


def _height(word: Word, places: ArcLayout, i: int) -> int:
    return (len(places.lines[i]) + bool(word.label)) * LINE


def _draw_word(word: Word, places: ArcLayout, i: int) -> str:
    """Draw a word in its lines of text; if it is an entity, with a frame and its label below."""
    x, y = places.middles[i], places.base + PADDING + WORD
    parts = []
    if word.label is not None:
        parts.append(
            FRAME.format(
                x=x - places.halves[i],
                y=places.base + PADDING / 2,
                width=2 * places.halves[i],
                height=_height(word, places, i),
                color=entity_color(word.label),
            )
        )
    for line in places.lines[i]:
        parts.append(TEXT.format(kind="rin-word", x=x, y=y, size=WORD, text=escape(line)))
        y += LINE
    if word.label:
        label = escape(word.label)
        parts.append(TEXT.format(kind="rin-tag", x=x, y=y - 2, size=LABEL, text=label))
    return "".join(parts)


def _draw_arc(arc: Arc, places: ArcLayout, k: int, bg: str) -> str:
    """Draw an arc with round corners, an arrow at its tail, and its label in the middle."""
    left, right = sorted((places.heads[k], places.tails[k]))
    low, high = places.base, places.tops[k]
    line = (
        f"M{left:.1f},{low} V{high + CORNER} Q{left:.1f},{high} {left + CORNER:.1f},{high}"
        f" H{right - CORNER:.1f} Q{right:.1f},{high} {right:.1f},{high + CORNER} V{low}"
    )
    return ARC.format(
        kind=f" rin-{arc.kind}" if arc.kind else "",
        dashes=DASHES[arc.kind],
        triple=arc.triple,
        line=line,
        point=f"M{places.tails[k]:.1f},{low + 2} l-4,-8 h8 z",
        x=(left + right) / 2,
        y=high + LABEL / 3,
        size=LABEL,
        bg=bg,
        label=escape(arc.label),
    )
