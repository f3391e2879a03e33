"""Errors of a pipeline on gold Docs, drawn by chance and numbered, for judging by hand.

What was judged so stands in results/judged_errors.yml; the numbers there are those printed here.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Annotated

import spacy
import typer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_rin.corpus.docbin import read_docs
from spacy_rin.evaluation.error_analysis import find_missed, find_wrong
from spacy_rin.relations import get_relations


def main(
    model: Annotated[str, typer.Argument(help="Trained pipeline")],
    test: Annotated[Path, typer.Argument(help="Gold Docs, .spacy")],
    count: Annotated[int, typer.Option(help="Of both kinds, missed and wrong")] = 50,
    seed: Annotated[int, typer.Option(help="Of the draw")] = 0,
) -> None:
    """Print errors: the triple, its kind, its text, and what else is found there."""
    nlp = spacy.load(model)
    gold = list(read_docs(test))
    texts = [copy_text(nlp.vocab, doc) for doc in gold]
    examples = [Example(doc, eg) for doc, eg in zip(nlp.pipe(texts), gold, strict=True)]
    for title, errors in (("missed", find_missed(examples)), ("wrong", find_wrong(examples))):
        found = list(errors)
        print(f"\n{title.upper()}: {count} of {len(found)}")
        for number, error in enumerate(random.Random(seed).sample(found, count), 1):
            eg = error.example
            name, doc = ("found", eg.predicted) if title == "missed" else ("gold", eg.reference)
            print(f"\n{number}. {error.relation.text} [{error.kind}]\n   {doc.text}")
            print(f"   {name}: {'; '.join(relation.text for relation in get_relations(doc))}")


def copy_text(vocab: Vocab, doc: Doc) -> Doc:
    """RETURNS (Doc): The same words, and nothing that is said of them."""
    return Doc(vocab, [word.text for word in doc], [bool(word.whitespace_) for word in doc])


if __name__ == "__main__":
    typer.run(main)
