"""The variants of the recipe: each differs from its neighbour by one lever, and none sees test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import srsly
from paths import ROOT
from spacy.training import Corpus
from spacy.util import load_config_from_str, load_model_from_config
from spacy.vocab import Vocab
from toy import gold_docs, rin_of, trained, write_corpus

from configs import flat
from scripts.reproduce import own_levers
from scripts.reproduce.modules.matrix import Run, read_matrix
from scripts.reproduce.own_levers import BEFORE, PULLED, RECIPE, variants
from spacy_rin.recipe.survey import Survey

# What a lever changes in a config. The plan follows from the numbers, and is part of "updates".
CHANGES = {
    "letters": {"components.rin.model.tok2vec.embed.*.letters"},
    "vectors": {"components.rin.model.tok2vec.embed.*", "paths.vectors"},
    "dropout": {"components.rin.model.tok2vec.encode", "training.dropout"},
    "updates": {"training.max_epochs", "training.eval_frequency", "training.batcher.size"}
    | {"training.optimizer.learn_rate.initial_rate"},
    "distance": {"components.rin.model.distance"},
    "between": {"components.rin.model.between"},
    "types": {"components.rin.model.types"},
    "averages": {"training.optimizer.use_averages"},
    "affixes": {"components.rin.model.tok2vec.embed.*.affixes"},
}


@pytest.fixture(scope="module")
def survey() -> Survey:
    return Survey.from_dict(srsly.read_json(ROOT / "configs" / "own_survey.json")["922"])


def settings(name: str, survey: Survey) -> dict[str, Any]:
    text, _ = variants()[name].write(survey)
    return flat(load_config_from_str(text, interpolate=False))


@pytest.mark.parametrize("name", sorted(PULLED))
def test_variant_differs_by_its_lever_alone(name: str, survey: Survey) -> None:
    pulled = {variant for variant in variants() if variant.endswith(f"_{name}")}
    assert len(pulled) == 2
    for variant in pulled:
        one = settings(variant, survey)
        other = settings("before" if variant.startswith("before") else "recipe", survey)
        changed = {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
        assert changed
        for key in changed:
            assert any(key.startswith(place) for place in CHANGES[name]), key


def test_recipe_is_the_config_of_the_folder(survey: Survey) -> None:
    text, _ = RECIPE.write(survey)
    assert text == (ROOT / "configs" / "own_vectors.cfg").read_text(encoding="utf8")


def test_every_variant_is_a_pipeline(survey: Survey) -> None:
    for variant in variants().values():
        config = load_config_from_str(variant.write(survey)[0], interpolate=False)
        assert load_model_from_config(config, auto_fill=True).has_pipe("rin")


def test_all_that_is_before_is_what_the_levers_take_away() -> None:
    assert RECIPE.pull(**{k: v for _, off in PULLED.values() for k, v in off.items()}) == BEFORE
    assert not BEFORE.vectors and not BEFORE.long and not BEFORE.numbers.between


def test_rows_are_scored_on_dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(own_levers, "FOLDER", ROOT / "configs")
    monkeypatch.setattr(own_levers.reproduce, "main", lambda *args: asked.append(args))
    monkeypatch.chdir(tmp_path)
    own_levers.main()
    ((matrix, report, *_),) = asked
    runs = read_matrix(matrix)
    assert report == "levers" and {run.row for run in runs} == set(variants())
    assert len(runs) == 3 * len(variants())
    for run in runs:
        _, evaluation = run.commands()
        assert str(Path("corpus/conll04/dev")) in evaluation
        assert not any("test" in Path(word).parts for command in run.commands() for word in command)


@pytest.mark.training
def test_settings_are_scored_as_the_component_scores_with_them(tmp_path: Path) -> None:
    nlp = trained(threshold=0.25)
    nlp.to_disk(tmp_path / "model")
    write_corpus(tmp_path / "dev.spacy", gold_docs(Vocab()))
    lines = list(own_levers.score_settings(tmp_path / "model", tmp_path / "dev.spacy"))
    asked = [(line["signatures"], line["threshold"], line["fitted"]) for line in lines]
    assert asked == [(s, t, t == 0.25) for s in ("off", "seen") for t in (0.5, 0.25)]
    for signatures, threshold in (("off", 0.25), ("seen", 0.5)):
        rin_of(nlp).cfg.update(signatures=signatures, threshold=threshold)
        expected = nlp.evaluate(list(Corpus(tmp_path / "dev.spacy")(nlp)))["rel_strict_f"]
        (line,) = [x for x in lines if (x["signatures"], x["threshold"]) == (signatures, threshold)]
        assert line["rel_strict_f"] == expected


def test_part_is_test_unless_a_row_says_otherwise() -> None:
    run = Run("a", "conll04", 0, str(ROOT / "configs" / "own.cfg"), 1, ())
    assert str(Path("corpus/conll04/test")) in run.commands()[-1]
