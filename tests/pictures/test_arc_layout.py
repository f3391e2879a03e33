"""ArcLayout: whatever a picture holds, nothing hides anything else."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sketches import hebrew, long_doc

from spacy_rin.pictures.arc_layout import LABEL, WORD, lay_out_arcs, text_width
from spacy_rin.pictures.picture import Arc, Picture, Word, make_pictures


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    texts = draw(st.lists(st.text("aW .", min_size=1, max_size=60), min_size=2, max_size=9))
    numbers = st.integers(0, len(texts) - 1)
    pairs = draw(st.lists(st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1])))
    arcs = [Arc(head, tail, "label", k) for k, (head, tail) in enumerate(pairs)]
    direction = draw(st.sampled_from(["ltr", "rtl"]))
    return Picture([Word(text, "X") for text in texts], arcs, [], direction)


@given(pictures())
def test_no_two_arcs_share_a_line_or_a_foot(picture: Picture) -> None:
    places = lay_out_arcs(picture)
    feet = places.heads + places.tails
    assert len({round(foot, 3) for foot in feet}) == len(feet)
    spans = [sorted(ends) for ends in zip(places.heads, places.tails, strict=True)]
    for j, k in combinations(range(len(spans)), 2):
        apart = spans[j][1] < spans[k][0] or spans[k][1] < spans[j][0]
        assert apart or places.tops[j] != places.tops[k]


@given(pictures())
def test_feet_stand_on_their_words(picture: Picture) -> None:
    places = lay_out_arcs(picture)
    for feet, words in (
        (places.heads, [arc.head for arc in picture.arcs]),
        (places.tails, [arc.tail for arc in picture.arcs]),
    ):
        for foot, word in zip(feet, words, strict=True):
            assert abs(foot - places.middles[word]) < places.halves[word]


@given(pictures())
def test_labels_fit_into_their_arcs(picture: Picture) -> None:
    places = lay_out_arcs(picture)
    for head, tail, top in zip(places.heads, places.tails, places.tops, strict=True):
        assert abs(head - tail) > text_width("label", LABEL)
        assert 0 < top < places.base


@given(pictures())
def test_words_stand_side_by_side_within_the_picture(picture: Picture) -> None:
    places = lay_out_arcs(picture)
    edges = sorted((x - h, x + h) for x, h in zip(places.middles, places.halves, strict=True))
    assert edges[0][0] > 0 and edges[-1][1] < places.width
    assert all(right < left for (_, right), (left, _) in pairwise(edges))


def test_arcs_of_one_word_do_not_cross() -> None:
    words = [Word(text, "X") for text in "abc"]
    places = lay_out_arcs(Picture(words, [Arc(0, 1, "r", 0), Arc(0, 2, "s", 1)], [], "ltr"))
    assert places.tops[0] > places.tops[1]  # counted from above
    assert places.heads[1] < places.heads[0] < places.tails[0] < places.tails[1]


def test_right_to_left_is_mirrored() -> None:
    (picture,) = make_pictures(hebrew())
    places = lay_out_arcs(picture)
    left_to_right = lay_out_arcs(Picture(picture.words, picture.arcs, [], "ltr"))
    for found, expected in (
        (places.middles, left_to_right.middles),
        (places.heads, left_to_right.heads),
        (places.tails, left_to_right.tails),
    ):
        assert found == pytest.approx([places.width - x for x in expected])


def test_long_stretches_are_broken_into_lines() -> None:
    (picture,) = make_pictures(long_doc())
    places = lay_out_arcs(picture)
    assert [" ".join(lines) for lines in places.lines] == [word.text for word in picture.words]
    assert places.width < text_width(long_doc().text, WORD) / 2


def test_text_without_spaces_is_broken_and_an_address_is_not() -> None:
    for text, n_lines in (("東京都" * 40, 3), ("https://example.org/" * 6, 1)):
        (lines,) = lay_out_arcs(Picture([Word(text, "X")], [], [], "ltr")).lines
        assert "".join(lines) == text and (
            len(lines) >= n_lines if n_lines > 1 else len(lines) == 1
        )


@pytest.mark.parametrize(
    ("narrow", "wide"), [("illicit", "MAMMOTH"), ("e\u0301e\u0301", "eee"), ("abc", "東京都")]
)
def test_width_follows_the_letters(narrow: str, wide: str) -> None:
    assert text_width(narrow, 10) < text_width(wide, 10)
