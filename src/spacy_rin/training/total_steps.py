"""`spacy-rin.total_steps.v1`: config and training data → the number of steps, for the schedule.

A learning rate that falls to zero has to know how many steps there will be. A config with the
number for one data set silently spoils training on another.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.util import registry, resolve_dot_names

from ..errors import Errors


def make_total_steps() -> Callable[[Language], Language]:
    """Construct a callback for `[initialize.before_init]`, so that a schedule ends with training.

    Where `[training.optimizer.learn_rate] total_steps` is 0, the callback sets it to the number of
    steps that `spacy train` will make. That is the counted batches of an epoch times `max_epochs`,
    or `max_steps` if these are fewer. `warmup_steps` is lowered to a tenth of it if it is more. The
    saved config has these numbers.

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
    return nlp


def _count_steps(nlp: Language) -> int:
    """Count the steps of a training by making its batches once."""
    config = nlp.config.interpolate()
    training = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    most, epochs = training["max_steps"], training["max_epochs"]
    if epochs < 1:  # Training has no end (0), or data is a stream (-1), which cannot be counted.
        if not most:
            raise ValueError(Errors.R025.format(reason="neither max_epochs nor max_steps is set."))
        return int(most)
    before = random.getstate()  # An augmenter draws from it.
    try:
        (corpus,) = resolve_dot_names(config, [training["train_corpus"]])
        examples = list(corpus(nlp))
    except ValueError as error:  # For example, a corpus has no path.
        raise ValueError(Errors.R025.format(reason=error)) from None
    finally:
        random.setstate(before)  # Training draws as if nothing had been counted.
    # Shuffle as training does: with batches by length, the order changes their number.
    random.Random(0).shuffle(examples)
    steps = epochs * sum(1 for _ in training["batcher"](examples))
    return min(steps, most) if most else steps
