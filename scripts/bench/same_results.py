"""What a change of structure must not change: losses step by step, and what a pipeline finds.

Run it in a checkout of the commit before and in that of the change, then compare the two files:

    python scripts/bench/same_results.py write before.json CONFIG [--section.setting value ...]
    python scripts/bench/same_results.py compare before.json after.json

It imports nothing of this folder, so that an older checkout can run it too.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import spacy
import typer
from spacy.cli._util import parse_config_overrides
from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.training.loop import create_train_batches, train_while_improving
from spacy.util import load_config, registry, resolve_dot_names
from wasabi import msg

app = typer.Typer(add_completion=False, no_args_is_help=True)
EXTRA = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command("write", context_settings=EXTRA)
def write(
    context: typer.Context,
    output: Annotated[Path, typer.Argument(help="JSON file to write")],
    config: Annotated[Path, typer.Argument(help="Config to train; overrides as `spacy train`")],
    steps: Annotated[int, typer.Option(help="Steps of the training")] = 50,
    pipeline: Annotated[
        str | None, typer.Option(help="Trained pipeline to read texts with")
    ] = None,
    texts: Annotated[Path | None, typer.Option(help="Gold Docs for it, .spacy")] = None,
) -> None:
    """Write the loss of each step, and the triples and scores of a trained pipeline."""
    overrides = parse_config_overrides(context.args)
    result: dict[str, Any] = {"losses": losses(config, overrides, steps)}
    if pipeline and texts:
        nlp = spacy.load(pipeline)
        docs = nlp.pipe(eg.reference.text for eg in Corpus(texts)(nlp))
        result["triples"] = [[r.as_dict() for r in doc._.relations] for doc in docs]
        result["entities"] = [
            [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
            for doc in nlp.pipe(eg.reference.text for eg in Corpus(texts)(nlp))
        ]
    output.write_text(json.dumps(result), encoding="utf8")
    msg.good(f"Wrote {output}: {steps} steps, {len(result.get('triples', ()))} texts")


@app.command("compare")
def compare(before: Path, after: Path) -> None:
    """Say whether two such files hold the same, to the last bit."""
    old, new = (json.loads(path.read_text(encoding="utf8")) for path in (before, after))
    if old.keys() != new.keys():
        msg.fail(f"One file has {sorted(old)}, the other {sorted(new)}", exits=1)
    for name, values in old.items():
        pairs = list(zip(values, new[name], strict=True))
        wrong = next((k for k, (a, b) in enumerate(pairs) if a != b), None)
        if wrong is not None:
            a, b = pairs[wrong]
            msg.fail(f"{name}: {wrong} of {len(pairs)} is {b}, and was {a}", exits=1)
        msg.good(f"{name}: all {len(pairs)} are the same")


def losses(config: Path, overrides: dict[str, Any], steps: int) -> list[dict[str, float]]:
    """Train as `spacy train` does, and look at every step.

    config (Path): The config.
    overrides (dict): Its settings by dotted name.
    steps (int): How many.
    RETURNS (list[dict]): The losses of each step, by name.
    """
    nlp: Language = init_nlp(load_config(config, overrides, interpolate=False), use_gpu=-1)
    filled = nlp.config.interpolate()
    settings = registry.resolve(filled["training"], schema=ConfigSchemaTraining)
    (corpus,) = resolve_dot_names(filled, [settings["train_corpus"]])
    batches = create_train_batches(nlp, corpus, settings["batcher"], settings["max_epochs"])
    infos = train_while_improving(
        nlp,
        settings["optimizer"],
        batches,
        lambda: (0.0, {}),
        dropout=settings["dropout"],
        accumulate_gradient=settings["accumulate_gradient"],
        patience=0,
        max_steps=0,
        eval_frequency=1,
        exclude=settings["frozen_components"],
        annotating_components=settings["annotating_components"],
        before_update=None,
    )
    return [dict(info["losses"]) for _, info, _ in islice(infos, steps)]


if __name__ == "__main__":
    app()
