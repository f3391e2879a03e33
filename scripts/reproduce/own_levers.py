"""What each lever of the recipe for data of one's own brings, on CoNLL04's dev set.

Writes training/levers/*.cfg and a matrix of them, and trains it → training/reproduce/levers.jsonl.
Each lever is pulled alone, on the recipe that there was before, and left out of the recipe. Two
need no training: signatures and the threshold, which are settings of the trained pipelines
(→ training/reproduce/levers_settings.jsonl). Nothing is scored on test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import spacy
import srsly
import typer
from spacy.scorer import Scorer

from scripts.reproduce import reproduce
from scripts.reproduce.modules.matrix import RUNS, read_matrix
from scripts.reproduce.own_configs import AMOUNTS, FOLDER, SEEDS, SURVEY, VECTORS
from spacy_rin.component import find_rin
from spacy_rin.evaluation.reading import predict_examples, whole_units
from spacy_rin.files import write_text
from spacy_rin.recipe import numbers as recipe
from spacy_rin.recipe.config import make_config
from spacy_rin.recipe.numbers import Numbers
from spacy_rin.recipe.plan import Plan
from spacy_rin.recipe.survey import Survey

LEVERS = Path("training/levers")
SCORED = RUNS / "levers_settings.jsonl"


@dataclass(frozen=True)
class Variant:
    """A config between the recipe and the one that there was before.

    numbers (Numbers): Its numbers.
    vectors (bool): Whether it has word vectors.
    long (bool): Whether it trains as long as the recipe says, and at its rate.
    """

    numbers: Numbers = recipe.VECTORS
    vectors: bool = True
    long: bool = True

    def pull(self, **changes: Any) -> Variant:
        """RETURNS (Variant): The same with other values, of the variant itself or its numbers."""
        own = {name: changes.pop(name) for name in ("vectors", "long") if name in changes}
        return replace(self, numbers=replace(self.numbers, **changes), **own)

    def write(self, survey: Survey) -> tuple[str, Plan]:
        """RETURNS (tuple[str, Plan]): The config, and how long it trains."""
        # The batches, epochs and rate of the config that there was before.
        before = Plan(50, 0, 30, -(-survey.docs // 50), 20)
        numbers = self.numbers if self.long else replace(self.numbers, learn_rate=0.005)
        return make_config(
            survey,
            vectors=VECTORS if self.vectors else None,
            numbers=numbers,
            plan=None if self.long else before,
        )


# Each lever: what is set to pull it, and what takes it away.
PULLED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "letters": ({"letters_width": recipe.VECTORS.letters_width}, {"letters_width": 0}),
    "vectors": ({"vectors": True}, {"vectors": False}),
    "dropout": (
        {"dropout": recipe.VECTORS.dropout, "encoder_dropout": True},
        {"dropout": 0.1, "encoder_dropout": False},
    ),
    "updates": ({"long": True}, {"long": False}),
    "distance": ({"distance": recipe.VECTORS.distance}, {"distance": 0}),
    "between": ({"between": True}, {"between": False}),
    "types": ({"types": True}, {"types": False}),
    "averages": ({"averages": True}, {"averages": False}),
    "affixes": ({"affix_width": recipe.WORDS.affix_width}, {"affix_width": 0}),
}
RECIPE = Variant()
BEFORE = RECIPE.pull(**{name: value for _, off in PULLED.values() for name, value in off.items()})


def variants() -> dict[str, Variant]:
    """RETURNS (dict): The variants by name. A lever that is not in the recipe is added to it."""
    found = {"recipe": RECIPE, "before": BEFORE}
    for name, (on, off) in PULLED.items():
        found[f"before_with_{name}"] = BEFORE.pull(**on)
        without = RECIPE.pull(**off)
        if without == RECIPE:
            found[f"recipe_with_{name}"] = RECIPE.pull(**on)
        else:
            found[f"recipe_without_{name}"] = without
    return found


def score_settings(model: Path, dev: Path) -> Iterator[dict[str, Any]]:
    """Score a pipeline with and without signatures, at the threshold that fits dev and at 0.5.

    model (Path): The pipeline.
    dev (Path): Gold Docs.
    YIELDS (dict): The two settings, and `rel_strict_f`.
    """
    nlp = spacy.load(model)
    rin = find_rin(nlp)
    fitted = rin.cfg["threshold"]
    for signatures in ("off", "seen"):
        for threshold in (0.5, fitted):
            rin.cfg["signatures"], rin.cfg["threshold"] = signatures, threshold
            with whole_units(nlp, rin):
                scores = Scorer(nlp).score(predict_examples(nlp, dev))
            yield {
                "signatures": signatures,
                "threshold": threshold,
                "fitted": threshold == fitted,
                "rel_strict_f": scores["rel_strict_f"],
            }


def main(
    only: Annotated[str, typer.Option(help="Rows of this name; * stands for anything")] = "*",
    processes: Annotated[int, typer.Option(help="Runs at once; 0: one a core")] = 0,
) -> None:
    """Write the configs and the matrix, and train what has no result yet."""
    survey = Survey.from_dict(srsly.read_json(FOLDER / SURVEY)[str(AMOUNTS[-1])])
    rows: dict[str, Any] = {}
    for name, variant in variants().items():
        text, plan = variant.write(survey)
        path = LEVERS / f"{name}.cfg"
        write_text(path, text)
        settings = {
            "training.eval_frequency": plan.eval_frequency,
            "paths.watch": None,
            "paths.vectors": VECTORS if variant.vectors else None,
        }
        rows[name] = {
            "config": str(path),
            "epochs": plan.epochs,
            "seeds": SEEDS,
            "part": "dev",
            "settings": settings,
            "datasets": {"conll04": None},
        }
    matrix = LEVERS / "levers.yml"
    write_text(matrix, srsly.yaml_dumps(rows))
    reproduce.main(matrix, "levers", only, processes)
    lines = [
        {"row": run.row, "seed": run.seed, **scored}
        for run in read_matrix(matrix)
        if run.row in ("recipe", "before") and run.result.exists()
        for scored in score_settings(run.folder / "model-best", Path("corpus/conll04/dev"))
    ]
    write_text(SCORED, "".join(f"{srsly.json_dumps(line)}\n" for line in lines))


if __name__ == "__main__":
    typer.run(main)
