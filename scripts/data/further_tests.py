"""CoNLL04's test set → corpus/conll04_raw/test and corpus/conll04_apart/test.

Its words come without their spaces, so that models are scored on gold's tokens. `raw` is the same
as text: the words with a space between them, which the pipeline's own tokenizer splits. `apart`
leaves out the sentences that stand in train, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer
from spacy.tokens import Doc, DocBin, Span
from wasabi import msg

from spacy_rin import Relation, get_relations, set_relations
from spacy_rin.cli.convert import run_convert
from spacy_rin.corpus.convert import ATTRS
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.files import replacing

CORPUS = Path("corpus")


def main(corpus: Path = CORPUS) -> None:
    """Write both sets.

    corpus (Path): The folder of the data sets, with conll04/train and conll04/test in it.
    """
    known = corpus / "conll04"
    run_convert([known / "test"], corpus / "conll04_apart" / "test", without=known / "train")
    output = corpus / "conll04_raw" / "test"
    output.mkdir(parents=True, exist_ok=True)
    with replacing(output / "00000.spacy") as temporary:
        docs = map(as_text, read_docs(known / "test"))
        DocBin(ATTRS, store_user_data=True, docs=docs).to_disk(temporary)
    msg.good(f"Wrote {output}")


def as_text(doc: Doc) -> Doc:
    """RETURNS (Doc): The same gold Doc, with a space between any two words."""
    words = [token.text for token in doc]
    raw = Doc(doc.vocab, words=words, spaces=[True] * (len(words) - 1) + [False])
    raw.set_ents([span_in(raw, ent) for ent in doc.ents], default="outside")
    set_relations(raw, list(relations_in(raw, doc)))
    return raw


def relations_in(raw: Doc, doc: Doc) -> Iterator[Relation]:
    """YIELDS (Relation): Each relation of one Doc, in another with the same words."""
    for relation in get_relations(doc):
        yield Relation(span_in(raw, relation.head), relation.label, span_in(raw, relation.tail))


def span_in(raw: Doc, span: Span) -> Span:
    """RETURNS (Span): The same words of another Doc."""
    return Span(raw, span.start, span.end, label=span.label)


if __name__ == "__main__":
    typer.run(main)
