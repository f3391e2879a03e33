"""`spacy-rin.total_steps.v1`: config and training data → the number of steps, for the schedule.

A learning rate that falls to zero has to know how many steps there will be. A config with the
number for one data set silently spoils training on another.
"""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training import Example
from spacy.util import registry, resolve_dot_names

from ..errors import Errors, Warnings

# Dev should be scored at least this often: the best of a few models is not much of a choice.
LEAST_LOOKS = 10


def make_total_steps() -> Callable[[Language], Language]:
    """Construct a callback for `[initialize.before_init]`, so that a schedule ends with training.

    Where `[training.optimizer.learn_rate] total_steps` is 0, the callback sets it to the number of
    steps that `spacy train` will make. That is the counted batches of an epoch times `max_epochs`,
    or `max_steps` if these are fewer. `warmup_steps` is lowered to a tenth of it if it is more. The
    saved config has these numbers.

    Whatever the schedule is, the callback warns if dev will be scored fewer than ten times. If it
    is scored at step 0 alone, the best model is one that has learned from a single batch.

    RETURNS (Callable): Takes a pipeline, changes its config and returns it. It raises a ValueError
        if training has no end or the batches cannot be counted.
    """

    return _set_total_steps


def _set_total_steps(nlp: Language) -> Language:
    learn_rate = nlp.config["training"]["optimizer"]["learn_rate"]
    # Another schedule, or a plain number, has no such setting.
    if isinstance(learn_rate, dict) and learn_rate.get("total_steps") == 0:
        steps = _count_steps(nlp)
        learn_rate["total_steps"] = steps
        if "warmup_steps" in learn_rate:
            learn_rate["warmup_steps"] = min(learn_rate["warmup_steps"], steps // 10)
    else:
        steps = _count_few_steps(nlp)
    _check_looks(nlp, steps)
    return nlp


def _check_looks(nlp: Language, steps: int) -> None:
    """Warn if dev is scored less than LEAST_LOOKS times in a training of that many steps."""
    training = nlp.config.interpolate()["training"]
    frequency = training["eval_frequency"]
    # The first look is at step 0. spaCy makes one step more than max_steps.
    looks = math.ceil((steps + (steps == training["max_steps"])) / frequency)
    if not steps or looks >= LEAST_LOOKS:
        return
    wanted = max(1, steps // LEAST_LOOKS)
    often = f"--training.eval_frequency {wanted}, or " if wanted < frequency else ""
    message = Warnings.R187.format(
        looks="at step 0 alone" if looks == 1 else f"{looks} times",
        steps=steps,
        frequency=frequency,
        choice="a model that has seen one batch" if looks == 1 else "the best of few",
        setting=f"{often}more --training.max_epochs",
    )
    warnings.warn(message, stacklevel=2)


def _count_few_steps(nlp: Language) -> int:
    """Count the steps of a training as far as there may be too few; 0 if that is not known.

    Data is read up to the number of batches that is enough.
    """
    config = nlp.config.interpolate()
    training = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    enough = LEAST_LOOKS * training["eval_frequency"]
    most, epochs = training["max_steps"], training["max_epochs"]
    if epochs < 1:
        return int(most)
    try:
        batches = training["batcher"](_read_train(nlp, config, training))
        steps = epochs * sum(1 for _ in islice(batches, enough))
    except (ValueError, OSError):  # spaCy will say what is wrong with the corpus.
        return 0
    return min(steps, most) if most else steps


def _read_train(nlp: Language, config: Any, training: Any) -> Iterable[Example]:
    """The Examples of train. Training draws at random as if they had not been read."""
    before = random.getstate()  # An augmenter draws from it.
    try:
        (corpus,) = resolve_dot_names(config, [training["train_corpus"]])
        yield from corpus(nlp)
    finally:
        random.setstate(before)


def _count_steps(nlp: Language) -> int:
    """Count the steps of a training by making its batches once."""
    config = nlp.config.interpolate()
    training = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    most, epochs = training["max_steps"], training["max_epochs"]
    if epochs < 1:  # Training has no end (0), or data is a stream (-1), which cannot be counted.
        if not most:
            raise ValueError(Errors.R025.format(reason="neither max_epochs nor max_steps is set."))
        return int(most)
    try:
        examples = list(_read_train(nlp, config, training))
    except ValueError as error:  # For example, a corpus has no path.
        raise ValueError(Errors.R025.format(reason=error)) from None
    # Shuffle as training does: with batches by length, the order changes their number.
    random.Random(0).shuffle(examples)
    steps = epochs * sum(1 for _ in training["batcher"](examples))
    return min(steps, most) if most else steps
