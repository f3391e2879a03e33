"""What `spacy-rin init` reads of CoNLL04 → configs/own*.cfg and configs/amount.yml.

The surveys that it reads are kept in configs/own_survey.json: of all of train, of its first
sentences, and of further data sets, which the recipe was not chosen on. So the configs can be
written again without the data, when the recipe changes.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from spacy.util import dict_to_dot, load_config_from_str
from wasabi import msg

from scripts.reproduce.modules.own_data import AMOUNTS, SEEDS
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.files import write_text
from spacy_rin.recipe.config import make_config
from spacy_rin.recipe.survey import Survey, read_survey

FOLDER = Path("configs")
SURVEY = "own_survey.json"
DATASET = "conll04"
VECTORS, TRANSFORMER = "training/vectors", "training/minilm"
# The configs by the rows of amount.yml, and what `spacy-rin init` was told besides.
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "words": ("own.cfg", {}),
    "vectors": ("own_vectors.cfg", {"vectors": VECTORS}),
    "minilm": ("own_trf.cfg", {"transformer": TRANSFORMER}),
}
# Further data sets, and the kinds that are trained on them.
FURTHER = {"nyt_1000": ("vectors", "minilm"), "webnlg": ("vectors",)}
HEAD = """\
# The recipe for your own data: each row is the config that `spacy-rin init` writes.
# How many sentences does it take? CoNLL04 (hand-made gold, five relations): its first eighth,
# quarter, half and whole, by words, words with vectors, and MiniLM. Then data sets that the recipe
# was not chosen on.
# What the rows need, in this order: the corpora (`python -m scripts.data.convert conll04 nyt_1000
# webnlg`, then `python -m scripts.data.further_tests`, and the authors' test file of WebNLG), word
# vectors and a transformer: see the head of reproduction.yml.
# python -m scripts.reproduce.reproduce --matrix configs/amount.yml, then make publish WHAT=amount
# Written by `python -m scripts.reproduce.own_configs`: change src/spacy_rin/recipe/numbers.py.
"""


def main(
    corpora: Annotated[
        Path | None, typer.Option(help="The data sets' folder, to read their surveys again")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the configs are")] = FOLDER,
) -> None:
    """Write configs/own*.cfg and configs/amount.yml as the recipe now is."""
    if corpora:
        data = {name: survey.as_dict() for name, survey in read_surveys(corpora).items()}
        write_text(folder / SURVEY, f"{srsly.json_dumps(data)}\n")
    for name, text in pages(folder).items():
        write_text(folder / name, text)
        msg.good(f"Wrote {folder / name}")


def read_surveys(corpora: Path) -> dict[str, Survey]:
    """RETURNS (dict): What there is to know of each amount of CoNLL04 and of the further sets."""
    amounts = {str(n): (DATASET, n) for n in AMOUNTS}
    parts = amounts | {name: (name, None) for name in FURTHER}
    return {
        name: read_survey(islice(read_docs(corpora / dataset / "train"), n), dataset)
        for name, (dataset, n) in parts.items()
    }


def pages(folder: Path) -> dict[str, str]:
    """RETURNS (dict): The configs and the matrix, by name."""
    surveys = {n: Survey.from_dict(data) for n, data in srsly.read_json(folder / SURVEY).items()}
    texts, rows = {}, {}
    for kind, (name, told) in KINDS.items():
        texts[name], _ = make_config(surveys[str(AMOUNTS[-1])], **told)
        for amount in AMOUNTS:
            changed = make_row(name, told, texts[name], surveys[str(amount)], DATASET)
            if amount != AMOUNTS[-1]:
                changed["settings"]["corpora.train.limit"] = amount
            rows[f"{kind}_{amount}"] = changed
        for dataset in (dataset for dataset, kinds in FURTHER.items() if kind in kinds):
            rows[f"{kind}_{dataset}"] = make_row(name, told, texts[name], surveys[dataset], dataset)
    return texts | {"amount.yml": HEAD + srsly.yaml_dumps(rows)}


def make_row(
    name: str, told: dict[str, Any], base: str, survey: Survey, dataset: str
) -> dict[str, Any]:
    """RETURNS (dict): A row of the matrix: a config, and what `init` writes otherwise."""
    text, plan = make_config(survey, **told)
    known, wanted = (
        dict_to_dot(load_config_from_str(page, interpolate=False)) for page in (base, text)
    )
    settings = {key: value for key, value in wanted.items() if known.get(key) != value}
    settings.pop("training.max_epochs", None)
    # Test is scored once, at the end.
    settings |= {f"paths.{key}": value for key, value in told.items()} | {"paths.watch": None}
    # A run's own default is another.
    settings["training.eval_frequency"] = plan.eval_frequency
    return {
        "config": f"configs/{name}",
        "epochs": plan.epochs,
        "seeds": SEEDS,
        "settings": settings,
        "datasets": {dataset: None},
    }


if __name__ == "__main__":
    typer.run(main)
