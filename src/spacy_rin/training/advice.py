"""What a training has shown → advice at its end, where something has gone wrong in plain sight."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from spacy.language import Language
from spacy.util import resolve_dot_names

from ..component import find_rin
from ..scorer import exact_key, score_relations
from .total_steps import LEAST_LOOKS

# F1 on train, and the share of it that dev has at most, where a model has learned train by heart.
KNOWN_BY_HEART, LITTLE_OF_IT = 0.9, 0.5
# Examples of train that are read to find that out.
SAMPLE = 200


def advise(nlp: Language, looks: int, steps: int, dev: float) -> Iterator[str]:
    """Say what to change, if dev was looked at too rarely or train was learned by heart.

    nlp (Language): The trained pipeline.
    looks (int): How often dev was scored.
    steps (int): Steps of the training.
    dev (float): `rel_f` on dev, when it was scored last.
    YIELDS (str): A sentence or two for each thing to change.
    """
    if looks < LEAST_LOOKS:
        yield (
            f"Looks at dev: {looks}. So model-best is the best of few. Look more often "
            f"(--training.eval_frequency {max(1, steps // (2 * LEAST_LOOKS))}), or train longer."
        )
    # Train is read only where dev leaves room for it.
    train = score_train(nlp) if dev <= LITTLE_OF_IT else 0.0
    if train >= KNOWN_BY_HEART and dev <= LITTLE_OF_IT * train:
        yield (
            f"The model knows train by heart: rel_f is {train:.1%} on train, and {dev:.1%} on dev. "
            "Try more dropout (--training.dropout 0.4), word vectors (--paths.vectors), a "
            "transformer, or more sentences."
        )


def score_train(nlp: Language) -> float:
    """Score the exact match on the first Examples of train, with the parameters that dev has seen.

    nlp (Language): The trained pipeline.
    RETURNS (float): `rel_f`; 0.0 if there is no training data to read.
    """
    config = nlp.config.interpolate()
    try:
        (corpus,) = resolve_dot_names(config, [config["training"]["train_corpus"]])
        examples = list(islice(corpus(nlp), SAMPLE))
    except ValueError:  # For example, the corpus has no path.
        return 0.0
    with nlp.use_params(find_rin(nlp).averages):
        for eg, doc in zip(examples, nlp.pipe([eg.predicted for eg in examples]), strict=True):
            eg.predicted = doc
    return float(score_relations(examples, exact_key).fscore)
