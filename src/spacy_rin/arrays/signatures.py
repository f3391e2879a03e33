"""Gold relations → type signatures: the entity labels that each relation has as head and tail.

The component counts them while it is initialised. With `signatures = "seen"` decoding drops every
triple whose signature was not seen.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors
from ..relations import Relation

# The values of the setting `signatures`.
SIGNATURES = ("off", "seen")
# The label of an end that decoding does not judge by its label.
ANY = ""


class Signature(NamedTuple):
    """What a relation relates. It is also the form of a line in a user's own list.

    head (str): Entity label of the head.
    label (str): The relation's label.
    tail (str): Entity label of the tail.
    """

    head: str
    label: str
    tail: str


# A signature and how often train has it, as it is saved.
CountedSignature = tuple[str, str, str, int]


def signature_of(relation: Relation) -> Signature:
    """Read the signature of a triple.

    relation (Relation): A triple.
    RETURNS (Signature): The labels of its head, of itself and of its tail.
    """
    return Signature(relation.head.label_, relation.label, relation.tail.label_)


def list_counts(
    counts: Counter[Signature], only: Iterable[Signature] | None = None
) -> list[CountedSignature]:
    """List signatures with their counts, so that they can be saved.

    counts (Counter[Signature]): How often train has each signature.
    only (Iterable[Signature]): Those to list, also if train has none; by default all of train.
    RETURNS (list[CountedSignature]): The most frequent first, and equally frequent ones by name.
    """
    listed = [(*signature, counts[signature]) for signature in (counts if only is None else only)]
    return sorted(listed, key=lambda row: (-row[3], row))


def read_signatures(
    path: str | Path, entity_labels: Collection[str], relation_labels: Collection[str]
) -> list[Signature]:
    """Read a user's own list of signatures, one JSON object a line.

    path (str | Path): The file.
    entity_labels (Collection[str]): Entity labels of the model.
    relation_labels (Collection[str]): Relation labels of the model.
    RETURNS (list[Signature]): The signatures, each once. Empty lines are left out.
    RAISES (ValueError): If there is no such file, if a line is malformed, or if it has a label that
        the model does not know.
    """
    if not Path(path).is_file():
        raise ValueError(Errors.R050.format(path=path))
    found: dict[Signature, None] = {}
    for number, line in enumerate(Path(path).read_text(encoding="utf8").splitlines(), 1):
        if not line.strip():
            continue
        signature = _read_line(line)
        if signature is None:
            raise ValueError(Errors.R130.format(path=path, line=number, found=line[:80]))
        for kind, label, known in (
            ("entity", signature.head, entity_labels),
            ("relation", signature.label, relation_labels),
            ("entity", signature.tail, entity_labels),
        ):
            if label not in known:
                names = ", ".join(known)
                raise ValueError(
                    Errors.R131.format(path=path, line=number, kind=kind, label=label, known=names)
                )
        found[signature] = None
    return list(found)


def make_filter(
    setting: str, seen: Sequence[CountedSignature], entity_labels: Iterable[str]
) -> Callable[[str, str, str], bool] | None:
    """Make what decoding asks whether a triple may be found.

    setting (str): One of SIGNATURES.
    seen (Sequence[CountedSignature]): The signatures that the component has seen.
    entity_labels (Iterable[str]): Entity labels of the model.
    RETURNS (Callable): Takes the labels of a head, a relation and its tail. None if all may be
        found.
    RAISES (ValueError): If the setting is "seen" and nothing was seen.
    """
    if setting == "off":
        return None
    if not seen:
        raise ValueError(Errors.R132)
    return SignatureFilter(seen, entity_labels).allows


class SignatureFilter:
    """Decides which triples have a signature that was seen.

    Only labels of the model are judged. An end without a label passes, as in `decode = "partial"`
    the anchors that no entity claims. So does an end whose label the model does not know, as that
    of an entity that was on the Doc before. The same holds for the ends of what was seen.

    seen (Iterable[CountedSignature]): What was seen.
    entity_labels (Iterable[str]): Entity labels of the model.
    """

    def __init__(self, seen: Iterable[CountedSignature], entity_labels: Iterable[str]) -> None:
        self._judged = set(entity_labels) - {ANY}
        self._seen = {
            (self._judge(head), label, self._judge(tail)) for head, label, tail, _ in seen
        }

    def allows(self, head: str, label: str, tail: str) -> bool:
        """Decide whether a triple may be found.

        head (str): Entity label of the head.
        label (str): The relation's label.
        tail (str): Entity label of the tail.
        RETURNS (bool): Whether its signature was seen, or one of its ends is not judged.
        """
        if not {head, tail} <= self._judged:
            return True
        return any((h, label, t) in self._seen for h in (head, ANY) for t in (tail, ANY))

    def _judge(self, label: str) -> str:
        return label if label in self._judged else ANY


def _read_line(line: str) -> Signature | None:
    """A signature from a line of JSON, or None if it is no such line."""
    try:
        row = json.loads(line)
        signature = Signature(**row)
    except (json.JSONDecodeError, TypeError):
        return None
    return signature if all(isinstance(label, str) for label in signature) else None
