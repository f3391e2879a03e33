"""The labels of the component, what follows from them, and when they can change."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np

from ..arrays.calibration import Calibration
from ..arrays.tags import TagSet
from ..arrays.thresholds import thresholds_by_label
from ..errors import Errors, Warnings, check_named, show_some
from .saved import CheckedPipe


class LabelledPipe(CheckedPipe):
    """A trainable component with labels of entities and of relations, which are in its `cfg`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The relation labels.

        RETURNS (tuple[str]): In the order of the relation table.
        """
        return tuple(self.cfg["relation_labels"])

    @property
    def entity_labels(self) -> tuple[str, ...]:
        """The entity labels.

        RETURNS (tuple[str]): In the order of the tags.
        """
        return tuple(self.cfg["entity_labels"])

    @property
    def tag_set(self) -> TagSet:
        """The tags of the entity labels, and the joint tags of nested mentions.

        RETURNS (TagSet): A new one at each access.
        """
        return TagSet(self.entity_labels, self.cfg["joint_tags"])

    @property
    def tag_names(self) -> list[str]:
        """The names of the tags. A joint tag, such as B-ORG|S-LOC, is for words of nested mentions.

        RETURNS (list[str]): O, then B-, I-, E- and S- of each entity label, then joint tags.
        """
        return self.tag_set.names

    @property
    def thresholds(self) -> np.ndarray:
        """The least probability of a triple, by relation label.

        RETURNS (ndarray): (L,) thresholds, in the order of `labels`.
        RAISES (ValueError): If `label_thresholds` has a label that the model does not know.
        """
        return thresholds_by_label(self.labels, self.cfg["threshold"], self.cfg["label_thresholds"])

    @property
    def calibration(self) -> Calibration:
        """How the scores of triples are made of logits.

        RETURNS (Calibration): The settings `temperature` and `score_bias`.
        """
        return Calibration(self.cfg["temperature"], self.cfg["score_bias"])

    @property
    def label_data(self) -> dict[str, list[str]]:
        """The entity labels and the relation labels, as `spacy init labels` writes them.

        RETURNS (dict[str, list[str]]): "entities" and "relations".
        """
        return {"entities": list(self.entity_labels), "relations": list(self.labels)}

    def add_label(self, label: str, kind: Literal["relation", "entity"] = "relation") -> int:
        """Add a label before the component is initialised.

        label (str): The label.
        kind (str): "relation" or "entity".
        RETURNS (int): 0 if the component has the label already, else 1.
        RAISES (ValueError): If the model is initialised, since its parameters cannot grow.

        >>> import spacy
        >>> rin = spacy.blank("en").add_pipe("rin")
        >>> rin.add_label("born_in"), rin.add_label("PER", "entity"), rin.add_label("born_in")
        (1, 1, 0)
        >>> rin.labels, rin.entity_labels, rin.tag_names
        (('born_in',), ('PER',), ['O', 'B-PER', 'I-PER', 'E-PER', 'S-PER'])
        """
        check_named(("relation", "entity"), "kind", kind)
        labels: list[str] = self.cfg[f"{kind}_labels"]
        if label in labels:
            return 0
        if self._is_initialized:
            raise ValueError(Errors.R031.format(label=label, name=self.name))
        labels.append(label)
        self.vocab.strings.add(label)
        return 1

    @property
    def _is_initialized(self) -> bool:
        network = self.model.get_ref("network")
        return any(True for shim in network.shims for _ in shim._model.parameters())

    def _set_labels(self, given: dict[str, list[str]] | None, found: dict[str, list[str]]) -> None:
        """Set the given labels, or else those found. A model initialised again forgets its own."""
        given = given or {}
        if not isinstance(given, dict) or given.keys() - found.keys():
            raise ValueError(Errors.R035.format(found=given))
        for kind, key in (("entity", "entities"), ("relation", "relations")):
            added = [] if self._is_initialized else self.cfg[f"{kind}_labels"]
            labels = list(dict.fromkeys([*added, *given.get(key, found[key])]))
            spaced = [label for label in labels if label != label.strip()]
            if spaced:
                message = Warnings.R192.format(name=self.name, labels=show_some(spaced))
                warnings.warn(message, stacklevel=3)
            self.cfg[f"{kind}_labels"] = labels
            for label in labels:
                self.vocab.strings.add(label)
