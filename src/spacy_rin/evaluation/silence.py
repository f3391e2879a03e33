"""Texts that state no relation → how many triples a pipeline finds in them.

The test sets of the field have a triple in every sentence, so that their scores do not show what a
pipeline invents where nothing is stated. The package brings two sets of English sentences of its
own (texts/README.md): some with names that nothing relates, and some that deny a relation.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus

from ..corpus.docbin import find_files
from ..errors import Errors
from ..extract.documents import Source, check_source, read_documents
from ..relations import get_relations, set_relations

# The package's own sentences, one a line, by the score that is computed of them.
UNRELATED, NEGATED = "silence", "silence_negated"
FILES = {
    name: Path(__file__).parent / "texts" / file
    for name, file in ((UNRELATED, "unrelated.txt"), (NEGATED, "negated.txt"))
}
# Pipelines that read English; of others, silence on English sentences would say nothing.
LANGUAGES = ("en", "xx")
# Triples that a report shows: those that the pipeline is most sure of.
SHOWN = 10


def score_silence(nlp: Language, texts: str | Path | None = None) -> dict[str, dict[str, Any]]:
    """Count the triples that a pipeline finds in texts that state none.

    nlp (Language): The pipeline.
    texts (str | Path | None): Texts for `silence`, as `read_silent_docs` takes them, in place of
        the package's own.
    RETURNS (dict): "silence" and "silence_negated", as far as there are texts for the language of
        the pipeline. Each has the numbers of "texts" and of "triples", the triples "per_1000"
        texts, their number "by_label", and the "surest" of them.
    RAISES (ValueError): If the texts can't be read.
    """
    files: dict[str, str | Path] = {**FILES} if nlp.lang in LANGUAGES else {}
    if texts is not None:
        check_silent_docs(texts)
        files[UNRELATED] = texts
    return {name: _count(nlp, file) for name, file in sorted(files.items())}


def check_silent_docs(path: str | Path) -> None:
    """Find out, before anything is read, whether a file of texts can be read.

    path (str | Path): A path as `read_silent_docs` takes it.
    RAISES (ValueError): If there is no such file, or its form is not known.
    """
    if _holds_docs(path):
        find_files(path)
    else:
        check_source(Source((str(path),)))


def read_silent_docs(nlp: Language, path: str | Path) -> list[Doc]:
    """Read texts that state no relation.

    nlp (Language): The pipeline, for its tokenizer and its vocab.
    path (str | Path): A .spacy file or a directory of them, whose Docs with relations are left out.
        Or texts, one a line (.txt) or as "text" in JSON lines; their entities are left open.
    RETURNS (list[Doc]): At least one Doc, with gold that it has no relations.
    RAISES (ValueError): If a record is malformed, or if there is no such text.
    """
    if _holds_docs(path):
        docs = [eg.reference for eg in Corpus(path)(nlp) if not get_relations(eg.reference)]
    else:
        docs = []
        for document in read_documents(Source((str(path),))):
            if document.error:
                raise ValueError(Errors.R054.format(place=document.id, reason=document.error))
            docs.append(nlp.make_doc(document.text))
    if not docs:
        raise ValueError(Errors.R140.format(path=path))
    for doc in docs:
        set_relations(doc, [])
    return docs


def _holds_docs(path: str | Path) -> bool:
    return Path(path).suffix == ".spacy" or Path(path).is_dir()


def _count(nlp: Language, path: str | Path) -> dict[str, Any]:
    texts = [doc.text for doc in read_silent_docs(nlp, path)]
    found: list[dict[str, Any]] = [
        {
            "text": doc.text,
            "triple": relation.text,
            "label": relation.label,
            "score": relation.score,
        }
        for doc in nlp.pipe(texts)
        for relation in get_relations(doc)
    ]
    return {
        "per_1000": 1000 * len(found) / len(texts),
        "texts": len(texts),
        "triples": len(found),
        "by_label": dict(Counter(row["label"] for row in found).most_common()),
        "surest": sorted(found, key=lambda row: -row["score"])[:SHOWN],
    }
