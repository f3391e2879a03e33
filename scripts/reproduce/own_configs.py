"""What `spacy-rin init` reads of CoNLL04 → configs/own*.cfg and configs/amount.yml.

The survey that it reads are kept in configs/own_survey.json, for all of train and for its first
sentences. So the configs can be written again without the data, when the recipe changes.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from wasabi import msg

from spacy_rin.corpus.docbin import read_docs
from spacy_rin.files import write_text
from spacy_rin.recipe.config import make_config
from spacy_rin.recipe.plan import Plan
from spacy_rin.recipe.survey import Survey, read_survey

FOLDER = Path("configs")
SURVEY = "own_survey.json"
# Sentences of train: its first eighth, quarter, half, and all.
AMOUNTS = (115, 230, 461, 922)
VECTORS, TRANSFORMER = "training/vectors", "training/minilm"
# The configs by the rows of amount.yml, and what `spacy-rin init` was told besides.
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "words": ("own.cfg", {}),
    "vectors": ("own_vectors.cfg", {"vectors": VECTORS}),
    "minilm": ("own_trf.cfg", {"transformer": TRANSFORMER}),
}
SEEDS = 3
HEAD = """\
# How many sentences does it take? CoNLL04 (hand-made gold, five relations): its first eighth,
# quarter, half and whole, by words, words with vectors, and MiniLM. Each row is the config that
# `spacy-rin init` writes for so many sentences.
# python -m scripts.reproduce.reproduce --matrix configs/amount.yml, then make publish WHAT=amount
# Written by `python -m scripts.reproduce.own_configs`: change src/spacy_rin/recipe/numbers.py.
"""


def main(
    train: Annotated[
        Path | None, typer.Option(help="CoNLL04's train, to read its survey again")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the configs are")] = FOLDER,
) -> None:
    """Write configs/own*.cfg and configs/amount.yml as the recipe now is."""
    if train:
        survey = {n: read_survey(islice(read_docs(train), n), train) for n in AMOUNTS}
        data = {n: found.as_dict() for n, found in survey.items()}
        write_text(folder / SURVEY, f"{srsly.json_dumps(data)}\n")
    for name, text in pages(folder).items():
        write_text(folder / name, text)
        msg.good(f"Wrote {folder / name}")


def pages(folder: Path) -> dict[str, str]:
    """RETURNS (dict): The configs and the matrix, by name."""
    survey = {
        int(n): Survey.from_dict(data) for n, data in srsly.read_json(folder / SURVEY).items()
    }
    texts, rows = {}, {}
    for kind, (name, told) in KINDS.items():
        for amount in AMOUNTS:
            # For all of train last: that is the config of the folder.
            texts[name], plan = make_config(survey[amount], **told)
            rows[f"{kind}_{amount}"] = make_row(name, told, plan, amount)
    return texts | {"amount.yml": HEAD + srsly.yaml_dumps(rows)}


def make_row(name: str, told: dict[str, str], plan: Plan, amount: int) -> dict[str, Any]:
    """RETURNS (dict): A row of the matrix: what `spacy-rin init` writes for fewer sentences."""
    settings: dict[str, Any] = {f"paths.{key}": value for key, value in told.items()}
    settings["training.eval_frequency"] = plan.eval_frequency
    settings["training.batcher.size"] = plan.batch_words if "transformer" in told else plan.batch
    if amount != AMOUNTS[-1]:
        settings["corpora.train.limit"] = amount
    return {
        "config": f"configs/{name}",
        "epochs": plan.epochs,
        "seeds": SEEDS,
        "settings": settings,
        "datasets": {"conll04": None},
    }


if __name__ == "__main__":
    typer.run(main)
