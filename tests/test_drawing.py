"""SVG of pictures, read by an XML parser: every arc and word has a place of its own."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sketches import ada, evil, hebrew, long_doc

from spacy_rin.drawing import draw, entity_color, text_width
from spacy_rin.pictures import Arc, Picture, Word, make_pictures

SVG = "{http://www.w3.org/2000/svg}"


def parse(picture: Picture, **options: str) -> ElementTree.Element:
    return ElementTree.fromstring(draw(picture, options))


def by_class(svg: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in svg.iter() if element.get("class") == name]


def bracket(arc: ElementTree.Element) -> tuple[float, float, float]:
    """Left foot, right foot and height above the words, from the path of an arc."""
    path = arc.find(f"{SVG}path")
    assert path is not None
    numbers = re.fullmatch(r"M(\S+),(\S+) V\S+ Q\S+?,(\S+) .* Q(\S+?),.*", path.get("d", ""))
    assert numbers is not None
    left, low, high, right = map(float, numbers.groups())
    return left, right, low - high


def place(element: ElementTree.Element) -> tuple[float, float]:
    return float(element.get("x", "nan")), float(element.get("y", "nan"))


@st.composite
def pictures(draw_from: st.DrawFn) -> Picture:
    texts = draw_from(st.lists(st.text("aW .", min_size=1, max_size=60), min_size=2, max_size=9))
    numbers = st.integers(0, len(texts) - 1)
    pairs = draw_from(st.lists(st.tuples(numbers, numbers).filter(lambda p: p[0] != p[1])))
    arcs = [Arc(head, tail, "label", k) for k, (head, tail) in enumerate(pairs)]
    direction = draw_from(st.sampled_from(["ltr", "rtl"]))
    return Picture([Word(text, "X") for text in texts], arcs, [], direction)


@given(pictures())
def test_no_two_arcs_share_a_line_or_a_foot(picture: Picture) -> None:
    brackets = [bracket(arc) for arc in by_class(parse(picture), "rin-arc")]
    feet = [foot for left, right, _ in brackets for foot in (left, right)]
    assert len(set(feet)) == len(feet) == 2 * len(picture.arcs)
    for (left, right, height), (other_left, other_right, other_height) in combinations(brackets, 2):
        apart = right < other_left or other_right < left
        assert apart or height != other_height


@given(pictures())
def test_labels_fit_into_their_arcs_and_all_into_the_picture(picture: Picture) -> None:
    svg = parse(picture)
    for arc in by_class(svg, "rin-arc"):
        left, right, _ = bracket(arc)
        assert 0 < left < right < float(svg.get("width", 0))
        assert right - left > text_width("label", 12)
    assert all(0 < place(e)[1] < float(svg.get("height", 0)) for e in by_class(svg, "rin-word"))


@given(pictures())
def test_frames_of_neighbours_do_not_touch(picture: Picture) -> None:
    frames = sorted(
        (float(frame.get("x", 0)), float(frame.get("width", 0)))
        for frame in by_class(parse(picture), "rin-entity")
    )
    assert len(frames) == len(picture.words)
    for (x, width), (following, _) in pairwise(frames):
        assert x + width < following


def test_arcs_of_one_word_do_not_cross() -> None:
    words = [Word(text, "X") for text in "abc"]
    svg = parse(Picture(words, [Arc(0, 1, "r", 0), Arc(0, 2, "s", 1)], [], "ltr"))
    short, long = sorted(map(bracket, by_class(svg, "rin-arc")), key=lambda b: b[2])
    assert long[0] < short[0] < short[1] < long[1]


@pytest.mark.parametrize(("head", "tail"), [(0, 1), (1, 0)])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_arrow_points_at_the_tail(head: int, tail: int, direction: str) -> None:
    picture = Picture([Word("a", "X"), Word("b", "X")], [Arc(head, tail, "r", 0)], [], direction)
    (arc,) = by_class(svg := parse(picture), "rin-arc")
    point = float(re.split("[M,]", arc.findall(f"{SVG}path")[1].get("d", ""))[1])
    texts = {word.text: place(word)[0] for word in by_class(svg, "rin-word")}
    nearest = min(texts, key=lambda text: abs(texts[text] - point))
    assert nearest == "ab"[tail]


def test_right_to_left_is_mirrored() -> None:
    (picture,) = make_pictures(hebrew())
    svg = parse(picture)
    places = [place(word)[0] for word in by_class(svg, "rin-word")]
    assert places == sorted(places, reverse=True)
    assert "direction: rtl" in svg.get("style", "")


def test_lower_arcs_are_drawn_over_higher_ones() -> None:
    heights = [bracket(arc)[2] for arc in by_class(parse(ada_picture()), "rin-arc")]
    assert heights == sorted(heights, reverse=True) and len(set(heights)) > 1


def ada_picture() -> Picture:
    return next(make_pictures(ada()))


def test_arcs_are_known_by_their_triple() -> None:
    relations = ada()._.relations
    arcs = by_class(parse(ada_picture()), "rin-arc")
    found = {int(arc.get("data-triple", -1)): arc.findtext(f"{SVG}text") for arc in arcs}
    assert found == {k: relation.label for k, relation in enumerate(relations)}


def test_long_stretches_are_broken_into_lines() -> None:
    (picture,) = make_pictures(long_doc())
    svg = parse(picture)
    lines = [str(line.text) for line in by_class(svg, "rin-word")]
    assert " ".join(lines) == long_doc().text.strip()
    assert float(svg.get("width", 0)) < text_width(long_doc().text, 15) / 2


def test_text_and_labels_are_escaped() -> None:
    (picture,) = make_pictures(evil())
    svg = parse(picture)  # would not be XML else
    assert [word.text for word in by_class(svg, "rin-word")] == [w.text for w in picture.words]
    assert [tag.text for tag in by_class(svg, "rin-tag")] == [
        word.label for word in picture.words if word.label
    ]
    assert by_class(svg, "rin-label")[0].text == picture.arcs[0].label
    assert {element.tag for element in svg.iter()} == {
        f"{SVG}{name}" for name in ("svg", "rect", "text", "g", "path")
    }


def test_options_are_those_of_displacy() -> None:
    style = parse(ada_picture(), color="red", bg='"<', font="Times").get("style", "")
    assert "color: red" in style and 'background: "<' in style and "font-family: Times" in style
    with pytest.raises(ValueError, match=r"distance.*bg.*color.*font"):
        draw(ada_picture(), {"distance": "3"})


def test_known_labels_have_the_colors_of_displacy() -> None:
    assert entity_color("org") == "#7aecec"
    assert entity_color("ENTITY") == "#ddd"
    assert entity_color("NEW") == entity_color("NEW") not in (entity_color("ORG"), "#ddd")


@pytest.mark.parametrize(
    ("narrow", "wide"), [("illicit", "MAMMOTH"), ("e\u0301e\u0301", "eee"), ("abc", "東京都")]
)
def test_width_follows_the_letters(narrow: str, wide: str) -> None:
    assert text_width(narrow, 10) < text_width(wide, 10)
