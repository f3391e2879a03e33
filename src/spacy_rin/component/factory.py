"""Config → the component: the factory `rin`, with its default model.

Every spaCy pipeline on a machine imports this file, and most of them do not need torch. So torch is
imported by the model, which a config names, and not here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from spacy.language import Language
from thinc.api import Config, Model

from ..arrays.batch import WindowBatch
from ..layers.pieces import connect_tokenizers
from ..scorer import SCORE_WEIGHTS
from .attributes import check_attribute, was_saved_with
from .find import find_extractors
from .relation_extractor import RelationExtractor
from .settings import Settings

if TYPE_CHECKING:
    from ..layers.architecture import Scores

DEFAULT_MODEL = Config().from_str("""
[model]
@architectures = "spacy-rin.RIN.v1"
hidden_width = 100
rounds = 4
use_entities = true
use_relations = true
precision = "auto"
interaction = "paper"

[model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[model.tok2vec.embed]
@architectures = "spacy-rin.WordTagEmbed.v1"
word_width = 100
tag_width = 10
word_dropout = 0.25

[model.tok2vec.encode]
@architectures = "spacy-rin.BiLSTMEncoder.v1"
width = 100
depth = 1
copies = 1
""")["model"]

Factory = TypeVar("Factory", bound=Callable[..., Any])


def takes_settings(factory: Factory) -> Factory:
    """Replace `**settings` in the signature of a factory by one argument for each setting.

    spaCy reads the signature to check a config.

    factory (Callable): A function whose last argument is `**settings`.
    RETURNS (Callable): The same function.
    """
    signature = inspect.signature(factory)
    *named, _ = signature.parameters.values()
    settings = inspect.signature(Settings).parameters.values()
    required = [
        setting.replace(kind=inspect.Parameter.KEYWORD_ONLY, default=inspect.Parameter.empty)
        for setting in settings
    ]
    factory.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*named, *required]
    )
    return factory


@Language.factory(
    "rin",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "doc._.relations"],
    default_config={
        "model": DEFAULT_MODEL,
        **asdict(Settings()),
        "scorer": {"@scorers": "spacy-rin.rin_scorer.v1"},
    },
    default_score_weights=SCORE_WEIGHTS,
)
@takes_settings
def make_rin(
    nlp: Language,
    name: str,
    model: Model[WindowBatch, Scores],
    scorer: Callable[..., dict[str, Any]] | None,
    **settings: Any,
) -> RelationExtractor:
    """Construct the component.

    nlp (Language): The pipeline.
    name (str): Name of the component in it.
    model (Model): A model built by spacy-rin.RIN.v1.
    scorer (Callable): The function that `score` calls.
    settings (Any): All settings of `Settings`, by name.
    RETURNS (RelationExtractor): The component, not initialised.
    RAISES (ValueError): If another rin component of the pipeline has the same attribute.
    """
    rin = RelationExtractor(nlp.vocab, model, name, scorer=scorer, **settings)
    is_saved = was_saved_with(nlp, name)
    check_attribute(find_extractors(nlp), name, rin.cfg["attribute"], is_saved=is_saved)
    connect_tokenizers(nlp)
    return rin
