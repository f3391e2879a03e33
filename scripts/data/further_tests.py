"""CoNLL04's test set → corpus/conll04_raw/test and corpus/conll04_apart/test.

Its words come without their spaces, so that models are scored on gold's tokens. `raw` is the same
as text: the words with a space between them, which spaCy's tokenizer splits. Full stops that it
splits off the last word of a mention do not count as part of it. `apart` leaves out the sentences
that stand in train, too.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import spacy
import typer
from spacy.tokens import DocBin
from wasabi import msg

from spacy_rin.cli.convert import run_convert
from spacy_rin.corpus.convert import ATTRS
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.files import replacing
from spacy_rin.training.retokenize import retokenize

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
        docs = map(partial(retokenize, spacy.blank("en")), read_docs(known / "test"))
        DocBin(ATTRS, store_user_data=True, docs=docs).to_disk(temporary)
    msg.good(f"Wrote {output}")


if __name__ == "__main__":
    typer.run(main)
