"""Type signatures: how they are read, and what they let through."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_rin.arrays.signatures import (
    Signature,
    SignatureFilter,
    list_counts,
    make_filter,
    read_signatures,
)

ENTITIES, RELATIONS = ["PER", "LOC"], ["born_in", "near"]
BORN = Signature("PER", "born_in", "LOC")
LINE = json.dumps(BORN._asdict())


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf8")
    return path


def test_counts_are_listed_by_frequency() -> None:
    near = Signature("LOC", "near", "LOC")
    counts = Counter({near: 1, BORN: 3})
    assert list_counts(counts) == [(*BORN, 3), (*near, 1)]
    assert list_counts(counts, [near, Signature("PER", "near", "PER")]) == [
        (*near, 1),
        ("PER", "near", "PER", 0),
    ]


def test_own_list_is_read_without_empty_lines_and_repetitions(tmp_path: Path) -> None:
    path = write(tmp_path / "own.jsonl", LINE, "", LINE)
    assert read_signatures(path, ENTITIES, RELATIONS) == [BORN]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "3",
        '{"head": "PER", "label": "born_in"}',
        '{"head": "PER", "label": 1, "tail": "LOC"}',
        LINE[:-1] + ', "count": 3}',
    ],
)
def test_malformed_line_is_an_error_that_names_it(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "own.jsonl", LINE, line)
    with pytest.raises(ValueError, match=r"own\.jsonl, line 2: expected"):
        read_signatures(path, ENTITIES, RELATIONS)


@pytest.mark.parametrize(
    ("side", "kind"), [("head", "entity"), ("label", "relation"), ("tail", "entity")]
)
def test_unknown_label_is_an_error_that_names_it(tmp_path: Path, side: str, kind: str) -> None:
    path = write(tmp_path / "own.jsonl", LINE, json.dumps({**BORN._asdict(), side: "XX"}))
    with pytest.raises(ValueError, match=rf"line 2: the model has no {kind} label 'XX'"):
        read_signatures(path, ENTITIES, RELATIONS)


def test_missing_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no file"):
        read_signatures(tmp_path / "none.jsonl", ENTITIES, RELATIONS)


LABELS = st.sampled_from([*ENTITIES, "", "OTHER"])


@given(
    seen=st.sets(st.tuples(LABELS, st.sampled_from(RELATIONS), LABELS)),
    triple=st.tuples(LABELS, st.sampled_from(RELATIONS), LABELS),
)
def test_what_was_seen_passes_and_what_is_not_judged(
    seen: set[tuple[str, str, str]], triple: tuple[str, str, str]
) -> None:
    def fits(own: str, other: str) -> bool:
        return own == other or other not in ENTITIES

    head, label, tail = triple
    expected = {head, tail} & {"", "OTHER"} or any(
        fits(head, h) and label == other and fits(tail, t) for h, other, t in seen
    )
    allows = SignatureFilter([(*row, 1) for row in seen], ENTITIES).allows
    assert allows(*triple) == bool(expected)


def test_nothing_is_judged_without_the_setting() -> None:
    assert make_filter("off", [], ENTITIES) is None


def test_setting_without_counts_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="Train it again"):
        make_filter("seen", [], ENTITIES)
