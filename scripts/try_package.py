"""Load the installed package by name and print the triples of a few texts."""

from __future__ import annotations

from pathlib import Path

import spacy
import srsly
import typer
from datasets import find_dataset
from wasabi import msg


def main(name: str, texts: Path | None = None) -> None:
    """Print what a package finds.

    name (str): The data set it was trained on.
    texts (Path): JSON lines with a field "text"; else a few of the data set's test texts, joined
        in pairs to documents.
    """
    package = f"en_rin_{find_dataset(name).package}"
    nlp = spacy.load(package)
    msg.divider(package)
    for doc in nlp.pipe(_texts(name, texts)):
        msg.text(f"\n{doc.text}")
        for relation in doc._.relations:
            msg.text(f"    {relation.text}   ({relation.score:.2f})")
        if not doc._.relations:
            msg.text("    (no triples)")


def _texts(name: str, texts: Path | None) -> list[str]:
    if texts is not None:
        return [row["text"] for row in srsly.read_jsonl(texts)]
    from spacy_rin.inspection import read_docs

    words = [doc.text.strip() for doc, _ in zip(read_docs(f"corpus/{name}/test"), range(6))]
    return [" ".join(words[k : k + 2]) for k in range(0, 6, 2)]


if __name__ == "__main__":
    typer.run(main)
