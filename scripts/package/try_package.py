"""Load the installed package by name and print the triples of a few texts."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import spacy
import srsly
import typer
from wasabi import msg

from scripts.data.modules.datasets import ASSETS, find_dataset
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.pictures.page import write_page


def main(name: str) -> None:
    """Print what a package finds, and draw it to pictures/<name>_try.html.

    name (str): The data set it was trained on. The texts are assets/<name>/texts.jsonl; where that
        is missing, a few of the test texts, joined in pairs to documents.
    """
    package = f"en_rin_{find_dataset(name).package}"
    nlp = spacy.load(package)
    msg.divider(package)
    docs = list(nlp.pipe(_texts(name)))
    for doc in docs:
        msg.text(f"\n{doc.text}")
        for relation in doc._.relations:
            msg.text(f"    {relation.text}   ({relation.score:.2f})")
        if not doc._.relations:
            msg.text("    (no triples)")
    write_page(Path("pictures") / f"{name}_try.html", docs, title=f"Relations found by {package}")


def _texts(name: str) -> list[str]:
    texts = ASSETS / name / "texts.jsonl"
    if texts.is_file():
        return [row["text"] for row in srsly.read_jsonl(texts)]
    sentences = [doc.text.strip() for doc in islice(read_docs(f"corpus/{name}/test"), 6)]
    return [" ".join(sentences[k : k + 2]) for k in range(0, 6, 2)]


if __name__ == "__main__":
    typer.run(main)
