"""Trained pipeline + sentence splitter → the pipeline that is packaged, with a meta that says so.

Training has no sentence splitter, since a gold record is read as one unit; texts need one, unless
the model has learned from records set end to end (`[corpora.train.augmenter] level`).
"""

from __future__ import annotations

from pathlib import Path

import spacy
import typer
from wasabi import msg

from scripts.data.modules.datasets import find_dataset
from spacy_rin.files import replacing

AUTHOR = "spacy-rin"


def main(name: str, trained: Path, output: Path, version: str = "0.1.0") -> None:
    """Put a rule-based sentence splitter in front of a trained pipeline, and describe it.

    name (str): The data set it was trained on.
    trained (Path): Pipeline that `spacy train` wrote.
    output (Path): Pipeline to write.
    version (str): Version of the package.
    """
    dataset = find_dataset(name)
    source = dataset.source
    nlp = spacy.load(trained)
    augmenter = nlp.config["corpora"]["train"].get("augmenter") or {}
    if not augmenter.get("level"):
        nlp.add_pipe("sentencizer", first=True)
    nlp.meta.update(
        {
            "name": f"rin_{dataset.package}",
            "version": version,
            "author": AUTHOR,
            "license": source.licence,
            "description": (
                "Joint entity and relation extraction with the Recurrent Interaction Network, "
                f"trained on {dataset.title}. Writes doc.ents and doc._.relations."
            ),
            "sources": [
                {
                    "name": dataset.title,
                    "url": source.url,
                    "author": source.author,
                    "license": source.licence,
                    "limits": source.limits,
                }
            ],
        }
    )
    with replacing(output) as temporary:
        nlp.to_disk(temporary)
    msg.good(f"Wrote {output}: {', '.join(nlp.pipe_names)}")


if __name__ == "__main__":
    typer.run(main)
