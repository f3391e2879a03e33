"""A trained pipeline and dev → scores that can be trusted, and thresholds that fit them.

The model is trained to tell cells apart, and not to say how often it is right. Above all, a triple
is wrong if one of its entities is, which its cell does not know. `arrays/calibration.py` says how
two numbers mend the scores. Here they are found: a logistic regression of "right" on the logit.

Shapes: C triples, k parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.scorer import PRFScore

from ..arrays.calibration import Calibration, to_logits, to_probabilities
from ..arrays.thresholds import (
    ScoredTriples,
    best_label_thresholds,
    best_threshold,
    thresholds_by_label,
)
from ..component import RelationExtractor, find_rin
from ..corpus.docbin import check_docs
from ..errors import Errors, check_least
from ..scorer import match_predicted
from .reading import as_relations, predict_examples, whole_units
from .reliability import LEAST_SCORE, measure_reliability

# Predictions that two numbers can be found from: so many that are right, and as many that are not.
LEAST_OF_EACH = 20
# Temperatures that are tried. Those beyond say that right and wrong can be told apart without a
# mistake, or not at all.
TEMPERATURES = (0.05, 20.0)
# dev is read at this temperature. At 1, a score of float32 is 1 from a logit of 17 on.
SOFT = 10.0
ROUNDS = 100


@dataclass(frozen=True)
class Calibrated:
    """What calibration has found, and what it changes on dev.

    calibration (Calibration): The temperature and the bias.
    threshold (float): Least score of a triple.
    label_thresholds (dict[str, float]): The same for single labels.
    before (dict): What `measure_reliability` says of the scores that the pipeline gave.
    after (dict): The same of the scores that it gives now.
    f_before (float): F1 of the exact match, before.
    f_after (float): The same now.
    """

    calibration: Calibration
    threshold: float
    label_thresholds: dict[str, float]
    before: dict[str, Any]
    after: dict[str, Any]
    f_before: float
    f_after: float


def calibrate(
    nlp: Language,
    dev: str | Path,
    *,
    component: str = "",
    per_label: bool = False,
    least: int = 50,
) -> Calibrated:
    """Find temperature, bias and thresholds of a rin component on dev, and set them.

    The thresholds move with the scores, so that the same triples remain. They are replaced by those
    that are best on dev if these have a higher F1 there. dev is read once, as one unit a Doc.

    nlp (Language): A trained pipeline; its rin component is changed. Save it by `nlp.to_disk`.
    dev (str | Path): Gold Docs, .spacy. Not those that the pipeline was trained on, nor test.
    component (str): Name of the component; empty for the first one.
    per_label (bool): Whether labels may get thresholds of their own.
    least (int): Number of gold triples of dev that a label needs for its own.
    RETURNS (Calibrated): What was found and set.
    RAISES (ValueError): If dev has no relations, or too few predictions that are right or wrong.
    """
    check_least("least", least, 1)
    rin = find_rin(nlp, component)
    raw = _read_logits(nlp, rin, dev)
    seen = raw.scores >= to_logits(LEAST_SCORE)
    right = raw.right[seen]
    if min(right.sum(), (~right).sum()) < LEAST_OF_EACH:
        raise ValueError(
            Errors.R251.format(
                path=dev,
                right=int(right.sum()),
                wrong=int((~right).sum()),
                score=LEAST_SCORE,
                least=LEAST_OF_EACH,
            )
        )
    fitted = fit_calibration(raw.scores[seen], right)
    before, after = _scored(raw, rin.calibration), _scored(raw, fitted)
    old = (rin.cfg["threshold"], rin.cfg["label_thresholds"])
    moved = _move(rin.calibration, fitted, *old)
    threshold, own = _choose_thresholds(after, moved, per_label, least)
    rin.cfg.update(
        temperature=fitted.temperature,
        score_bias=fitted.bias,
        threshold=threshold,
        label_thresholds=own,
    )
    return Calibrated(
        fitted,
        threshold,
        own,
        measure_reliability(before),
        measure_reliability(after),
        _f1(before, *old),
        _f1(after, threshold, own),
    )


def fit_calibration(logits: np.ndarray, right: np.ndarray) -> Calibration:
    """Find the temperature and the bias with the lowest log loss.

    The loss is convex in 1 / temperature and the bias, so that Newton's method finds them. If the
    best temperature is out of bounds, the bound is taken, and the bias that is best with it.

    logits (ndarray): (C,) logits of predicted triples, finite.
    right (ndarray): (C,) whether each is right. Some are, and some are not.
    RETURNS (Calibration): What was found.
    """
    z, y = np.asarray(logits, dtype=np.float64), np.asarray(right, dtype=np.float64)
    ones = np.ones_like(z)
    low, high = TEMPERATURES
    slope, bias = _regress(np.stack([z, ones], axis=1), y, np.array([1.0, 0.0]), 0.0)
    if not 1 / high <= slope <= 1 / low:
        slope = min(max(slope, 1 / high), 1 / low)
        (bias,) = _regress(ones[:, None], y, np.zeros(1), slope * z)
    return Calibration(float(1 / slope), float(bias))


def log_loss(logits: np.ndarray, right: np.ndarray) -> float:
    """Compute the mean negative log-likelihood of what is right.

    logits (ndarray): (C,) logits of predicted triples.
    right (ndarray): (C,) whether each is right.
    RETURNS (float): The loss; 0 if there are none.
    """
    losses = np.logaddexp(0, np.where(right, -logits, logits))
    return float(losses.mean()) if len(losses) else 0.0


def _regress(
    X: np.ndarray, y: np.ndarray, start: np.ndarray, offset: np.ndarray | float
) -> np.ndarray:
    """(k,) weights w of the logistic regression σ(X w + offset), by Newton's method.

    X (ndarray): (C, k) features.
    y (ndarray): (C,) 0 or 1.
    start (ndarray): (k,) weights to start from.
    offset (ndarray | float): (C,) what is added to the logits.
    """
    w, loss = start, log_loss(X @ start + offset, y > 0)
    for _ in range(ROUNDS):
        p = to_probabilities(X @ w + offset)
        gradient = X.T @ (p - y)
        # The ridge keeps the step finite where all is certain.
        hessian = (X.T * (p * (1 - p))) @ X + 1e-9 * np.eye(len(w))
        step = np.linalg.solve(hessian, gradient)
        # A whole step may be too long far from the minimum.
        for scale in 0.5 ** np.arange(30):
            found = log_loss(X @ (w - scale * step) + offset, y > 0)
            if found < loss:
                break
        else:
            break
        w, loss = w - scale * step, found
    return w


def _read_logits(nlp: Language, rin: RelationExtractor, dev: str | Path) -> ScoredTriples:
    """The triples that a pipeline finds in dev far below its threshold, with logits as scores."""
    check_docs(dev)
    attribute = rin.cfg["attribute"]
    with as_relations(nlp, rin), whole_units(nlp, rin), _far_down(rin):
        found = match_predicted(predict_examples(nlp, dev, attribute))
    if not found.gold:
        raise ValueError(Errors.R250.format(path=dev))
    return replace(found, scores=Calibration(SOFT).unscale(to_logits(found.scores)))


@contextmanager
def _far_down(rin: RelationExtractor) -> Iterator[None]:
    """Find triples as far down as the component reads, with scores that are 0 or 1 nowhere."""
    chosen = dict(rin.cfg)
    rin.cfg.update(temperature=SOFT, score_bias=0.0, threshold=0.0, label_thresholds={})
    try:
        yield
    finally:
        rin.cfg.update(chosen)


def _scored(raw: ScoredTriples, calibration: Calibration) -> ScoredTriples:
    """Triples with logits as scores → the same with calibrated scores."""
    floor = float(raw.scores.min(initial=0.0))
    return replace(
        raw,
        scores=to_probabilities(calibration.scale(raw.scores)),
        floor=float(to_probabilities(calibration.scale(floor))),
    )


def _move(
    before: Calibration, after: Calibration, threshold: float, own: Mapping[str, float]
) -> tuple[float, dict[str, float]]:
    """The thresholds under which the same triples remain."""

    def move(value: float) -> float:
        return float(to_probabilities(after.scale(before.unscale(to_logits(value)))))

    return move(threshold), {label: move(value) for label, value in own.items()}


def _choose_thresholds(
    scored: ScoredTriples, moved: tuple[float, dict[str, float]], per_label: bool, least: int
) -> tuple[float, dict[str, float]]:
    """Of the moved thresholds and those that fit dev, the best on dev; the first of equal ones."""
    threshold = best_threshold(scored, moved[0]).threshold
    choices = [moved, (threshold, {})]
    if per_label:
        choices.append((threshold, best_label_thresholds(scored, threshold, least)))
    return max(choices, key=lambda choice: _f1(scored, *choice))


def _f1(scored: ScoredTriples, threshold: float, own: Mapping[str, float]) -> float:
    """F1 of the exact match at these thresholds."""
    names = list(dict.fromkeys([*scored.labels.tolist(), *own]))
    least = dict(zip(names, thresholds_by_label(names, threshold, own).tolist(), strict=True))
    found = scored.scores >= np.array([least[label] for label in scored.labels], dtype=np.float64)
    right = int(scored.right[found].sum())
    score = PRFScore(tp=right, fp=int(found.sum()) - right, fn=scored.gold.total() - right)
    return float(score.fscore)
