"""SVG of pictures, read by an XML parser: what is drawn, where it points, and what is escaped."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from sketches import ada, evil, long_doc

from spacy_rin.pictures.picture import Arc, Picture, Word, make_pictures
from spacy_rin.pictures.svg import draw, entity_color

SVG = "{http://www.w3.org/2000/svg}"


def parse(picture: Picture, **options: str) -> ElementTree.Element:
    return ElementTree.fromstring(draw(picture, options))


def by_class(svg: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in svg.iter() if element.get("class") == name]


def place(element: ElementTree.Element) -> tuple[float, float]:
    return float(element.get("x", "nan")), float(element.get("y", "nan"))


def ada_picture() -> Picture:
    return next(make_pictures(ada()))


def test_arcs_are_known_by_their_triple() -> None:
    arcs = by_class(parse(ada_picture()), "rin-arc")
    found = {int(arc.get("data-triple", -1)): arc.findtext(f"{SVG}text") for arc in arcs}
    assert found == {k: relation.label for k, relation in enumerate(ada()._.relations)}


@pytest.mark.parametrize(("head", "tail"), [(0, 1), (1, 0)])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_arrow_points_at_the_tail(head: int, tail: int, direction: str) -> None:
    picture = Picture([Word("a", "X"), Word("b", "X")], [Arc(head, tail, "r", 0)], [], direction)
    svg = parse(picture)
    (arc,) = by_class(svg, "rin-arc")
    point = float(re.split("[M,]", arc.findall(f"{SVG}path")[1].get("d", ""))[1])
    texts = {str(word.text): place(word)[0] for word in by_class(svg, "rin-word")}
    assert min(texts, key=lambda text: abs(texts[text] - point)) == "ab"[tail]
    assert f"direction: {direction}" in svg.get("style", "")


def test_lower_arcs_are_drawn_over_higher_ones() -> None:
    heights = [place(label)[1] for label in by_class(parse(ada_picture()), "rin-label")]
    assert heights == sorted(heights) and len(set(heights)) > 1


def test_all_lines_are_within_the_picture() -> None:
    (picture,) = make_pictures(long_doc())
    svg = parse(picture)
    lines = by_class(svg, "rin-word") + by_class(svg, "rin-tag")
    assert " ".join(str(line.text) for line in by_class(svg, "rin-word")) == long_doc().text.strip()
    assert all(0 < place(line)[0] < float(svg.get("width", 0)) for line in lines)
    assert all(0 < place(line)[1] < float(svg.get("height", 0)) for line in lines)


def test_text_and_labels_are_escaped() -> None:
    (picture,) = make_pictures(evil())
    svg = parse(picture)  # raises an error if it is not XML
    assert [word.text for word in by_class(svg, "rin-word")] == [w.text for w in picture.words]
    assert [tag.text for tag in by_class(svg, "rin-tag")] == [
        word.label for word in picture.words if word.label
    ]
    assert by_class(svg, "rin-label")[0].text == picture.arcs[0].label
    names = {element.tag.removeprefix(SVG) for element in svg.iter()}
    assert names == {"svg", "rect", "text", "g", "path"}


def test_options_are_those_of_displacy() -> None:
    style = parse(ada_picture(), color="red", bg='"<', font="Times").get("style", "")
    assert "color: red" in style and 'background: "<' in style and "font-family: Times" in style
    with pytest.raises(ValueError, match=r"distance.*bg.*color.*font"):
        draw(ada_picture(), {"distance": "3"})


def test_known_labels_have_the_colors_of_displacy() -> None:
    assert entity_color("org") == "#7aecec"
    assert entity_color("ENTITY") == "#ddd"
    assert entity_color("NEW") == entity_color("NEW") not in (entity_color("ORG"), "#ddd")
