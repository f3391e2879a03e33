"""Training Examples → the labels, joint tags and type signatures that a model is made for.

The component reads them from here when it is initialised.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from spacy.training import Example

from ..relations import Relation
from ..stores import ATTRIBUTE
from .signatures import Signature, signature_of
from .tags import TagSet, joint_tags
from .targets import aligned_nested


class GoldLabels:
    """Collects the labels of training data, Example by Example.

    nested (bool): Whether mentions inside entities count too. They need joint tags.
    anchor (str): "last" or "first": the word that represents an entity in the relation table.
    attribute (str): Name of the extension that reads the relations.
    """

    def __init__(self, nested: bool, anchor: str, attribute: str = ATTRIBUTE) -> None:
        self.entities: set[str] = set()
        self.relations: set[str] = set()
        self.signatures: Counter[Signature] = Counter()
        self._nested, self._anchor, self._attribute = nested, anchor, attribute
        self._joint: set[tuple[str, str]] = set()

    def add(self, eg: Example, relations: Sequence[Relation]) -> None:
        """Collect the labels of an Example's gold.

        eg (Example): An Example of the training data.
        relations (Sequence[Relation]): Its gold relations.
        """
        self.relations.update(relation.label for relation in relations)
        self.signatures.update(map(signature_of, relations))
        self.entities.update(ent.label_ for ent in eg.reference.ents)
        if self._nested:
            for ent, mention in aligned_nested(eg, self._anchor, self._attribute):
                self.entities.add(mention[2])
                self._joint.update(joint_tags(ent, mention))

    def label_data(self) -> dict[str, list[str]]:
        """List the labels found so far.

        RETURNS (dict[str, list[str]]): "entities" and "relations", each in alphabetical order.
        """
        return {"entities": sorted(self.entities), "relations": sorted(self.relations)}

    def joint_tags(self, entity_labels: list[str]) -> list[tuple[str, str]]:
        """List the joint tags that the nested mentions found so far need.

        entity_labels (list[str]): The labels of the model. Pairs with another label are left out.
        RETURNS (list[tuple[str, str]]): Pairs of tags, in alphabetical order.
        """
        known = set(TagSet(entity_labels).names)
        return sorted(pair for pair in self._joint if known.issuperset(pair))
