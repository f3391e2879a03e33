"""Logits of the relation table ↔ calibrated logits, whose probabilities are the scores of triples.

A model is often too sure, or sure of triples whose entities are wrong. Two numbers mend it, by
Platt scaling (Platt 1999; with the bias 0 it is the temperature scaling of Guo et al. 2017):

    score = σ(logit / temperature + bias)

A higher logit has a higher score. So triples stay in the same order, and a threshold on the scores
is a threshold on the logits. Decoding compares logits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Calibration(NamedTuple):
    """How the scores of triples are made of logits. By default they are plain probabilities.

    temperature (float): What logits are divided by, more than 0.
    bias (float): What is added then.

    >>> softer = Calibration(temperature=2.0, bias=-1.0)
    >>> softer.scale(4.0), softer.unscale(1.0)
    (1.0, 4.0)
    """

    temperature: float = 1.0
    bias: float = 0.0

    def scale(self, logits: Any) -> Any:
        """Calibrate logits.

        logits (float | ndarray | Tensor): Logits of the model.
        RETURNS (float | ndarray | Tensor): The calibrated ones, of the same type and shape.
        """
        return logits / self.temperature + self.bias

    def unscale(self, logits: Any) -> Any:
        """Find the logits of the model that become the given ones: the inverse of `scale`.

        logits (float | ndarray | Tensor): Calibrated logits.
        RETURNS (float | ndarray | Tensor): Those of the model, of the same type and shape.
        """
        return (logits - self.bias) * self.temperature


# The scores of a pipeline that was never calibrated.
UNCALIBRATED = Calibration()


def to_logits(probabilities: Any) -> np.ndarray:
    """Turn probabilities into logits.

    probabilities (float | ndarray): Numbers from 0 to 1, of any shape.
    RETURNS (ndarray): Logits of the same shape; −∞ for 0 and ∞ for 1.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    with np.errstate(divide="ignore"):
        logits: np.ndarray = np.log(p) - np.log1p(-p)
    return logits


def to_probabilities(logits: Any) -> np.ndarray:
    """Turn logits into probabilities.

    logits (float | ndarray): Numbers of any shape.
    RETURNS (ndarray): Probabilities of the same shape.
    """
    # This form of the sigmoid overflows nowhere.
    probabilities: np.ndarray = 0.5 * (1 + np.tanh(0.5 * np.asarray(logits, dtype=np.float64)))
    return probabilities
