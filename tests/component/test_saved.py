"""Damaged parameters: a flipped bit, and values that are no numbers, are an error when loaded."""

from __future__ import annotations

import json
import math
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import spacy
import srsly
import torch
from spacy.language import Language
from thinc.api import Adam
from toy import assert_same, blank, gold_examples, initialised, network, rin_of, texts

TEXT = texts()[0]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved")
    initialised().to_disk(path)
    return path


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "pipeline"))


def flip(path: Path, place: float, bit: int = 0) -> None:
    """Flip a bit at a place of a file, from 0 to 1."""
    data = bytearray(path.read_bytes())
    data[int(place * (len(data) - 1))] ^= 1 << bit
    path.write_bytes(data)


@pytest.mark.parametrize("part", ["model", "cfg", "checksums"])
@pytest.mark.parametrize("place", [0.1, 0.4, 0.7, 0.95])
def test_flipped_bit_is_an_error_that_names_the_file(copied: Path, part: str, place: float) -> None:
    flip(copied / "rin" / part, place)
    with pytest.raises(ValueError, match=r"rin/(model|cfg|checksums) is not as it was saved"):
        spacy.load(copied)


@pytest.mark.parametrize("part", ["model", "cfg", "checksums"])
@pytest.mark.parametrize("data", [b"", b"\x93", b"[]", b'{"model": 5}'])
def test_other_content_is_an_error(copied: Path, part: str, data: bytes) -> None:
    (copied / "rin" / part).write_bytes(data)
    with pytest.raises(ValueError, match="is not as it was saved"):
        spacy.load(copied)


def test_missing_file_is_an_error(copied: Path) -> None:
    (copied / "rin" / "model").unlink()
    with pytest.raises(ValueError, match="rin/model is not as it was saved"):
        spacy.load(copied)


def test_pipeline_saved_before_loads_without_a_word(copied: Path) -> None:
    (copied / "rin" / "checksums").unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rin_of(spacy.load(copied)).labels


def test_component_that_is_saved_again_has_new_checksums(copied: Path) -> None:
    nlp = spacy.load(copied)
    rin_of(nlp).threshold = 0.25
    nlp.to_disk(copied)
    assert rin_of(spacy.load(copied)).cfg["threshold"] == 0.25


def test_flipped_bit_in_bytes_is_an_error() -> None:
    nlp = initialised()
    parts = srsly.msgpack_loads(rin_of(nlp).to_bytes())
    model = bytearray(parts["model"])
    model[len(model) // 2] ^= 1
    damaged = srsly.msgpack_dumps({**parts, "model": bytes(model)})
    with pytest.raises(ValueError, match="rin/model is not as it was saved"):
        rin_of(blank()).from_bytes(damaged)
    del parts["checksums"]  # as earlier versions wrote them
    rin_of(blank()).from_bytes(srsly.msgpack_dumps(parts))


def test_excluded_parts_are_not_compared(copied: Path, tmp_path: Path) -> None:
    flip(copied / "rin" / "cfg", 0.5)
    rin = rin_of(initialised())
    rin.from_disk(copied / "rin", exclude=["cfg", "vocab"])
    rin.to_disk(tmp_path / "parts", exclude=["model"])
    assert json.loads((tmp_path / "parts" / "checksums").read_text()).keys() == {"cfg"}
    rin.from_disk(tmp_path / "parts", exclude=["vocab", "model"])


def test_saving_with_averages_is_read_back(tmp_path: Path) -> None:
    nlp = initialised()
    optimizer = Adam(0.01, use_averages=True)
    nlp.update(gold_examples(nlp)[:4], sgd=optimizer)
    with nlp.use_params(optimizer.averages):
        nlp.to_disk(tmp_path)
        expected = nlp(TEXT)
    assert_same(spacy.load(tmp_path)(TEXT), expected)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["tags.bias", "relations.weight", "pair.weight"])
def test_parameter_that_is_not_finite_is_an_error_when_loaded(
    tmp_path: Path, value: float, name: str
) -> None:
    nlp = initialised()
    network(nlp).get_parameter(name).data.view(-1)[-1] = value
    nlp.to_disk(tmp_path)
    with pytest.raises(ValueError, match=f"parameter '{name}' of 'rin' is not finite"):
        spacy.load(tmp_path)
    with pytest.raises(ValueError, match="not finite"):
        blank().from_bytes(nlp.to_bytes())


def test_word_table_that_is_not_finite_is_an_error_when_loaded(tmp_path: Path) -> None:
    nlp = initialised()
    table = next(node for node in rin_of(nlp).model.walk() if node.has_param("E"))
    table.get_param("E")[3, 2] = math.nan
    nlp.to_disk(tmp_path)
    with pytest.raises(ValueError, match=r"parameter 'spacy-rin.table.E' of 'rin'"):
        spacy.load(tmp_path)


def test_scores_that_are_not_finite_are_an_error() -> None:
    """Parameters can be spoiled after loading, too."""
    nlp = initialised()
    network(nlp).get_parameter("pair.weight").data.fill_(math.nan)
    with pytest.raises(ValueError, match="scores of 'rin' are not finite") as found:
        nlp(TEXT)
    assert "'pair.weight' is not finite" in str(found.value)
    with pytest.raises(ValueError, match="not finite"):
        rin_of(nlp).predict_rounds([nlp.make_doc(TEXT)])


def vectors(value: float) -> Language:
    nlp = blank()
    for word in ("Plato", "London", "zoo"):
        nlp.vocab.set_vector(word, np.ones(24, dtype="float32"))
    nlp.vocab.set_vector("zoo", np.array([0.1] * 23 + [value], dtype="float32"))
    return nlp


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_vectors_that_are_not_finite_are_an_error_before_training(value: float) -> None:
    nlp = vectors(value)
    with pytest.raises(ValueError, match="vectors are not finite, for example that of 'zoo'"):
        nlp.initialize(lambda: gold_examples(nlp))


def test_no_lower_learning_rate_is_advised_where_vectors_are_not_finite() -> None:
    nlp = vectors(0.1)
    nlp.initialize(lambda: gold_examples(nlp))
    nlp.vocab.vectors.data[:] = math.nan
    network(nlp).get_parameter("tags.bias").data.fill_(math.nan)
    with pytest.raises(ValueError, match="loss is not finite") as found:
        nlp.update(gold_examples(nlp))
    message = str(found.value)
    assert "word vectors are not finite" in message and "learn_rate" not in message
    assert len(message) < 1000 and "and 33 more" in message


def test_lower_learning_rate_is_advised_where_nothing_else_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nlp = initialised()
    rin = rin_of(nlp)
    right = rin.get_loss
    monkeypatch.setattr(rin, "get_loss", lambda *args: (math.inf, right(*args)[1]))
    with pytest.raises(ValueError, match="lower learn_rate"):
        nlp.update(gold_examples(nlp)[:2])


def test_integer_parameters_are_no_fault(tmp_path: Path) -> None:
    """Quantised parameters are no floats, and pruned ones are zeros."""
    nlp = initialised()
    module = network(nlp)
    module.register_parameter(
        "steps", torch.nn.Parameter(torch.ones(3, dtype=torch.int64), requires_grad=False)
    )
    module.get_parameter("pair.weight").data.zero_()
    rin_of(nlp).from_bytes(rin_of(nlp).to_bytes(), exclude=["model"])
