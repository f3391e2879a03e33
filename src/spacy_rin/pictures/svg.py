"""A picture → SVG: words side by side, entities in frames, relations as arcs above them."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from zlib import crc32

from spacy.displacy.render import DEFAULT_ENTITY_COLOR, DEFAULT_LABEL_COLORS

from ..errors import Errors
from .arc_layout import CORNER, LABEL, LINE, PADDING, WORD, ArcLayout, lay_out_arcs
from .picture import Arc, Picture, Word

# As displaCy calls them.
OPTIONS = {"color": "#000000", "bg": "#ffffff", "font": "Arial, Helvetica, sans-serif"}
# The label of data without types is grey; others that displaCy does not know get none of the
# colours of the most common ones.
KNOWN = {**DEFAULT_LABEL_COLORS, "ENTITY": DEFAULT_ENTITY_COLOR}
COMMON = {KNOWN[label] for label in ("PERSON", "ORG", "GPE", "LOC")}
COLORS = sorted(set(DEFAULT_LABEL_COLORS.values()) - COMMON)

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
    places = lay_out_arcs(picture)
    words = [_draw_word(word, places, i) for i, word in enumerate(picture.words)]
    # From the highest to the lowest: where two cross, the label of the lower one stays whole.
    order = sorted(range(len(picture.arcs)), key=lambda k: places.tops[k])
    arcs = [_draw_arc(picture.arcs[k], places, k, style["bg"]) for k in order]
    height = max(_height(word, places, i) for i, word in enumerate(picture.words))
    return SVG.format(
        text=escape(" ".join(word.text for word in picture.words)),
        width=places.width,
        height=places.base + height + 2 * PADDING,
        direction=picture.direction,
        content="".join(words + arcs),
        **style,
    )


def entity_color(label: str) -> str:
    """RETURNS (str): displaCy's color of an entity label; of another label, always the same one."""
    return KNOWN.get(label.upper(), COLORS[crc32(label.encode()) % len(COLORS)])


def _height(word: Word, places: ArcLayout, i: int) -> int:
    return (len(places.lines[i]) + bool(word.label)) * LINE


def _draw_word(word: Word, places: ArcLayout, i: int) -> str:
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
    left, right = sorted((places.heads[k], places.tails[k]))
    low, high = places.base, places.tops[k]
    line = (
        f"M{left:.1f},{low} V{high + CORNER} Q{left:.1f},{high} {left + CORNER:.1f},{high}"
        f" H{right - CORNER:.1f} Q{right:.1f},{high} {right:.1f},{high + CORNER} V{low}"
    )
    return ARC.format(
        triple=arc.triple,
        line=line,
        point=f"M{places.tails[k]:.1f},{low + 2} l-4,-8 h8 z",
        x=(left + right) / 2,
        y=high + LABEL / 3,
        size=LABEL,
        bg=bg,
        label=escape(arc.label),
    )
