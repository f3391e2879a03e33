"""The sizes of a corpus → how long to train on it: batches, epochs, and looks at dev.

A fixed number of epochs suits corpora of one size only: a few sentences then get too few updates,
and thousands more than they need. So the updates are given, within bounds on the epochs.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from spacy.training.batchers import minibatch_by_padded_size

from .numbers import BATCHES, BUFFER, LOOKS, Numbers
from .survey import Survey


@dataclass(frozen=True)
class Plan:
    """How long to train.

    batch (int): Sentences of a batch.
    batch_words (int): Words of a batch, padding counted, where batches are made by length.
    epochs (int): Epochs.
    steps (int): Updates of an epoch.
    eval_frequency (int): Updates between two looks at dev.
    """

    batch: int
    batch_words: int
    epochs: int
    steps: int
    eval_frequency: int

    @property
    def updates(self) -> int:
        """RETURNS (int): Updates of the training."""
        return self.epochs * self.steps

    @property
    def looks(self) -> int:
        """RETURNS (int): Looks at dev. spaCy looks after the first update, and then regularly."""
        return math.ceil(self.updates / self.eval_frequency)


def make_plan(survey: Survey, numbers: Numbers, *, padded: bool = False) -> Plan:
    """Decide how long to train on a corpus.

    survey (Survey): What is known of it.
    numbers (Numbers): The numbers of the encoder.
    padded (bool): Whether a batch holds texts of similar length, which saves a transformer time.
    RETURNS (Plan): At least `numbers.updates` updates, if `numbers.most_epochs` allows that.
    """
    batch = max((least, size) for least, size in BATCHES.items() if survey.docs >= least)[1]
    batch_words = round(batch * survey.mean_length)
    steps = count_padded(survey.lengths, batch_words) if padded else math.ceil(survey.docs / batch)
    wanted = math.ceil(numbers.updates / steps)
    epochs = max(numbers.least_epochs, min(wanted, numbers.most_epochs))
    # The last look is then close to the end of training, where the rate is zero.
    eval_frequency = max(1, (epochs * steps - 1) // LOOKS)
    return Plan(batch, batch_words, epochs, steps, eval_frequency)


def count_padded(lengths: Sequence[int], batch_words: int) -> int:
    """Count the batches of an epoch, where each holds texts of similar length.

    lengths (Sequence[int]): Words of each text.
    batch_words (int): Words of a batch, padding counted.
    RETURNS (int): The batches that spaCy makes of the texts in one random order.
    """
    # Sorted first, so that the order of a file changes nothing. spaCy asks a text for its length.
    texts = [range(length) for length in sorted(lengths)]
    random.Random(0).shuffle(texts)
    return sum(1 for _ in minibatch_by_padded_size(texts, batch_words, buffer=BUFFER))
