"""Calibrated logits and their inverse; the order of scores."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_rin.arrays.calibration import (
    UNCALIBRATED,
    Calibration,
    to_logits,
    to_probabilities,
)

CALIBRATIONS = st.builds(Calibration, st.floats(0.05, 20), st.floats(-5, 5))
LOGITS = st.lists(st.floats(-20, 20), min_size=1, max_size=20)


@given(calibration=CALIBRATIONS, logits=LOGITS)
def test_order_stays(calibration: Calibration, logits: list[float]) -> None:
    ranked = np.array(sorted(logits))
    found = to_probabilities(calibration.scale(ranked))
    assert (np.diff(found) >= 0).all()
    apart = np.diff(ranked) > 1e-3
    assert (np.diff(calibration.scale(ranked))[apart] > 0).all()


@given(calibration=CALIBRATIONS, logits=LOGITS)
def test_unscale_is_the_inverse(calibration: Calibration, logits: list[float]) -> None:
    found = calibration.unscale(calibration.scale(np.array(logits)))
    np.testing.assert_allclose(found, logits, atol=1e-9)


@given(logits=LOGITS)
def test_probabilities_are_those_of_the_sigmoid(logits: list[float]) -> None:
    expected = [1 / (1 + math.exp(-z)) for z in logits]
    np.testing.assert_allclose(to_probabilities(np.array(logits)), expected, atol=1e-12)


@given(probability=st.floats(1e-9, 1 - 1e-9))
def test_logits_are_log_odds(probability: float) -> None:
    expected = math.log(probability / (1 - probability))
    assert float(to_logits(probability)) == pytest.approx(expected, abs=1e-6)


def test_ends_of_the_scale_stay() -> None:
    ends = np.array([0.0, 1.0])
    assert to_logits(ends).tolist() == [-math.inf, math.inf]
    scaled = Calibration(3.0, -1.0).scale(to_logits(ends))
    assert to_probabilities(scaled).tolist() == [0.0, 1.0]


@given(logits=LOGITS)
def test_without_calibration_nothing_changes(logits: list[float]) -> None:
    assert UNCALIBRATED.scale(np.array(logits)).tolist() == logits
    assert UNCALIBRATED.unscale(np.array(logits)).tolist() == logits
