"""The model card: what it has, and what it leaves out."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from spacy_rin.corpus.statistics import Labels
from spacy_rin.evaluation.card import SCORES, find_limits, make_card

META: dict[str, Any] = {
    "lang": "en",
    "name": "rin_toy",
    "version": "1.2.3",
    "spacy_version": ">=3.8,<3.9",
    "description": "Reads toys.",
    "license": "MIT",
    "pipeline": ["tagger", "rin"],
    "sources": [{"name": "Toys", "url": "https://example.org/toys", "author": "A. Toymaker"}],
}
LABELS = Labels(
    docs=1200,
    entities=Counter(PER=30, LOC=2000),
    relations=Counter(knows=1, born_in=1500),
    examples={"knows": "Ada | knows | Alan", "born_in": "Ada | born_in | London"},
)
SETTINGS = {"unit": "sentence", "anchor": "last", "entity_labels": ["LOC", "PER"]}
ROW = {"rel_p": 0.9, "rel_r": 0.8, "rel_f": 0.847, "triples": 90}


def result(**changes: Any) -> dict[str, Any]:
    """A result of `spacy-rin evaluate`, as far as cards read it."""
    scores = {f"{name}_{x}": 0.5 for name in ("ents", *SCORES) for x in "prf"}
    found = {
        "scores": {**scores, "rel_f": 0.7951},
        "per_type": {"born_in": {"p": 1.0, "r": 0.5, "f": 0.667}},
        "by_seen": {"seen": ROW, "unseen": {**ROW, "rel_r": 0.25, "triples": 10}},
        "joined": {"1": {**ROW, "rel_f": 0.6}},
        "config": {"components": {"x": {"factory": "rin", "model": {"rounds": 3}}}},
        "settings": SETTINGS,
        "data": {"test": {"docs": 703, "triples": 1607}},
        "chosen_on": "dev",
        "seed": 5,
        "hardware": {"processor": "Abacus", "gpu": None, "torch_threads": 1},
    }
    return {**found, **changes}


def test_card_names_data_licence_and_training() -> None:
    card = make_card(META, result(), LABELS)
    assert card.startswith("# en_rin_toy\n\nReads toys.\n")
    assert "| data | [Toys](https://example.org/toys) (A. Toymaker) |" in card
    assert "| licence | MIT |" in card
    assert "| trained on | 1,200 sentences, 1,501 triples |" in card
    assert "| tested on | 703 sentences, 1,607 triples |" in card
    assert "| rounds (K), seed | 3, 5 |" in card
    assert 'spacy.load("en_rin_toy")' in card


def test_unknown_data_and_licence_are_not_made_up() -> None:
    card = make_card({**META, "sources": None, "license": ""}, result(), LABELS)
    assert "| data | not said |" in card and "| licence | not said |" in card


def test_every_score_has_its_meaning() -> None:
    card = make_card(META, result(), LABELS)
    assert "| `rel` | 50.0 | 50.0 | 79.5 | label and both spans: exact match |" in card
    assert all(f"| `{name}` |" in card for name in SCORES)


def test_what_is_found_in_texts_that_state_nothing_is_said() -> None:
    rows = {"silence": (12.46, 321), "silence_negated": (200.0, 124)}
    invented = {name: {"per_1000": found, "texts": n} for name, (found, n) in rows.items()}
    card = make_card(META, result(invented=invented), LABELS)
    assert "12 in 1,000 texts of unrelated names (`silence`, 321 texts), 200 in 1,000 " in card
    assert "200 in 1,000 texts that deny a relation (`silence_negated`, 124 texts)." in card
    assert "none is stated" not in make_card(META, result(), LABELS)


def test_score_that_the_result_lacks_is_left_out_and_named() -> None:
    old = result()
    old["scores"] = {k: v for k, v in old["scores"].items() if not k.startswith("rel_text")}
    card = make_card(META, old, LABELS)
    assert "| `rel_text` |" not in card and "| `rel_strict` |" in card
    assert "Not in this result: `rel_text`." in card
    assert "Not in this result" not in make_card(META, result(), LABELS)


def test_score_without_a_meaning_is_on_the_card() -> None:
    new = result()
    new["scores"] |= {"rel_new_p": 0.1, "rel_new_r": 0.2, "rel_new_f": 0.3, "rel_half_f": 0.4}
    card = make_card(META, new, LABELS)
    assert "| `rel_new` | 10.0 | 20.0 | 30.0 |  |" in card
    assert "rel_half" not in card  # no precision, no recall


def test_labels_stand_by_frequency_with_count_score_and_example() -> None:
    card = make_card(META, result(), LABELS)
    born = r"| `born_in` | 1500 | 66.7 | Ada \| born_in \| London |"
    knows = r"| `knows` | 1 | – | Ada \| knows \| Alan |"  # test has none
    assert f"{born}\n{knows}" in card
    assert "`LOC` (2,000), `PER` (30)" in card


def test_speed_stands_there_if_it_was_measured() -> None:
    assert "words/s" not in make_card(META, result(), LABELS)
    card = make_card(META, result(speed={"words_per_s": 12345, "words": 9}), LABELS)
    assert "12,345 words/s on raw text (Abacus, 1 threads)" in card


def test_limits_follow_from_the_result() -> None:
    limits = " ".join(find_limits(META, result(), LABELS))
    assert "90% of the test triples stand as text in train" in limits
    assert "80% of those, and 25% of the others" in limits
    assert "rel_f is 60.0; of gold sentences, 79.5" in limits
    assert "sentence by sentence" in limits


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"by_seen": {}}, "stand as text"),
        ({"joined": {}}, "On raw text"),
        ({"settings": {**SETTINGS, "joint_tags": [["B-X", "S-X"]]}}, "of nested mentions"),
        ({"settings": {**SETTINGS, "unit": "doc"}}, "sentence by sentence"),
    ],
)
def test_limits_say_nothing_that_was_not_measured(changes: dict[str, Any], missing: str) -> None:
    assert missing in " ".join(find_limits(META, result(), LABELS))
    assert missing not in " ".join(find_limits(META, result(**changes), LABELS))


def test_limits_of_the_data_are_passed_on() -> None:
    meta = {**META, "sources": ["plain name", {"name": "Toys", "limits": "Made of wood."}]}
    assert find_limits(meta, result(), LABELS)[-1] == "Made of wood."


def test_thresholds_are_on_the_card_with_where_they_come_from() -> None:
    plain = make_card(META, result(settings={**SETTINGS, "threshold": 0.5}), LABELS)
    assert "| threshold | 0.5 |" in plain
    own = {"born_in": 0.25}
    fitted = result(settings={**SETTINGS, "threshold": 0.4123, "label_thresholds": own})
    callback = {"@callbacks": "spacy-rin.thresholds.v1"}
    fitted["config"] = {**fitted["config"], "training": {"before_to_disk": callback}}
    card = make_card(META, fitted, LABELS)
    assert "| threshold | 0.412; `born_in` 0.25 (the best on dev) |" in card


RELIABILITY = {
    "expected_calibration_error": 0.2134,
    "predictions": 900,
    "sure": {"from": 0.9, "predictions": 1312, "mean_score": 0.95, "right": 0.508},
    "bins": [],
}


def test_calibration_and_reliability_are_on_the_card() -> None:
    assert "| scores | as the model gives them |" in make_card(META, result(), LABELS)
    settings = {**SETTINGS, "temperature": 2.0, "score_bias": -0.8512}
    card = make_card(META, result(settings=settings, reliability=RELIABILITY), LABELS)
    assert (
        "| scores | calibrated: temperature 2, bias -0.851; on test, of 1,312 triples scored 0.9 "
        "or more, 51% are right; expected calibration error 0.21 |"
    ) in card


@pytest.mark.parametrize(("setting", "rule"), [("seen", "Only triples"), ("off", "other types")])
def test_signatures_are_on_the_card(setting: str, rule: str) -> None:
    seen = [["PER", "born_in", "LOC", 1500], ["PER", "knows", "", 1]]
    card = make_card(
        META, result(settings={**SETTINGS, "signatures": setting, "seen_signatures": seen}), LABELS
    )
    section = card.split("## Type signatures\n")[1].split("\n## ")[0]
    assert rule in section
    assert "| `PER` | `born_in` | `LOC` | 1500 |\n| `PER` | `knows` | – | 1 |" in section


def test_result_of_an_earlier_version_has_no_signatures() -> None:
    assert "Type signatures" not in make_card(META, result(), LABELS)
