"""`spacy-rin init`: a gold corpus → a config for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from ..corpus.docbin import read_docs
from ..errors import Errors, import_extra
from ..files import check_output, write_text
from ..recipe.config import make_config, read_vectors_meta
from ..recipe.plan import Plan
from ..recipe.survey import Survey, read_survey


def init_command(
    train: Annotated[Path, typer.Argument(help="Gold to train on: .spacy, or a directory of them")],
    output: Annotated[Path, typer.Argument(help="Config to write, for `spacy train`")],
    dev: Annotated[Path | None, typer.Option(help="Gold to choose the model on, to check")] = None,
    transformer: Annotated[
        str | None, typer.Option(help="Transformer to train: a directory, or a name on the hub")
    ] = None,
    vectors: Annotated[
        str | None, typer.Option(help="Pipeline with word vectors: a package, or a directory")
    ] = None,
    lang: Annotated[
        str | None, typer.Option(help="Language; else that of the vectors, else en")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the config if it exists")] = False,
) -> None:
    """Write a config for your own data: what it trains and how long, by what TRAIN holds.

    Comments in the config say what was chosen. Then: spacy train CONFIG --output DIR
    --paths.train TRAIN --paths.dev DEV
    """
    if output.exists() and not overwrite:
        raise ValueError(Errors.R154.format(path=output))
    check_output(output, train, *([dev] if dev else []))
    if transformer:
        import_extra("spacy_transformers", "transformers", "A transformer")
    meta = read_vectors_meta(vectors) if vectors else {}
    survey = read_survey(read_docs(train), train)
    text, plan = make_config(
        survey, lang=lang or meta.get("lang", "en"), vectors=vectors, transformer=transformer
    )
    write_text(output, text)
    _print_choice(output, survey, plan)
    if meta:
        msg.info(f"Word vectors of {meta['width']} dimensions, in {vectors}")
    if not lang:
        found = f"{meta['lang']}, that of the vectors" if meta else "en"
        msg.info(f"A corpus does not say its language. Took {found}; --lang names another.")
    if dev:
        _compare(survey, read_survey(read_docs(dev), dev))


def _print_choice(output: Path, survey: Survey, plan: Plan) -> None:
    """Print what was found in train, and how long training will take."""
    msg.good(f"Wrote {output}")
    n_entity, n_relation = len(survey.entity_labels), len(survey.relation_labels)
    kinds = f"{n_entity} labels of entities, {n_relation} of relations"
    rows = {
        "sentences": f"{survey.docs:,} with {survey.triples:,} triples",
        "labels": kinds,
        "mentions in others": "yes" if survey.nested else "no",
        "training": f"{plan.epochs} epochs, {plan.updates:,} updates",
        "looks at dev": f"{plan.looks}, after {plan.eval_frequency} updates each",
    }
    msg.table(rows)


def _compare(train: Survey, dev: Survey) -> None:
    """Warn of labels that dev has and train lacks: no model can find them."""
    for kind in ("entity_labels", "relation_labels"):
        unseen = sorted(getattr(dev, kind) - getattr(train, kind))
        if unseen:
            msg.warn(f"Only dev has the {kind.replace('_', ' ')} {', '.join(unseen)}")
