"""Mentions inside entities, from gold to relations: joint tags, targets, decoding.

The tags are compared with a reference that reads each of the two layers as flat tags.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest
import spacy
from bioes import is_valid, tags_of
from dense import DenseReader, make_doc
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_rin import Relation
from spacy_rin.arrays.batch import make_batch
from spacy_rin.arrays.decode import Prediction, decode_scores
from spacy_rin.arrays.tags import NESTED, EntitySpan, TagSet, joint_tags
from spacy_rin.arrays.targets import make_targets, nested_mentions
from spacy_rin.evaluation.error_analysis import missed_kinds
from spacy_rin.evaluation.released_scorer import _tagged_right

NLP = spacy.blank("en")
FLAT = TagSet(["LOC", "PER"])
# All pairs of tags that nested entities can have.
PAIRS = [
    (outer, nested)
    for outer, nested in product(FLAT.names[1:], repeat=2)
    if outer[0] in "BI" or (outer[0] == "E" and nested[0] in "ES")
]
TAGS = TagSet(FLAT.labels, PAIRS)
LABELS = {"near": 0, "in": 1}

# Entities, those nested in them, and the number of words.
Spans = tuple[list[EntitySpan], list[EntitySpan], int]


@st.composite
def nested_spans(draw: st.DrawFn) -> Spans:
    """Flat entities, others inside them that do not overlap each other, and a number of words."""
    outer: list[EntitySpan] = []
    nested: list[EntitySpan] = []
    position = 0
    label = st.sampled_from(FLAT.labels)
    for _ in range(draw(st.integers(0, 4))):
        start = position + draw(st.integers(0, 2))
        position = start + draw(st.integers(1, 5))
        outer.append((start, position, draw(label)))
        inside = start
        while position - start > 1 and inside < position and draw(st.booleans()):
            first = inside + draw(st.integers(0, 1))
            last = first + draw(st.integers(1, 3))
            if last <= position and (first, last) != (start, position):
                nested.append((first, last, draw(label)))
            inside = max(last, first + 1)
    return outer, nested, position + draw(st.integers(0, 2))


@given(spans=nested_spans())
def test_decode_undoes_encode_in_both_layers(
    spans: Spans,
) -> None:
    outer, nested, length = spans
    tags = TAGS.encode([*nested, *outer], length)
    assert TAGS.decode(tags) == outer
    assert TAGS.decode(tags, NESTED) == nested
    assert TAGS.best_path(one_hot(tags)).tolist() == tags.tolist()


@given(spans=nested_spans())
def test_names_are_those_of_the_two_layers(
    spans: Spans,
) -> None:
    outer, nested, length = spans
    layers = zip(tags_of(outer, length), tags_of(nested, length), strict=True)
    expected = [a if b == "O" else f"{a}|{b}" for a, b in layers]
    assert [TAGS.names[tag] for tag in TAGS.encode([*outer, *nested], length)] == expected


@given(spans=nested_spans())
def test_joint_tags_are_what_encode_needs(
    spans: Spans,
) -> None:
    outer, nested, length = spans
    around = [next(o for o in outer if o[0] <= n[0] and n[1] <= o[1]) for n in nested]
    pairs = {pair for o, n in zip(around, nested, strict=True) for pair in joint_tags(o, n)}
    small = TagSet(FLAT.labels, sorted(pairs))
    tags = small.encode([*outer, *nested], length)
    assert small.decode(tags, NESTED) == nested
    assert {small.names[tag] for tag in tags if "|" in small.names[tag]} == {
        f"{a}|{b}" for a, b in pairs
    }


def one_hot(tags: np.ndarray) -> np.ndarray:
    table = np.full((len(tags), len(TAGS)), -9.0)
    table[np.arange(len(tags)), tags] = -0.1
    return table


SMALL = TagSet(["PER"], [(f"{a}-PER", f"{b}-PER") for a in "BI" for b in "BIES"])


@cache
def valid_sequences(length: int) -> np.ndarray:
    """(number, length) all tag sequences of SMALL whose two layers are both valid."""
    layers = [name.partition("|") for name in SMALL.names]
    return np.array(
        [
            sequence
            for sequence in product(range(len(SMALL)), repeat=length)
            if is_valid([layers[tag][0] for tag in sequence])
            and is_valid([layers[tag][2] or "O" for tag in sequence])
        ]
    )


@settings(max_examples=200)
@given(
    table=hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 3), st.just(len(SMALL))),
        elements=st.integers(-4, 4).map(float),
    )
)
def test_best_path_is_the_best_of_all_sequences_valid_in_both_layers(table: np.ndarray) -> None:
    sequences = valid_sequences(len(table))
    expected = table[np.arange(len(table)), sequences].sum(axis=1).max()
    path = SMALL.best_path(table)
    assert table[np.arange(len(table)), path].sum() == expected
    assert path.tolist() in sequences.tolist()


@pytest.mark.parametrize(
    "left_out",
    [(0, 1, "LOC"), (2, 4, "PER"), (3, 6, "PER"), (1, 2, "PER")],
    ids=["its tags are not in the set", "overlaps another", "crosses the entity", "is a third"],
)
def test_what_has_no_joint_tags_is_left_out_whole(left_out: EntitySpan) -> None:
    tag_set = TagSet(FLAT.labels, [(f"{a}-LOC", f"{b}-PER") for a in "BI" for b in "BIES"])
    spans: list[EntitySpan] = [(0, 5, "LOC"), (1, 3, "PER")]
    tags = tag_set.encode([*spans, left_out], 6)
    assert tags.tolist() == tag_set.encode(spans, 6).tolist()
    assert tag_set.decode(tags, NESTED) == [(1, 3, "PER")]


# "New York" in "New York University" in "New York University Press"
WORDS = ["New", "York", "University", "Press", "is", "in", "New", "York"]
PRESS, CITY, SCHOOL, TOWN = (0, 4, "ORG"), (0, 2, "LOC"), (0, 3, "ORG"), (6, 8, "LOC")


def gold(*relations: tuple[EntitySpan, str, EntitySpan], words: list[str] = WORDS) -> Doc:
    doc = Doc(NLP.vocab, words=words)
    doc.ents = [Span(doc, *PRESS), Span(doc, *TOWN)]
    doc._.relations = [Relation(Span(doc, *h), label, Span(doc, *t)) for h, label, t in relations]
    return doc


def spans(pairs: list[tuple[Span, Span]]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return [((a.start, a.end), (b.start, b.end)) for a, b in pairs]


def test_nested_mentions_are_ends_inside_entities() -> None:
    doc = gold((PRESS, "in", CITY), (CITY, "near", TOWN), (SCHOOL, "in", TOWN))
    assert sorted(spans(nested_mentions(doc, "last"))) == [((0, 4), (0, 2)), ((0, 4), (0, 3))]
    # All three mentions start with the same word, which is then the anchor of each.
    assert nested_mentions(doc, "first") == []


def test_a_mention_with_the_anchor_of_its_entity_is_left_out() -> None:
    doc = gold((PRESS, "near", (2, 4, "ORG")))
    assert nested_mentions(doc, "last") == []
    assert spans(nested_mentions(doc, "first")) == [((0, 4), (2, 4))]


def targets_of(doc: Doc, tag_set: TagSet, words: list[str] | None = None) -> list[str]:
    eg = Example(Doc(NLP.vocab, words=words or [token.text for token in doc]), doc)
    targets = make_targets([eg], make_batch([eg.predicted], "doc"), tag_set, LABELS, "last")
    return ["?" if tag < 0 else tag_set.names[tag] for tag in targets.tags]


FLAT_ORG = TagSet(["LOC", "ORG"])
JOINT = TagSet(["LOC", "ORG"], [("B-ORG", "B-LOC"), ("I-ORG", "E-LOC")])


def test_targets_hold_nested_mentions() -> None:
    doc = gold((PRESS, "in", CITY))
    rest = ["I-ORG", "E-ORG", "O", "O", "B-LOC", "E-LOC"]
    assert targets_of(doc, JOINT) == ["B-ORG|B-LOC", "I-ORG|E-LOC", *rest]
    assert targets_of(doc, FLAT_ORG) == ["B-ORG", "I-ORG", *rest]


def test_nested_mentions_that_fit_no_tokens_are_masked() -> None:
    doc = gold((PRESS, "in", CITY))
    words = ["New", "York University", "Press", "is", "in", "New", "York"]
    assert targets_of(doc, JOINT, words)[:3] == ["?", "?", "E-ORG"]
    assert targets_of(doc, FLAT_ORG, words)[:3] == ["B-ORG", "I-ORG", "E-ORG"]


def test_a_nested_mention_without_a_label_is_none() -> None:
    assert nested_mentions(gold((PRESS, "in", (0, 2, ""))), "last") == []


def test_a_nested_label_that_the_model_does_not_know_is_no_error() -> None:
    doc = gold((PRESS, "in", (0, 2, "CITY")))
    assert targets_of(doc, JOINT)[:4] == ["B-ORG", "I-ORG", "I-ORG", "E-ORG"]


def run(
    doc: Doc,
    spans: list[EntitySpan],
    cells: list[tuple[int, int]],
    *,
    keep: bool = False,
    partial: bool = False,
    max_length: int = 0,
    anchor: str = "last",
) -> Prediction:
    """Decode certain tags for `spans`, and `cells` with the label "near" in every window."""
    batch = make_batch([doc], "doc", max_length)
    tags = TAGS.encode(spans, len(doc))
    rows = np.concatenate([one_hot(tags[w.start : w.end]) for w in batch.windows])
    tables = [np.zeros((n, n, len(LABELS))) for n in batch.lengths]
    for window, table in zip(batch.windows, tables, strict=True):
        for i, j in cells:
            if window.start <= min(i, j) and max(i, j) < window.end:
                table[i - window.start, j - window.start, 0] = 0.9
    (prediction,) = decode_scores(
        DenseReader(batch, rows, tables),
        batch,
        TAGS,
        list(LABELS),
        threshold=0.5,
        anchor=anchor,
        decode="partial" if partial else "exact",
        keep=keep,
    )
    return prediction


OUTER, INNER, OTHER = (1, 5, "LOC"), (1, 3, "PER"), (6, 7, "PER")


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("max_length", [0, 7])
def test_nested_mentions_are_related(partial: bool, max_length: int) -> None:
    cells = [(4, 2), (6, 2), (6, 4)]
    doc = make_doc(8)
    found = run(doc, [OUTER, INNER, OTHER], cells, partial=partial, max_length=max_length)
    assert found.entities == [OUTER, OTHER] and found.nested == [INNER]
    assert {(t.head, t.tail) for t in found.triples} == {
        (OUTER, INNER),
        (OTHER, INNER),
        (OTHER, OUTER),
    }


@pytest.mark.parametrize("partial", [False, True])
def test_nested_mentions_are_related_by_their_first_words(partial: bool) -> None:
    inner = (3, 5, "PER")
    found = run(make_doc(8), [OUTER, inner, OTHER], [(1, 3)], partial=partial, anchor="first")
    assert [(t.head, t.tail) for t in found.triples] == [(OUTER, inner)]


def test_nested_mention_stays_where_its_entity_is_kept() -> None:
    doc = make_doc(8)
    doc.ents = [Span(doc, 1, 5, "MINE")]
    found = run(doc, [OUTER, INNER, OTHER], [(4, 2)], keep=True)
    assert found.entities == [(1, 5, "MINE"), OTHER] and found.nested == [INNER]
    assert [(t.head, t.tail) for t in found.triples] == [((1, 5, "MINE"), INNER)]


def test_nested_mention_goes_with_its_entity_where_another_is_kept() -> None:
    doc = make_doc(8)
    doc.ents = [Span(doc, 4, 6, "PER")]
    found = run(doc, [OUTER, INNER, OTHER], [(6, 2)], keep=True)
    assert found.entities == [(4, 6, "PER"), OTHER]
    assert found.nested == [] and found.triples == []


@pytest.mark.parametrize(
    ("found", "right"),
    [
        (["B-ORG|B-LOC", "I-ORG|E-LOC", "E-ORG"], [False, True, True]),
        (["B-ORG", "I-ORG", "E-ORG"], [False, False, True]),
        (["O", "B-LOC", "E-LOC"], [False, False, False]),
    ],
)
def test_for_the_authors_both_layers_must_be_tagged_right(
    found: list[str], right: list[bool]
) -> None:
    tags = JOINT.encode([(0, 3, "ORG"), (0, 2, "LOC")], 3)
    prefixes = JOINT.prefixes_by_layer[:, [JOINT.names.index(name) for name in found]]
    tagged = _tagged_right(JOINT, tags, prefixes, np.array([0, 3]), [3], "last")
    assert tagged.tolist() == right


def test_missed_triples_of_nested_mentions_are_told_apart() -> None:
    doc, found = gold((PRESS, "in", CITY)), gold((PRESS, "near", CITY))
    assert missed_kinds([Example(found, doc)]) == {"label wrong": 1}
    assert missed_kinds([Example(gold(), doc)]) == {"span wrong": 1}
