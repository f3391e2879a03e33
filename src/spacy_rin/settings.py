"""The settings of `rin`: each stands here once, with its default and the values it takes.

From these follow the arguments of the factory, the component's `cfg`, and the checks of both.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from thinc.api import Config

from .arrays.anchor import ANCHORS
from .arrays.batch import UNITS
from .arrays.decode import DECODERS
from .errors import Errors
from .relations import ATTRIBUTE

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


def _number(default: float, expected: str, least: float, most: float = math.inf) -> Any:
    def is_right(value: Any) -> bool:
        return isinstance(value, int | float) and least <= value <= most

    return field(default=default, metadata={"expected": expected, "is_right": is_right})


def _name(default: str, known: Iterable[str]) -> Any:
    names = list(known)
    expected = " or ".join(map(repr, names))
    return field(default=default, metadata={"expected": expected, "is_right": names.__contains__})


@dataclass(frozen=True)
class Settings:
    """What a config or a call can set of the component.

    threshold (float): Least probability of a triple.
    decode (str): "exact": triples between recognised entities. "partial": every cell of the
        relation table over the threshold, whether or not its anchors are recognised.
    anchor (str): Token that stands for an entity in the table, "last" or "first".
    unit (str): "sentence": read sentence by sentence where sentence starts are set; "doc": whole.
    max_length (int): Words above which a unit is read in windows that overlap by half; 0 for never.
        Two entities are related if some window holds both.
    overwrite (bool): Whether entities already on a Doc are replaced, or kept and related.
        Relations are always replaced.
    nested (bool): Whether it learns to find mentions inside an entity, where gold relates them;
        they are ends of relations and not in doc.ents. Fixed once it is initialised.
    attribute (str): Name of the extension that reads the relations, `doc._.<attribute>`.
    max_grad_norm (float): Global norm above which gradients are scaled down; 0 for never.
    learn_rate_factor (float): Times the optimizer's learning rate, for this component's layers:
        fresh ones learn at a rate that would spoil a transformer that they listen to.

    RAISES (ValueError): If a setting has no such value.
    """

    threshold: float = _number(0.5, "a number from 0 to 1", 0, 1)
    decode: str = _name("exact", DECODERS)
    anchor: str = _name("last", ANCHORS)
    unit: str = _name("sentence", UNITS)
    max_length: int = _number(200, "0 or more words", 0)
    overwrite: bool = False
    nested: bool = False
    attribute: str = ATTRIBUTE
    max_grad_norm: float = _number(5.0, "0 or more", 0)
    learn_rate_factor: float = _number(1.0, "0 or more", 0)

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if "is_right" in setting.metadata and not setting.metadata["is_right"](value):
                expected = setting.metadata["expected"]
                raise ValueError(
                    Errors.R030.format(setting=setting.name, value=value, expected=expected)
                )

    @classmethod
    def of(cls, cfg: Mapping[str, Any]) -> Settings:
        """Take the settings of a component's `cfg`, which can be changed at any time.

        cfg (Mapping[str, Any]): Settings by name, among others.
        RETURNS (Settings): They, checked.
        RAISES (ValueError): If a setting has no such value.
        """
        return cls(**{setting.name: cfg[setting.name] for setting in fields(cls)})


def takes_settings(factory: Factory) -> Factory:
    """Spell out the `**settings` of a factory: spaCy reads its signature to check a config.

    factory (Callable): A function whose last argument is `**settings`.
    RETURNS (Callable): The same function, with an argument for each of Settings.
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
