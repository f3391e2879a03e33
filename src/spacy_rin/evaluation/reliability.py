"""Scored triples → how far their scores can be trusted.

A triple of score 0.9 should be right nine times in ten. The expected calibration error says how far
the scores are from that (Naeini et al. 2015, Guo et al. 2017):

    ECE = Σ_bins (predictions of the bin / all predictions) · |mean score − share that is right|
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ..arrays.thresholds import ScoredTriples

# The ten bins of equal width.
EDGES = tuple(k / 10 for k in range(11))
# Predictions with lower scores are not looked at: most cells of a table are far below.
LEAST_SCORE = 0.05
# From this score on a user takes a triple for sure.
SURE = 0.9
# With a larger error, scores should not be read as probabilities.
ACCEPTABLE = 0.05


def measure_reliability(scored: ScoredTriples) -> dict[str, Any]:
    """Compare the scores of predicted triples with how many of them are right.

    scored (ScoredTriples): Triples that were found, also below the threshold: at least those with a
        score of 0.05 or more, which are the ones that count.
    RETURNS (dict): "expected_calibration_error" and the number of "predictions". "bins" has, for
        each of ten bins, where it is "from" and "to", its "predictions", their "mean_score", and
        the share of them that is "right". "sure" has the same of all scores of 0.9 or more. A share
        of no predictions is None.
    """
    known = scored.scores >= LEAST_SCORE
    scores, right = scored.scores[known], scored.right[known]
    places = np.digitize(scores, EDGES[1:-1])
    bins = [
        {"from": low, "to": high, **_count(scores[places == k], right[places == k])}
        for k, (low, high) in enumerate(pairwise(EDGES))
    ]
    sure = scores >= SURE
    error = sum(
        row["predictions"] * abs(row["mean_score"] - row["right"])
        for row in bins
        if row["predictions"]
    )
    return {
        "expected_calibration_error": error / len(scores) if len(scores) else None,
        "predictions": len(scores),
        "sure": {"from": SURE, **_count(scores[sure], right[sure])},
        "bins": bins,
    }


def describe_reliability(reliability: dict[str, Any]) -> str:
    """Say in one sentence how far scores can be trusted.

    reliability (dict): What `measure_reliability` returned.
    RETURNS (str): The sentence, without a full stop.
    """
    error, sure = reliability["expected_calibration_error"], reliability["sure"]
    if error is None:
        return f"no triple is scored {LEAST_SCORE} or more"
    found = (
        f"of {sure['predictions']:,} triples scored {SURE} or more, {sure['right']:.0%} are right"
        if sure["predictions"]
        else f"no triple is scored {SURE} or more"
    )
    return f"{found}; expected calibration error {error:.2f}"


def _count(scores: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    some = len(scores) > 0
    return {
        "predictions": len(scores),
        "mean_score": float(scores.mean()) if some else None,
        "right": float(right.mean()) if some else None,
    }
