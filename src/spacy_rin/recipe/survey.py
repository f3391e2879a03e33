"""Gold Docs → what the recipe has to know of a corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from spacy.tokens import Doc

from ..arrays.targets import nested_mentions
from ..errors import Errors
from ..relations import get_relations, has_relations


@dataclass
class Survey:
    """What is known of a corpus.

    lengths (list[int]): Tokens of each Doc.
    triples (int): Number of triples.
    entity_labels (set[str]): Labels of the entities.
    relation_labels (set[str]): Labels of the relations.
    nested (bool): Whether a head or a tail lies inside an entity.
    as_words (bool): Whether a text came as words, without the spaces between them.
    """

    lengths: list[int] = field(default_factory=list)
    triples: int = 0
    entity_labels: set[str] = field(default_factory=set)
    relation_labels: set[str] = field(default_factory=set)
    nested: bool = False
    as_words: bool = False

    @property
    def docs(self) -> int:
        """RETURNS (int): Number of Docs."""
        return len(self.lengths)

    @property
    def longest(self) -> int:
        """RETURNS (int): Tokens of the longest Doc."""
        return max(self.lengths, default=0)

    @property
    def mean_length(self) -> float:
        """RETURNS (float): Mean number of tokens of a Doc."""
        return sum(self.lengths) / max(1, self.docs)

    @property
    def typed(self) -> bool:
        """RETURNS (bool): Whether entities have more than one label."""
        return len(self.entity_labels) > 1

    def as_dict(self) -> dict[str, Any]:
        """Write the survey down, so that a config can be made again without the corpus.

        RETURNS (dict): What `from_dict` takes, ready for JSON. The order of the Docs is lost.
        """
        return {
            "lengths": {str(length): n for length, n in sorted(Counter(self.lengths).items())},
            "triples": self.triples,
            "entity_labels": sorted(self.entity_labels),
            "relation_labels": sorted(self.relation_labels),
            "nested": self.nested,
            "as_words": self.as_words,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Survey:
        """Read a survey that was written down.

        data (dict): What `as_dict` returned.
        RETURNS (Survey): The same one.
        """
        return cls(
            [int(length) for length, n in data["lengths"].items() for _ in range(n)],
            data["triples"],
            set(data["entity_labels"]),
            set(data["relation_labels"]),
            data["nested"],
            data["as_words"],
        )

    def add(self, doc: Doc) -> None:
        """Look at a gold Doc.

        doc (Doc): A gold Doc.
        RAISES (ValueError): If it was never annotated with relations, not even with none.
        """
        if not has_relations(doc):
            raise ValueError(Errors.R010.format(text=doc.text[:80]))
        relations, nested = get_relations(doc), nested_mentions(doc, "last")
        self.lengths.append(len(doc))
        self.triples += len(relations)
        self.entity_labels.update(span.label_ for span in (*doc.ents, *(m for _, m in nested)))
        self.relation_labels.update(relation.label for relation in relations)
        self.nested = self.nested or bool(nested)
        self.as_words = self.as_words or doc.has_unknown_spaces


def read_survey(docs: Iterable[Doc], name: Any) -> Survey:
    """Read a corpus.

    docs (Iterable[Doc]): Gold Docs, read once.
    name (Any): Name of the corpus, for the message.
    RETURNS (Survey): What is known of it.
    RAISES (ValueError): If it has no relation.
    """
    survey = Survey()
    for doc in docs:
        survey.add(doc)
    if not survey.triples:
        raise ValueError(Errors.R152.format(path=name, docs=survey.docs))
    return survey
