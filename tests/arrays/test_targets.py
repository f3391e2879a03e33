"""Gold arrays: how gold is placed on the predicted tokens, and what is masked."""

from __future__ import annotations

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_rin import Relation
from spacy_rin.arrays.anchor import anchor_token
from spacy_rin.arrays.batch import make_batch
from spacy_rin.arrays.tags import EntitySpan, TagSet
from spacy_rin.arrays.targets import Targets, make_targets, validate_gold

NLP = spacy.blank("en")
TAGS = TagSet(["PER", "LOC"])
LABELS = {"lives_in": 0, "near": 1}
ANN, BOB, ROME = (0, 1, "PER"), (5, 6, "PER"), (3, 4, "LOC")
WORDS = ["Ann", "lives", "in", "Rome", "near", "Bob"]

GoldTriple = tuple[EntitySpan, str, EntitySpan]


def make_gold(
    words: list[str],
    entities: list[EntitySpan],
    triples: list[GoldTriple],
    spaces: list[bool] | None = None,
) -> Doc:
    doc = Doc(NLP.vocab, words=words, spaces=spaces)
    doc.ents = [Span(doc, *entity) for entity in entities]
    doc._.relations = [
        Relation(Span(doc, *head), label, Span(doc, *tail)) for head, label, tail in triples
    ]
    return doc


def make_example(
    gold: Doc, words: list[str] | None = None, spaces: list[bool] | None = None
) -> Example:
    """An Example whose predicted Doc has the gold tokens, or the given ones."""
    if words is None:
        words = [token.text for token in gold]
        spaces = [bool(token.whitespace_) for token in gold]
    starts = [token.is_sent_start for token in gold] if len(words) == len(gold) else None
    return Example(Doc(NLP.vocab, words=words, spaces=spaces, sent_starts=starts), gold)


def targets_of(
    examples: list[Example], anchor: str = "last", unit: str = "sentence", max_length: int = 0
) -> Targets:
    batch = make_batch([eg.predicted for eg in examples], unit, max_length)
    return make_targets(examples, batch, TAGS, LABELS, anchor)


def names(tags: np.ndarray) -> list[str]:
    return ["?" if tag < 0 else TAGS.names[tag] for tag in tags]


def cells(targets: Targets) -> dict[tuple[int, ...], bool]:
    """Cell → whether it is known. Each cell must be there once."""
    found = [tuple(cell) for cell in targets.cells.tolist()]
    assert len(set(found)) == len(found) == len(targets.known)
    return dict(zip(found, targets.known.tolist(), strict=True))


def test_anchor_is_the_last_or_the_first_token() -> None:
    assert (anchor_token(2, 5, "last"), anchor_token(2, 5, "first")) == (4, 2)


def test_one_token_has_one_anchor() -> None:
    assert anchor_token(2, 3, "last") == anchor_token(2, 3, "first") == 2


def test_gold_by_hand() -> None:
    gold = make_gold(WORDS, [ANN, ROME, BOB], [(ANN, "lives_in", ROME), (BOB, "near", ROME)])
    targets = targets_of([make_example(gold)])
    assert names(targets.tags) == ["S-PER", "O", "O", "S-LOC", "O", "S-PER"]
    assert cells(targets) == {(0, 0, 3, 0): True, (0, 5, 3, 1): True}


@pytest.mark.parametrize("anchor, head, tail", [("last", 1, 5), ("first", 0, 4)])
def test_cells_are_between_anchors(anchor: str, head: int, tail: int) -> None:
    lee, york = (0, 2, "PER"), (4, 6, "LOC")
    gold = make_gold(
        ["Ann", "Lee", "lives", "in", "New", "York"], [lee, york], [(lee, "lives_in", york)]
    )
    targets = targets_of([make_example(gold)], anchor)
    assert cells(targets) == {(0, head, tail, 0): True}


def test_nested_mentions_keep_their_cells() -> None:
    university, oslo = (0, 3, "LOC"), (2, 3, "LOC")
    gold = make_gold(
        ["University", "of", "Oslo"],
        [university],
        [(university, "near", oslo), (oslo, "lives_in", university)],
    )
    assert cells(targets_of([make_example(gold)])) == {(0, 2, 2, 1): True, (0, 2, 2, 0): True}
    assert cells(targets_of([make_example(gold)], "first")) == {
        (0, 0, 2, 1): True,
        (0, 2, 0, 0): True,
    }


def test_nested_mention_is_not_tagged() -> None:
    university, oslo = (0, 3, "LOC"), (2, 3, "LOC")
    gold = make_gold(["University", "of", "Oslo"], [university], [(university, "near", oslo)])
    assert names(targets_of([make_example(gold)]).tags) == ["B-LOC", "I-LOC", "E-LOC"]


def test_two_triples_in_one_cell_count_once() -> None:
    university, oslo = (0, 3, "LOC"), (2, 3, "LOC")
    bob = (4, 5, "PER")
    gold = make_gold(
        ["University", "of", "Oslo", "near", "Bob"],
        [university, bob],
        [(university, "near", bob), (oslo, "near", bob), (oslo, "lives_in", bob)],
    )
    assert cells(targets_of([make_example(gold)])) == {(0, 2, 4, 1): True, (0, 2, 4, 0): True}


