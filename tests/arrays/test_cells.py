"""Candidates and filters of decoding, compared with decoding at other thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from dense import DenseReader, make_doc
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_rin.arrays import cells
from spacy_rin.arrays.batch import WindowBatch, make_batch
from spacy_rin.arrays.cells import LEAST
from spacy_rin.arrays.decode import DECODERS, PredictedTriple, Prediction, decode_scores
from spacy_rin.arrays.signatures import CountedSignature, SignatureFilter
from spacy_rin.arrays.tags import TagSet

ENTITIES, RELATIONS = ["PER", "LOC"], ["near", "in"]
TAGS = TagSet(ENTITIES)
DECODE = st.sampled_from([*DECODERS])
SEEDS = st.integers(0, 10_000)


def random_reader(seed: int) -> tuple[DenseReader, WindowBatch]:
    """Scores drawn at random, of Docs with one and with several windows."""
    rng = np.random.default_rng(seed)
    batch = make_batch([make_doc(9), make_doc(4), make_doc(0)], max_length=6)
    tables = [rng.random((n, n, len(RELATIONS))) ** 3 for n in batch.lengths]
    tags = rng.normal(size=(sum(batch.lengths), len(TAGS)))
    return DenseReader(batch, tags, tables), batch


def run(
    seed: int,
    decode: str,
    threshold: float | np.ndarray = 0.5,
    *,
    seen: list[CountedSignature] | None = None,
    candidates: bool = False,
) -> list[Prediction]:
    reader, batch = random_reader(seed)
    return decode_scores(
        reader,
        batch,
        TAGS,
        RELATIONS,
        threshold=threshold,
        anchor="last",
        decode=decode,
        keep=False,
        allows=None if seen is None else SignatureFilter(seen, ENTITIES).allows,
        candidates=candidates,
    )


def triples(prediction: Prediction) -> set[PredictedTriple]:
    return set(prediction.triples)


@settings(max_examples=40)
@given(seed=SEEDS, decode=DECODE, near=st.floats(0.03, 1), inside=st.floats(0.03, 1))
def test_each_label_has_its_threshold(seed: int, decode: str, near: float, inside: float) -> None:
    found = run(seed, decode, np.array([near, inside]))
    for label, threshold in zip(RELATIONS, (near, inside), strict=True):
        for prediction, expected in zip(found, run(seed, decode, threshold), strict=True):
            assert {t for t in triples(prediction) if t.label == label} == {
                t for t in triples(expected) if t.label == label
            }


SIGNATURES = st.sets(
    st.tuples(*map(st.sampled_from, (ENTITIES, RELATIONS, ENTITIES))).map(lambda row: (*row, 1))
)


@settings(max_examples=40)
@given(seed=SEEDS, decode=DECODE, seen=SIGNATURES)
def test_signatures_leave_out_what_was_not_seen(
    seed: int, decode: str, seen: set[CountedSignature]
) -> None:
    rows = {row[:3] for row in seen}
    for prediction, unfiltered in zip(
        run(seed, decode, seen=list(seen)), run(seed, decode), strict=True
    ):
        assert triples(prediction) == {
            t
            for t in triples(unfiltered)
            if "" in (t.head[2], t.tail[2]) or (t.head[2], t.label, t.tail[2]) in rows
        }
        assert prediction.entities == unfiltered.entities


@settings(max_examples=40)
@given(seed=SEEDS, decode=DECODE, threshold=st.floats(LEAST, 0.9), seen=st.none() | SIGNATURES)
def test_candidates_are_the_triples_of_a_lower_threshold(
    seed: int, decode: str, threshold: float, seen: set[CountedSignature] | None
) -> None:
    rows = None if seen is None else list(seen)
    found = run(seed, decode, threshold, seen=rows, candidates=True)
    plain = run(seed, decode, threshold, seen=rows)
    lower = run(seed, decode, LEAST, seen=rows)
    for prediction, same, expected in zip(found, plain, lower, strict=True):
        assert prediction.triples == same.triples and not same.candidates
        assert set(prediction.candidates) == triples(expected)
        assert prediction.floor == LEAST


@settings(max_examples=40)
@given(seed=SEEDS, decode=DECODE, threshold=st.floats(LEAST, 0.9), most=st.integers(0, 30))
def test_candidates_are_few_and_none_above_their_floor_is_missing(
    seed: int, decode: str, threshold: float, most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "MOST", most)
        patch.setattr(cells, "MOST_PER_WORD", 0)
        found = run(seed, decode, threshold, candidates=True)
    count = sum(len(prediction.candidates) for prediction in found)
    assert count <= max(most, sum(len(prediction.triples) for prediction in found) + 1)
    for prediction, lower in zip(found, run(seed, decode, LEAST), strict=True):
        above = {t for t in triples(lower) if t.score > prediction.floor}
        assert triples(prediction) <= above <= set(prediction.candidates)
