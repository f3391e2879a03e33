"""Tags of entities, and the best valid sequence, compared with all sequences there are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from bioes import LABELS, is_valid, tags_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spacy_rin.arrays.tags import OUTSIDE, EntitySpan, TagSet

TAGS = TagSet(LABELS)


def segmentations(start: int, length: int) -> Iterator[list[EntitySpan]]:
    """All ways to place flat entities on the words start:length."""
    if start == length:
        yield []
        return
    for rest in segmentations(start + 1, length):
        yield rest
    for end in range(start + 1, length + 1):
        for label in LABELS:
            for rest in segmentations(end, length):
                yield [(start, end, label), *rest]


@cache
def valid_sequences(length: int) -> np.ndarray:
    """(number, length) all valid tag sequences."""
    names = [tags_of(spans, length) for spans in segmentations(0, length)]
    return np.array([[TAGS.names.index(name) for name in sequence] for sequence in names])


@st.composite
def flat_entities(draw: st.DrawFn) -> tuple[list[EntitySpan], int]:
    spans, position = [], 0
    for _ in range(draw(st.integers(0, 5))):
        start = position + draw(st.integers(0, 2))
        position = start + draw(st.integers(1, 4))
        spans.append((start, position, draw(st.sampled_from(LABELS))))
    return spans, position + draw(st.integers(0, 2))


def scores(lengths: st.SearchStrategy[int]) -> st.SearchStrategy[np.ndarray]:
    """Small whole numbers, so that there are ties and sums are exact."""
    shapes = st.tuples(lengths, st.just(len(TAGS)))
    return hnp.arrays(np.float64, shapes, elements=st.integers(-4, 4).map(float))


def one_hot(names: list[str]) -> np.ndarray:
    table = np.full((len(names), len(TAGS)), -9.0)
    for i, name in enumerate(names):
        table[i, TAGS.names.index(name)] = -0.1
    return table


def names_of(tags: np.ndarray) -> list[str]:
    return [TAGS.names[tag] for tag in tags]


def test_one_label_gives_the_papers_five_tags() -> None:
    assert TagSet(["ENTITY"]).names == ["O", "B-ENTITY", "I-ENTITY", "E-ENTITY", "S-ENTITY"]


def test_outside_comes_first_and_there_are_four_tags_a_label() -> None:
    assert len(TAGS) == 9 and TAGS.names[OUTSIDE] == "O"
    assert len(set(TAGS.names)) == 9


def test_encode_by_hand() -> None:
    tags = TAGS.encode([(1, 2, "PER"), (2, 4, "LOC"), (5, 9, "PER")], 10)
    assert names_of(tags) == [
        *("O", "S-PER", "B-LOC", "E-LOC", "O", "B-PER", "I-PER", "I-PER", "E-PER", "O")
    ]


@given(entities=flat_entities())
def test_encode_equals_word_by_word_tags(entities: tuple[list[EntitySpan], int]) -> None:
    spans, length = entities
    assert names_of(TAGS.encode(spans, length)) == tags_of(spans, length)


@given(entities=flat_entities())
def test_decode_undoes_encode(entities: tuple[list[EntitySpan], int]) -> None:
    spans, length = entities
    assert TAGS.decode(TAGS.encode(spans, length)) == spans


def test_decode_gives_plain_values() -> None:
    start, end, label = TAGS.decode(TAGS.encode([(0, 2, "PER")], 3))[0]
    assert (type(start), type(end), type(label)) == (int, int, str)


def test_entities_of_the_same_label_that_touch_stay_two() -> None:
    spans = [(0, 1, "PER"), (1, 2, "PER"), (2, 4, "PER"), (4, 6, "PER")]
    assert TAGS.decode(TAGS.encode(spans, 6)) == spans


def test_encode_refuses_an_unknown_label() -> None:
    with pytest.raises(KeyError):
        TAGS.encode([(0, 1, "DATE")], 2)


def test_there_are_as_many_valid_sequences_as_the_reference_says() -> None:
    everything = np.array(np.meshgrid(*[range(9)] * 3)).reshape(3, -1).T
    assert sum(is_valid(names_of(tags)) for tags in everything) == len(valid_sequences(3))


@settings(max_examples=300)
@given(table=scores(st.integers(1, 4)))
def test_best_path_is_the_best_of_all_valid_sequences(table: np.ndarray) -> None:
    sequences = valid_sequences(len(table))
    expected = table[np.arange(len(table)), sequences].sum(axis=1).max()
    path = TAGS.best_path(table)
    assert table[np.arange(len(table)), path].sum() == expected
    assert path.tolist() in sequences.tolist()


@settings(max_examples=100)
@given(length=st.integers(1, 30), seed=st.integers(0, 10**6))
def test_best_path_of_float32_log_probabilities_is_valid(length: int, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(0, 5, (length, len(TAGS)))
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    assert is_valid(names_of(TAGS.best_path(log_p.astype(np.float32))))


@given(entities=flat_entities())
def test_best_path_keeps_a_valid_argmax(entities: tuple[list[EntitySpan], int]) -> None:
    spans, length = entities
    assert TAGS.decode(TAGS.best_path(one_hot(tags_of(spans, length)))) == spans


@pytest.mark.parametrize("name", ["B-PER", "I-PER", "E-PER"])
def test_one_word_is_a_whole_entity_or_none(name: str) -> None:
    table = one_hot([name])
    table[0, TAGS.names.index("S-LOC")] = -1.0
    assert names_of(TAGS.best_path(table)) == ["S-LOC"]


@pytest.mark.parametrize("name", ["I-PER", "E-PER"])
def test_entity_cannot_be_open_at_the_start(name: str) -> None:
    table = one_hot([name, "E-PER"])
    table[0, TAGS.names.index("B-PER")] = -1.0
    assert names_of(TAGS.best_path(table)) == ["B-PER", "E-PER"]


@pytest.mark.parametrize("name", ["B-PER", "I-PER"])
def test_entity_cannot_be_open_at_the_end(name: str) -> None:
    table = one_hot(["B-PER", name])
    table[1, TAGS.names.index("E-PER")] = -1.0
    assert names_of(TAGS.best_path(table)) == ["B-PER", "E-PER"]


def test_entity_does_not_change_its_label() -> None:
    table = one_hot(["B-PER", "I-PER", "E-LOC"])
    table[2, TAGS.names.index("E-PER")] = -1.0
    assert names_of(TAGS.best_path(table)) == ["B-PER", "I-PER", "E-PER"]


def test_no_words_have_no_tags() -> None:
    path = TAGS.best_path(np.zeros((0, len(TAGS))))
    assert len(path) == 0 and TAGS.decode(path) == []
