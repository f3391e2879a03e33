"""DocBin files → files for other tools, and a count of what their forms cannot hold.

The command `spacy-rin export` calls it with what `convert` or a pipeline has written.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import ModuleType

from spacy.tokens import Doc, DocBin

from ..corpus.convert import ATTRS, tally
from ..corpus.docbin import read_docs
from ..errors import Errors, check_named, import_extra
from ..files import check_output, replacing
from ..relations import get_relations, has_relations
from .prodigy import find_undrawn, to_prodigy
from .rel_component import REL_KEY, find_left_out, to_rel_component

# The suffix of the file that each format is written to.
EXPORT_FORMATS = {"prodigy": ".jsonl", "rel_component": ".spacy", "turtle": ".ttl"}
NAMESPACE = "https://example.org/"


class Change(str, Enum):
    """How the file differs from the Docs."""

    UNDRAWN = "undrawn"
    LEFT_OUT = "left_out"
    NO_RELATIONS = "no_relations"


CHANGES = {
    Change.UNDRAWN: "in the file and read back, but Prodigy draws the arc elsewhere: an end is no "
    "entity, and has several tokens or one within an entity",
    Change.LEFT_OUT: "left out: doc._.rel relates entities of doc.ents only, once with each label",
    Change.NO_RELATIONS: "written as Docs without relations, which may be wrong: they were never "
    "annotated, or were stored without store_user_data=True",
}


@dataclass
class Exported:
    """What an export wrote.

    docs (int): Docs read and written.
    entities (int): Entities in doc.ents of all Docs.
    relations (int): Relations of all Docs.
    changes (Counter[Change]): How often the file differs from the Docs (`CHANGES` explains how).
    examples (dict[Change, list[str]]): The first few of each kind.
    """

    docs: int = 0
    entities: int = 0
    relations: int = 0
    changes: Counter[Change] = field(default_factory=Counter)
    examples: dict[Change, list[str]] = field(default_factory=dict)

    def read(self, source: Path) -> Iterator[Doc]:
        """Read Docs one by one, and count them.

        source (Path): A .spacy file, or a directory of them.
        YIELDS (Doc): A Doc of the source.
        """
        for doc in read_docs(source):
            self.docs += 1
            self.entities += len(doc.ents)
            self.relations += len(get_relations(doc))
            if not has_relations(doc):
                self.count(Change.NO_RELATIONS, doc.text)
            yield doc

    def count(self, change: Change, example: str) -> None:
        """Count something that is not in the file as it is in the Docs.

        change (Change): How it differs.
        example (str): What it is.
        """
        tally(self.changes, self.examples, change, example)


def export(
    source: str | Path, output: str | Path, format: str, *, namespace: str = NAMESPACE
) -> Exported:
    """Write DocBin files in the form of another tool. The output is written whole or not at all.

    source (str | Path): A .spacy file, or a directory of them, read as a stream.
    output (str | Path): The file to write. `EXPORT_FORMATS` has the suffix of each format.
    format (str): One of `EXPORT_FORMATS`.
    namespace (str): The start of all names in a graph ("turtle").
    RETURNS (Exported): What was written, and what its form cannot hold.
    RAISES (ValueError): If the source cannot be read, or the output cannot be written.
    """
    output = Path(output)
    check_named(EXPORT_FORMATS, "format", format)
    if output.suffix != EXPORT_FORMATS[format]:
        reason = f"the format {format} is written to a file that ends with {EXPORT_FORMATS[format]}"
        raise ValueError(Errors.R121.format(path=output, reason=reason))
    check_output(output, Path(source))
    exported = Exported()
    with replacing(output) as temporary:
        if format == "prodigy":
            _write_prodigy(Path(source), temporary, exported)
        elif format == "rel_component":
            _write_rel_component(Path(source), temporary, exported)
        else:
            _write_turtle(Path(source), temporary, exported, namespace)
    return exported


def _write_prodigy(source: Path, output: Path, exported: Exported) -> None:
    with output.open("w", encoding="utf8") as file:
        for doc in exported.read(source):
            for relation in find_undrawn(doc):
                exported.count(Change.UNDRAWN, relation.text)
            file.write(json.dumps(to_prodigy(doc), ensure_ascii=False) + "\n")


def _write_rel_component(source: Path, output: Path, exported: Exported) -> None:
    # Every pair has a score for every label of the corpus, so the corpus is read twice.
    labels = sorted({r.label for doc in read_docs(source) for r in get_relations(doc)})
    docs = DocBin(attrs=ATTRS, store_user_data=True)
    for doc in exported.read(source):
        for relation in find_left_out(doc, labels):
            exported.count(Change.LEFT_OUT, relation.text)
        doc.user_data = {REL_KEY: to_rel_component(doc, labels)}
        docs.add(doc)
    docs.to_disk(output)


def _write_turtle(source: Path, output: Path, exported: Exported, namespace: str) -> None:
    load_turtle().write_turtle(output, exported.read(source), namespace)


def load_turtle() -> ModuleType:
    """Import the writer of graphs.

    RETURNS (Module): `spacy_rin.exchange.turtle`.
    RAISES (ValueError): If rdflib is not installed.
    """
    import_extra("rdflib", "rdf", "The format turtle")
    from . import turtle

    return turtle
