"""`spacy-rin.total_steps.v1`: a schedule that ends with the training, whatever the data.

A learning rate that falls to zero wants to know how many steps there will be, and a config that
has the number of one data set spoils the training on another without a word.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.util import registry, resolve_dot_names

from ..errors import Errors


def make_total_steps() -> Callable[[Language], Language]:
    """Construct a callback for `[initialize.before_init]`.

    It sets `[training.optimizer.learn_rate] total_steps`, where that is 0, to the steps that
    `spacy train` will make: the batches of an epoch, counted, times `max_epochs`, or `max_steps`
    where these are fewer; and `warmup_steps` to a tenth of them, where it is more. The config that
    is saved has the numbers.
    """

    def before_init(nlp: Language) -> Language:
        learn_rate = nlp.config["training"]["optimizer"]["learn_rate"]
        # Any other schedule, or a plain number in its place, has no such setting.
        if isinstance(learn_rate, dict) and learn_rate.get("total_steps") == 0:
            steps = _count_steps(nlp)
            learn_rate["total_steps"] = steps
            if "warmup_steps" in learn_rate:
                learn_rate["warmup_steps"] = min(learn_rate["warmup_steps"], steps // 10)
        return nlp

    return before_init


def _count_steps(nlp: Language) -> int:
    config = nlp.config.interpolate()
    training = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    most, epochs = training["max_steps"], training["max_epochs"]
    if epochs < 1:  # without end, or a stream, whose batches nobody can count
        if not most:
            raise ValueError(Errors.R025.format(reason="neither max_epochs nor max_steps is set."))
        return int(most)
    before = random.getstate()  # an augmenter draws from it
    try:
        (corpus,) = resolve_dot_names(config, [training["train_corpus"]])
        examples = list(corpus(nlp))
    except ValueError as error:  # as from a corpus without a path
        raise ValueError(Errors.R025.format(reason=error)) from None
    finally:
        random.setstate(before)  # training draws as if nothing had been counted
    # In a chance order, as training reads them, which tells in batches by length.
    random.Random(0).shuffle(examples)
    steps = epochs * sum(1 for _ in training["batcher"](examples))
    return min(steps, most) if most else steps
