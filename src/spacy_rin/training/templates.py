"""A file of templates → texts that are filled with mentions from train.

A template is a sentence with slots: "{head} did not kill {tail}.", or "{PER} never saw {LOC}.".
`negatives.py` makes sentences of them that state no relation.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from ..errors import Errors
from ..relations import get_relations, set_relations

# The slots of the two ends of one triple. Any other slot is the label of an entity.
HEAD, TAIL = "head", "tail"
SLOT = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Template:
    """A sentence with slots.

    text (str): The sentence. A slot is a name in braces: head, tail, or the label of an entity.
    relation (str | None): The label of the triple whose ends fill {head} and {tail}; None for any.
    """

    text: str
    relation: str | None = None

    def fill(self, nlp: Language, docs: Sequence[Doc]) -> Doc | None:
        """Make a gold Doc without relations, with mentions drawn at random from other Docs.

        The head and the tail are those of one triple. Each label has another mention.

        nlp (Language): The pipeline, for its tokenizer.
        docs (Sequence[Doc]): Gold Docs.
        RETURNS (Doc | None): The Doc, or None if the Docs lack a mention for one of the slots.
        """
        text, *pieces = SLOT.split(self.text)
        slots, words_behind = pieces[::2], pieces[1::2]
        ends = self._draw_ends(docs) if {HEAD, TAIL} & {*slots} else {}
        bounds, used = list[tuple[int, int, str]](), set[str]()
        for slot, words in zip(slots, words_behind, strict=True):
            mention = ends.get(slot) or draw_mention(docs, partial(_is_new, slot, used))
            if mention is None:
                return None
            bounds.append((len(text), len(text) + len(mention.text), mention.label_))
            used.add(mention.text)
            text += mention.text + words
        doc = nlp.make_doc(text)
        spans = [doc.char_span(*bound, alignment_mode="expand") for bound in bounds]
        doc.set_ents(filter_spans(filter(None, spans)), default="outside")
        set_relations(doc, [])
        return doc

    def unknown_labels(self, entities: Collection[str], relations: Collection[str]) -> list[str]:
        """List the labels that no text can fill, such as misspelt ones.

        entities (Collection[str]): The labels of entities that there are.
        relations (Collection[str]): Those of relations.
        RETURNS (list[str]): What the template asks for, and is in neither.
        """
        unknown = [slot for slot in SLOT.findall(self.text) if slot not in {HEAD, TAIL, *entities}]
        return unknown + [label for label in [self.relation] if label and label not in relations]

    def _draw_ends(self, docs: Sequence[Doc]) -> dict[str, Span]:
        """The head and the tail of a triple with the template's label, if there is one."""
        for doc in random.sample(docs, len(docs)):
            relations = get_relations(doc)
            if fitting := [r for r in relations if self.relation in (None, r.label)]:
                relation = random.choice(fitting)
                return {HEAD: relation.head, TAIL: relation.tail}
        return {}


def draw_mention(docs: Sequence[Doc], fits: Callable[[Span], bool]) -> Span | None:
    """Draw an entity at random.

    docs (Sequence[Doc]): Gold Docs.
    fits (Callable): Whether an entity may be taken.
    RETURNS (Span | None): The entity, or None if no Doc has such a one.
    """
    for doc in random.sample(docs, len(docs)):
        if found := [ent for ent in doc.ents if fits(ent)]:
            return random.choice(found)
    return None


def read_templates(path: str | Path) -> list[Template]:
    """Read a file of templates.

    path (str | Path): One template a line (.txt), or JSON lines with a "text", and a "relation" if
        {head} and {tail} are to be those of one label.
    RETURNS (list[Template]): At least one template.
    RAISES (ValueError): If there is no such file, or a line is no template.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(Errors.R050.format(path=path))
    templates = [_parse(path, number, row) for number, row in enumerate(_read_rows(path), 1)]
    if not templates:
        raise ValueError(Errors.R142.format(path=path))
    return templates


def _is_new(label: str, used: set[str], ent: Span) -> bool:
    return ent.label_ == label and ent.text not in used


def _read_rows(path: Path) -> Iterator[Any]:
    if path.suffix == ".jsonl":
        try:
            yield from srsly.read_jsonl(path)
        except ValueError as error:
            raise ValueError(Errors.R054.format(place=path, reason=error)) from None
    else:
        lines = path.read_text(encoding="utf8").splitlines()
        yield from ({"text": line.strip()} for line in lines if line.strip())


def _parse(path: Path, number: int, row: Any) -> Template:
    fields = row if isinstance(row, dict) else {}
    text, relation = fields.get("text"), fields.get("relation")
    if not isinstance(text, str) or not isinstance(relation, str | None):
        raise ValueError(Errors.R141.format(path=path, number=number, found=repr(row)))
    slots = SLOT.findall(text)
    rest = SLOT.sub("", text)
    if not slots or "{" in rest or "}" in rest or slots.count(HEAD) > 1 or slots.count(TAIL) > 1:
        raise ValueError(Errors.R141.format(path=path, number=number, found=repr(text)))
    return Template(text, relation)
