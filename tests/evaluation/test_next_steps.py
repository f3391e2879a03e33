"""Advice by the numbers of a report: reports by hand, each with one thing that stands out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.cli._util import app
from typer.main import get_command

from spacy_rin import cli
from spacy_rin.evaluation.next_steps import MOST, next_steps


def label(triples: int, recall: float = 0.8, **more: int) -> dict[str, float]:
    return {"rel_r": recall, "triples": triples, "predicted": triples, **more}


def report(**parts: Any) -> dict[str, Any]:
    """A report in which nothing stands out, with some parts replaced."""
    quiet: dict[str, Any] = {
        "scores": {"rel_f": 0.8, "rel_f_best": 0.805},
        "missed": {"pair missed": 5, "entity missed": 4},
        "wrong": {"no such pair": 5, "direction wrong": 2},
        "by_label": {"born_in": label(200, in_train=900), "saw": label(140, in_train=20)},
        "by_seen": {
            "seen": {"rel_f": 0.9, "triples": 100},
            "unseen": {"rel_f": 0.76, "triples": 240},
        },
        "by_threshold": [{"threshold": 0.5, "rel_f": 0.8}, {"threshold": 0.7, "rel_f": 0.805}],
        "joined": {"1": {"rel_f": 0.8}, "4": {"rel_f": 0.7}},
        "invented": {"silence": {"per_1000": 40.2}},
        "settings": {"attribute": "relations", "label_thresholds": {}},
        "component": "rin",
        "config": {"components": {"rin": {"model": {"@architectures": "spacy-rin.RIN.v1"}}}},
    }
    return quiet | parts


def unseen(triples: int, f: float = 0.26) -> dict[str, Any]:
    seen = {"rel_f": 0.83, "triples": 50}
    return {"by_seen": {"seen": seen, "unseen": {"rel_f": f, "triples": triples}}}


def test_quiet_report_names_its_score_and_how_to_see_the_errors() -> None:
    (line,) = next_steps(report(), "my model", "a/test.spacy")
    assert line.startswith("rel_f is 80.0,")
    assert line.endswith("spacy-rin render a/test.spacy page.html --model 'my model'")


# What stands out, and what the only line has to name.
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "entities": (
        {"missed": {"entity missed": 75, "span wrong": 63, "pair missed": 100}},
        [
            "entity missed: 75",
            "span wrong: 63",
            "of 340 gold triples",
            "--vectors",
            "--transformer",
        ],
    ),
    "pairs": (
        {
            "missed": {"pair missed": 60, "label wrong": 3, "entity missed": 62},
            "by_label": {"a": label(30, 0.5), "b": label(30, 0.2), "none": label(0, 0.0)},
        },
        ["pair missed: 60", "label wrong: 3", "of 60 gold", "such as b (R 20.0)", "render TEST"],
    ),
    "direction": (
        {"wrong": {"direction wrong": 10, "no such pair": 20, "label wrong": 20}},
        ["direction wrong: 10 of 340 found", "spacy-rin render"],
    ),
    "no such pair": (
        {"wrong": {"no such pair": 30, "span wrong": 20}},
        ["no such pair: 30 of 340 found", "spacy-rin.negatives.v1"],
    ),
    "threshold": (
        {"by_threshold": [{"threshold": 0.5, "rel_f": 0.8}, {"threshold": 0.3, "rel_f": 0.81}]},
        ["80.0", "81.0 with threshold = 0.3", "spacy find-threshold MODEL DEV rin threshold rel_f"],
    ),
    "best threshold between those of the curve": (
        {"scores": {"rel_f": 0.68, "rel_f_best": 0.712}, "by_threshold": []},
        ["68.0", "rel_f_best is 71.2", "higher", "find-threshold"],
    ),
    "unseen": (unseen(10), ["83.0", "26.0", "--training.dropout"]),
    "rare in train": (
        {"by_label": {"a": label(90, in_train=19), "b": label(3, in_train=20)}},
        ["fewer than 20 triples in train: a (19)", "spacy-rin inspect"],
    ),
    "rare in the test set": (
        {"by_label": {"a": label(19), "b": label(20), "only found": label(0)}},
        ["fewer than 20 triples in the test set: a (19)", "--train"],
    ),
    "several sentences": (
        {"joined": {"1": {"rel_f": 0.82}, "4": {"rel_f": 0.45}, "2": {"rel_f": 0.6}}},
        ["82.0", "of 4 in one text: 45.0", "sentencizer"],
    ),
    "silence": (
        {"invented": {"silence": {"per_1000": 99.6}, "silence_negated": {"per_1000": 7.0}}},
        ["silence: 100, silence_negated: 7", "spacy-rin.negatives.v1"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_number_that_stands_out_is_named_with_what_to_change(case: str) -> None:
    parts, words = CASES[case]
    (line,) = next_steps(report(**parts))
    assert all(word in line for word in words), line


@pytest.mark.parametrize(
    "parts",
    [
        {"missed": {"entity missed": 5, "span wrong": 4}},  # too few
        {"missed": {"entity missed": 6, "label wrong": 6, "pair missed": 2}},
        {"wrong": {"direction wrong": 9, "label wrong": 9, "span wrong": 9}},
        {"wrong": {"direction wrong": 10, "label wrong": 41}},
        {"missed": {"entity missed": 9}, "wrong": {"no such pair": 9}},
        {"scores": {"rel_f": 0.8, "rel_f_best": 0.809}},
        unseen(9),
        unseen(100, 0.69),
        {"joined": {"1": {"rel_f": 0.8}, "4": {"rel_f": 0.66}}},
        {"invented": {}, "joined": {}, "by_seen": {}, "by_threshold": [], "by_label": {}},
        {"invented": {"silence": {"per_1000": 99.4}}},
    ],
)
def test_little_is_no_reason(parts: dict[str, Any]) -> None:
    (line,) = next_steps(report(**parts))
    assert line.startswith("rel_f is")


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ({"@architectures": "spacy-transformers.TransformerListener.v1"}, "more sentences"),
        ({"@architectures": "spacy-rin.StaticVectors.v1"}, "try a transformer"),
        ({"@architectures": "x", "include_static_vectors": True}, "try a transformer"),
        ({"@architectures": "x", "include_static_vectors": False}, "word vectors or"),
    ],
)
def test_what_the_pipeline_reads_already_is_not_advised(layer: dict[str, Any], words: str) -> None:
    config = {"components": {"rin": {"model": {"tok2vec": layer}}}}
    (line,) = next_steps(report(config=config, missed={"entity missed": 10}))
    assert words in line


def test_thresholds_of_labels_and_names_of_scores_are_those_of_the_component() -> None:
    settings = {"attribute": "triples", "label_thresholds": {"saw": 0.9}}
    curve = [{"threshold": 0.3, "rel_f": 0.9}]
    (line,) = next_steps(
        report(settings=settings, component="second", by_threshold=curve), dev="my dev"
    )
    assert "label_thresholds = {}" in line
    assert "spacy find-threshold MODEL 'my dev' second threshold triples_rel_f" in line


@pytest.mark.parametrize("case", CASES)
def test_commands_are_commands(case: str) -> None:
    known = {"spacy-rin": cli.app, "spacy": app}
    (line,) = next_steps(report(**CASES[case][0]))
    for program, name in re.findall(r"\b(spacy-rin|spacy) ([a-z][a-z-]*)", line):
        assert name in get_command(known[program]).commands  # type: ignore[attr-defined]


numbers = st.integers(0, 400)
shares = st.floats(0, 1)
kinds = (
    "entity missed",
    "span wrong",
    "label wrong",
    "pair missed",
    "direction wrong",
    "no such pair",
)
reports = st.fixed_dictionaries(
    {
        "scores": st.fixed_dictionaries({"rel_f": shares, "rel_f_best": shares}),
        "missed": st.dictionaries(st.sampled_from(kinds), numbers),
        "wrong": st.dictionaries(st.sampled_from(kinds), numbers),
        "by_label": st.dictionaries(
            st.text(),
            st.fixed_dictionaries(
                {"rel_r": shares, "triples": numbers, "predicted": numbers, "in_train": numbers}
            ),
        ),
        "by_threshold": st.lists(
            st.fixed_dictionaries({"threshold": shares, "rel_f": shares}), max_size=3
        ),
        "by_seen": st.dictionaries(
            st.sampled_from(["seen", "unseen"]),
            st.fixed_dictionaries({"rel_f": shares, "triples": numbers}),
        ),
        "invented": st.dictionaries(
            st.sampled_from(["silence", "silence_negated"]),
            st.fixed_dictionaries({"per_1000": st.floats(0, 5000)}),
        ),
        "joined": st.fixed_dictionaries(
            {k: st.fixed_dictionaries({"rel_f": shares}) for k in ("1", "2", "4")}
        ),
    }
)


@given(reports)
def test_any_report_gives_one_to_four_lines_with_a_number_each(result: dict[str, Any]) -> None:
    lines = next_steps(result)
    assert 1 <= len(lines) <= MOST == 4 and len(set(lines)) == len(lines)
    for line in lines:
        assert line.splitlines() == [line]
        assert any(letter.isdigit() for letter in line) and len(line) < 700


def test_more_dropout_is_advised_where_there_is_little() -> None:
    little, much = ({"config": {"training": {"dropout": rate}}} for rate in (0.1, 0.5))
    assert "--training.dropout" in "\n".join(next_steps(report(**unseen(10), **little)))
    assert "--training.dropout" not in "\n".join(next_steps(report(**unseen(10), **much)))