def test_coarser_tokens_mask_tags_and_cells() -> None:
    gold = make_gold(
        ["Rome", "-", "based", "Ann", "knows", "Bob"],
        [(0, 1, "LOC"), (3, 4, "PER"), (5, 6, "PER")],
        [
            ((3, 4, "PER"), "lives_in", (0, 1, "LOC")),
            ((0, 1, "LOC"), "near", (3, 4, "PER")),
            ((3, 4, "PER"), "near", (5, 6, "PER")),
        ],
        spaces=[False, False, True, True, True, False],
    )
    example = make_example(
        gold, ["Rome-based", "Ann", "knows", "Bob"], spaces=[True, True, True, False]
    )
    targets = targets_of([example])
    assert names(targets.tags) == ["?", "S-PER", "O", "S-PER"]
    assert cells(targets) == {(0, 1, 0, 0): False, (0, 0, 1, 1): False, (0, 1, 3, 1): True}


@pytest.mark.parametrize("start, end", [(1, 2), (0, 1)])
def test_one_side_that_does_not_fit_is_enough_to_mask(start: int, end: int) -> None:
    mention = (start, end, "LOC")
    gold = make_gold(
        ["trans", "rhenic", "x"], [mention], [(mention, "near", mention)], [False, True, False]
    )
    targets = targets_of([make_example(gold, ["transrhenic", "x"], [True, False])])
    assert names(targets.tags) == ["?", "O"]
    assert cells(targets) == {(0, 0, 0, 1): False}


def test_every_token_a_misaligned_entity_touches_is_masked() -> None:
    gold = make_gold(
        ["pre", "New", "York", "post", "Ann"],
        [(1, 3, "LOC"), (4, 5, "PER")],
        [],
        spaces=[False, True, False, True, False],
    )
    example = make_example(gold, ["preNew", "Yorkpost", "Ann"], [True, True, False])
    assert names(targets_of([example]).tags) == ["?", "?", "S-PER"]


@pytest.mark.parametrize("anchor, tail", [("last", 4), ("first", 3)])
def test_finer_tokens_that_fit_are_gold(anchor: str, tail: int) -> None:
    gold = make_gold(
        ["Ann", "lives", "in", "Rome-Nord"],
        [ANN, ROME],
        [(ANN, "lives_in", ROME)],
        spaces=[True, True, True, False],
    )
    words = ["Ann", "lives", "in", "Rome-", "Nord"]
    targets = targets_of([make_example(gold, words, [True, True, True, False, False])], anchor)
    assert names(targets.tags) == ["S-PER", "O", "O", "B-LOC", "E-LOC"]
    assert cells(targets) == {(0, 0, tail, 0): True}


@pytest.mark.parametrize("known", [(4, 5, "LOC"), (2, 5, "LOC")])  # after and before the masked one
def test_known_gold_outweighs_a_masked_cell(known: EntitySpan) -> None:
    ann, ew_york = (0, 1, "PER"), (3, 5, "LOC")
    gold = make_gold(
        ["Ann", "in", "N", "ew", "York"],
        [ann, known],
        [(ann, "lives_in", ew_york), (ann, "lives_in", known)],
        spaces=[True, True, False, True, False],
    )
    example = make_example(gold, ["Ann", "in", "New", "York"], [True, True, True, False])
    assert cells(targets_of([example])) == {(0, 0, 3, 0): True}


def test_no_entity_annotation_masks_every_tag() -> None:
    gold = Doc(NLP.vocab, words=WORDS)
    gold._.relations = []
    assert names(targets_of([make_example(gold)]).tags) == ["?"] * 6


def test_no_entities_is_an_annotation() -> None:
    assert names(targets_of([make_example(make_gold(WORDS, [], []))]).tags) == ["O"] * 6


def test_words_without_entity_annotation_are_masked() -> None:
    gold = make_gold(WORDS, [], [])
    gold.set_ents([Span(gold, *ANN)], missing=[gold[2:4]], default="outside")
    assert names(targets_of([make_example(gold)]).tags) == ["S-PER", "O", "?", "?", "O", "O"]


def test_unknown_entity_label_is_an_error() -> None:
    gold = make_gold(WORDS, [(3, 4, "DATE")], [])
    with pytest.raises(ValueError, match=r"entity label 'DATE'.*\['PER', 'LOC'\]"):
        targets_of([make_example(gold)])


def test_unknown_relation_label_is_an_error() -> None:
    gold = make_gold(WORDS, [ANN, BOB], [(ANN, "knows", BOB)])
    with pytest.raises(ValueError, match=r"relation label 'knows'.*\['lives_in', 'near'\]"):
        targets_of([make_example(gold)])


def test_gold_without_relations_is_an_error() -> None:
    gold = Doc(NLP.vocab, words=WORDS)
    with pytest.raises(ValueError, match=r"without the key.*Ann lives in.*store_user_data=True"):
        targets_of([make_example(gold)])


