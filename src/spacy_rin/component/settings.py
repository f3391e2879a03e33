"""Config → the settings of `rin`, checked. Each is defined here once, with its default and values.

The arguments of the factory, the component's `cfg` and the checks of both are made from these.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from ..arrays.anchor import ANCHORS
from ..arrays.batch import UNITS
from ..arrays.decode import DECODERS
from ..arrays.signatures import SIGNATURES
from ..errors import Errors
from ..relations import register
from ..stores import ATTRIBUTE


def _is_number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and least <= value <= most


def _number(default: float, expected: str, least: float, most: float = math.inf) -> Any:
    """A field of Settings that takes a number within bounds."""

    def is_right(value: Any) -> bool:
        return _is_number(value, least, most)

    return field(default=default, metadata={"expected": expected, "is_right": is_right})


def _are_numbers(values: Any) -> bool:
    """Whether a value is a dict of probabilities by label."""
    return isinstance(values, dict) and all(
        isinstance(label, str) and _is_number(value, 0, 1) for label, value in values.items()
    )


def _text(default: str) -> Any:
    """A field of Settings that takes any text but an empty one."""

    def is_right(value: Any) -> bool:
        return isinstance(value, str) and bool(value.strip())

    return field(default=default, metadata={"expected": "a name", "is_right": is_right})


def _name(default: str, known: Iterable[str]) -> Any:
    """A field of Settings that takes one of some names."""
    names = list(known)
    expected = " or ".join(map(repr, names))
    return field(default=default, metadata={"expected": expected, "is_right": names.__contains__})


@dataclass(frozen=True)
class Settings:
    """The settings that a config or a call can give to the component.

    threshold (float): Least probability of a triple.
    label_thresholds (dict[str, float]): The same for single relation labels, in place of threshold.
    temperature (float): What the logits of triples are divided by before they become probabilities:
        over 1 these are less sure, below 1 surer. `spacy-rin calibrate` finds it.
    score_bias (float): What is added to the logits then. It finds this, too.
    signatures (str): "seen" to drop triples whose type signature (the entity labels of head and
        tail, with the label of the relation) the training data does not have; "off" to keep them.
    decode (str): "exact" for triples between recognised entities. "partial" for every cell of the
        relation table over the threshold, whether or not its anchors are recognised.
    anchor (str): "last" or "first": the word that represents an entity in the relation table.
    unit (str): "sentence" to read sentence by sentence where sentence starts are set. "doc" to
        read each Doc as a whole.
    max_length (int): Words above which a unit is read in windows that overlap by half; 0 for never.
        Two entities can be related if some window holds both.
    overwrite (bool): Whether entities already on a Doc are replaced. If not, they are kept and
        related. Relations are always replaced.
    nested (bool): Whether the model learns to find mentions inside an entity, where gold relates
        them. These become heads and tails of relations, and are not in doc.ents. The setting
        cannot be changed once the component is initialised.
    attribute (str): Name of the extension that reads the relations, `doc._.<attribute>`.
    max_grad_norm (float): Global norm above which gradients are scaled down; 0 for never.
    learn_rate_factor (float): Factor on the optimizer's learning rate for this component's layers.
        New layers can learn at a rate that would spoil a transformer they listen to.
    RAISES (ValueError): If a setting has a value that it does not take.
    """

    threshold: float = _number(0.5, "a number from 0 to 1", 0, 1)
    label_thresholds: dict[str, float] = field(
        default_factory=dict,
        metadata={"expected": "a dict of numbers from 0 to 1", "is_right": _are_numbers},
    )
    temperature: float = _number(1.0, "a number from 0.01 to 100", 0.01, 100)
    score_bias: float = _number(0.0, "a number from -100 to 100", -100, 100)
    signatures: str = _name("off", SIGNATURES)
    decode: str = _name("exact", DECODERS)
    anchor: str = _name("last", ANCHORS)
    unit: str = _name("sentence", UNITS)
    max_length: int = _number(200, "0 or more words", 0)
    overwrite: bool = False
    nested: bool = False
    attribute: str = _text(ATTRIBUTE)
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
        """Read and check the settings in a component's `cfg`, which can be changed at any time.

        cfg (Mapping[str, Any]): All settings by name, among other entries.
        RETURNS (Settings): The settings.
        RAISES (ValueError): If a setting has a value that it does not take.
        """
        return cls(**{setting.name: cfg[setting.name] for setting in fields(cls)})


Component = TypeVar("Component", bound=type)


def has_settings(component: Component) -> Component:
    """Give a component a property for each setting, beside its `cfg`.

    Without it, `rin.threshold = 0.7` would make an attribute that nothing reads.

    component (type): The class of the component.
    RETURNS (type): The same class.
    """
    for setting in fields(Settings):
        setattr(component, setting.name, _property(setting.name))
    return component


def _property(name: str) -> property:
    def read(component: Any) -> Any:
        return component.cfg[name]

    def change(component: Any, value: Any) -> None:
        Settings.of({**component.cfg, name: value})  # Raises an error at a wrong value.
        if name == "nested" and value != component.cfg[name] and component._is_initialized:
            raise ValueError(Errors.R194.format(name=component.name, value=component.cfg[name]))
        if name == "attribute":
            register(value)
        component.cfg[name] = value

    return property(read, change, doc=f"The setting `{name}`, as in `cfg`.")
