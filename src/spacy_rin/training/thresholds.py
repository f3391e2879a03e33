"""`spacy-rin.thresholds.v1`: the last scoring of dev → thresholds in the pipeline that is saved."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from spacy.language import Language
from spacy.util import logger

from ..arrays.thresholds import ScoredTriples, best_label_thresholds, best_threshold
from ..component import find_rin
from ..errors import check_least


def make_threshold_writer(
    per_label: bool = False, least: int = 50
) -> Callable[[Language], Language]:
    """Construct a callback for `[training.before_to_disk]`, which makes thresholds fit dev.

    `threshold` becomes the one with the best exact match on dev. Only what is saved has it:
    training goes on, and is scored, with the threshold of the config.

    per_label (bool): Whether labels get thresholds of their own, in `label_thresholds`.
    least (int): Number of gold triples of dev that a label needs for its own.
    RETURNS (Callable): Takes a pipeline, and returns a copy with other thresholds.
    RAISES (ValueError): If `least` is less than 1.
    """
    check_least("least", least, 1)
    return ThresholdWriter(per_label, least)


class ThresholdWriter:
    """Writes the thresholds that fit the last scoring into a copy of a pipeline.

    per_label (bool): Whether labels get thresholds of their own.
    least (int): Number of gold triples of dev that a label needs for its own.
    """

    def __init__(self, per_label: bool, least: int) -> None:
        self.per_label = per_label
        self.least = least
        self._saved: ScoredTriples | None = None
        self._best = float("-inf")
        self._said = ""

    def __call__(self, nlp: Language) -> Language:
        """Make a copy with thresholds that fit.

        nlp (Language): The pipeline that is trained. It is not changed.
        RETURNS (Language): A copy that shares everything else with it; the same pipeline if it was
            not scored since the last update.
        """
        rin = find_rin(nlp)
        scored = rin.candidates.scored
        if scored is None:
            return nlp
        threshold = best_threshold(scored, rin.cfg["threshold"]).threshold
        own = best_label_thresholds(scored, threshold, self.least) if self.per_label else {}
        self._say(nlp, scored, _describe(threshold, own))
        fitted = copy(rin)
        fitted.cfg = {**rin.cfg, "threshold": threshold, "label_thresholds": own}
        copied = copy(nlp)
        # spaCy has no other way to exchange a component for one that exists already.
        copied._components = [
            (name, fitted if pipe is rin else pipe) for name, pipe in nlp._components
        ]
        return copied

    def _say(self, nlp: Language, scored: ScoredTriples, thresholds: str) -> None:
        """Log the thresholds of model-best and model-last, when training ends.

        spaCy saves after each scoring, and once more at the end. It saves model-best if the score
        is at least as good as all before.
        """
        if scored is self._saved:
            logger.info(
                "Thresholds that fit dev: model-best %s; model-last %s", self._said, thresholds
            )
        self._saved = scored
        if (score := _score(nlp)) >= self._best:
            self._best, self._said = score, thresholds


def _score(nlp: Language) -> float:
    """The score by which spaCy has chosen at the last evaluation."""
    weights: dict[str, Any] = nlp.config["training"]["score_weights"]
    performance = nlp.meta.get("performance", {})
    return sum(performance.get(name, 0.0) * (weight or 0.0) for name, weight in weights.items())


def _describe(threshold: float, own: dict[str, float]) -> str:
    return ", ".join([f"{threshold:.3f}", *(f"{name} {value:.3f}" for name, value in own.items())])