def test_other_text_is_an_error() -> None:
    gold = make_gold(WORDS, [], [])
    with pytest.raises(ValueError, match=r"predicted 'Ann lives in Oslo.*gold 'Ann lives in Rome"):
        targets_of([make_example(gold, ["Ann", "lives", "in", "Oslo", "near", "Bob"])])


def test_validation_passes_examples_on_one_by_one() -> None:
    good = make_example(make_gold(WORDS, [], []))
    bad = make_example(Doc(NLP.vocab, words=WORDS))
    stream = validate_gold([good, bad])
    assert next(stream) is good
    with pytest.raises(ValueError):
        next(stream)


def test_docs_of_a_batch_follow_one_another() -> None:
    first = make_gold(["Bob", "waits"], [(0, 1, "PER")], [((0, 1, "PER"), "near", (0, 1, "PER"))])
    second = make_gold(WORDS, [ANN, ROME], [(ANN, "lives_in", ROME)])
    targets = targets_of([make_example(first), make_example(second)])
    assert names(targets.tags) == ["S-PER", "O", "S-PER", "O", "O", "S-LOC", "O", "O"]
    assert cells(targets) == {(0, 0, 0, 1): True, (1, 0, 3, 0): True}


def test_empty_docs_have_no_gold() -> None:
    empty = make_gold([], [], [])
    gold = make_gold(["Bob"], [(0, 1, "PER")], [((0, 1, "PER"), "near", (0, 1, "PER"))])
    targets = targets_of([make_example(empty), make_example(gold), make_example(empty)])
    assert names(targets.tags) == ["S-PER"]
    assert cells(targets) == {(0, 0, 0, 1): True}


def test_no_gold_has_the_shape_of_gold() -> None:
    for targets in (targets_of([]), targets_of([make_example(make_gold([], [], []))])):
        assert targets.tags.shape == (0,) and targets.tags.dtype == np.int64
        assert targets.cells.shape == (0, 4) and targets.cells.dtype == np.int64
        assert targets.known.shape == (0,) and targets.known.dtype == bool


def test_triple_across_sentences_has_no_cell() -> None:
    gold = make_gold(WORDS, [ANN, ROME, BOB], [(ANN, "near", BOB), (BOB, "near", BOB)])
    for token in gold:
        token.is_sent_start = token.i in (0, 4)
    assert cells(targets_of([make_example(gold)])) == {(1, 1, 1, 1): True}
    assert cells(targets_of([make_example(gold)], unit="doc")) == {
        (0, 0, 5, 1): True,
        (0, 5, 5, 1): True,
    }


def test_triple_in_two_windows_has_a_cell_in_each() -> None:
    lives, near = (1, 2, "PER"), (4, 5, "PER")
    # The windows are words 0:6 and 2:8. Both hold the second pair.
    gold = make_gold(
        ["a", "b", "c", "d", "e", "f", "g", "h"], [], [(lives, "near", near), (near, "near", near)]
    )
    targets = targets_of([make_example(gold)], max_length=6)
    assert cells(targets) == {(0, 1, 4, 1): True, (0, 4, 4, 1): True, (1, 2, 2, 1): True}


@settings(max_examples=60)
@given(
    length=st.integers(1, 14),
    max_length=st.integers(0, 6),
    anchor=st.sampled_from(["last", "first"]),
    data=st.data(),
)
def test_windows_hold_the_gold_of_their_words(
    length: int, max_length: int, anchor: str, data: st.DataObject
) -> None:
    starts = data.draw(st.lists(st.integers(0, length - 1), max_size=4, unique=True))
    mentions = [(s, data.draw(st.integers(s + 1, length)), "PER") for s in starts]
    pick = st.integers(0, len(mentions) - 1)
    triples = [
        (mentions[data.draw(pick)], data.draw(st.sampled_from(sorted(LABELS))), mentions[k])
        for k in range(len(mentions))
    ]
    flat = spacy.util.filter_spans([make_gold(["x"] * length, [], [])[s:e] for s, e, _ in mentions])
    entities = [(span.start, span.end, "PER") for span in flat]
    gold = make_gold([f"w{i}" for i in range(length)], entities, triples)
    example = make_example(gold)
    targets = targets_of([example], anchor, max_length=max_length)

    tags, expected = [], set()
    for k, window in enumerate(make_batch([example.predicted], max_length=max_length).windows):
        for i in range(window.start, window.end):
            inside = [(s, e) for s, e, _ in entities if s <= i < e]
            if not inside:
                tags.append("O")
                continue
            ((s, e),) = inside
            prefix = "S" if e - s == 1 else "B" if i == s else "E" if i == e - 1 else "I"
            tags.append(f"{prefix}-PER")
        for head, label, tail in triples:
            h, t = (m[1] - 1 if anchor == "last" else m[0] for m in (head, tail))
            if h in range(window.start, window.end) and t in range(window.start, window.end):
                expected.add((k, h - window.start, t - window.start, LABELS[label]))
    assert names(targets.tags) == tags
    assert cells(targets) == dict.fromkeys(expected, True)
