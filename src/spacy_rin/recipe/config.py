"""The survey of a corpus → the text of a config for it, from the template beside this file.

The text is the product, and not spaCy's Config, which drops the comments. These say what was chosen
and why.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from spacy.util import get_lang_class, get_model_meta, get_package_path, is_package

from ..component.settings import Settings
from ..errors import Errors
from ..scorer import SCORE_WEIGHTS
from .numbers import (
    BUFFER,
    LONGEST_WINDOW,
    RETOKENIZE,
    TRANSFORMER,
    VECTORS,
    WINDOW,
    WORDS,
    Numbers,
)
from .plan import Plan, make_plan
from .survey import Survey

TEMPLATE = "config.jinja"


def make_config(
    survey: Survey,
    *,
    lang: str = "en",
    vectors: str | None = None,
    transformer: str | None = None,
    numbers: Numbers | None = None,
    plan: Plan | None = None,
) -> tuple[str, Plan]:
    """Write the config of the recipe for a corpus.

    survey (Survey): What is known of its training data.
    lang (str): Language of the pipeline.
    vectors (str): A pipeline with word vectors: a package, or a directory.
    transformer (str): A transformer: a directory, or a name on the hub.
    numbers (Numbers): Other numbers than those of the recipe.
    plan (Plan): How long to train, instead of what the recipe says.
    RETURNS (tuple[str, Plan]): The config, with comments, and how long it trains.
    RAISES (ValueError): If spaCy does not know the language.
    """
    try:
        get_lang_class(lang)
    except ImportError as error:
        raise ValueError(Errors.R108.format(lang=lang)) from error
    numbers = numbers or (TRANSFORMER if transformer else VECTORS if vectors else WORDS)
    plan = plan or make_plan(survey, numbers, padded=bool(transformer))
    environment = Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    environment.filters["json"] = json.dumps
    template = environment.from_string(files(__package__).joinpath(TEMPLATE).read_text("utf8"))
    text = template.render(
        survey=survey,
        numbers=numbers,
        plan=plan,
        lang=lang,
        vectors=vectors,
        transformer=transformer,
        settings=_settings(survey, numbers),
        comments=_comments(survey),
        buffer=BUFFER,
        retokenize=RETOKENIZE,
        # The best model on dev is the one with the best score at its own best threshold.
        score_weights=SCORE_WEIGHTS | {"rel_f": 0.0, "rel_f_best": 1.0},
    )
    return text, plan


def read_vectors_meta(name: str) -> dict[str, Any]:
    """Read what a pipeline says of its word vectors, and of its language, without loading it.

    name (str): A package, or a directory.
    RETURNS (dict): Its "lang", and the "width", the "mode" and so on of its vectors.
    RAISES (OSError): If there is no such pipeline.
    RAISES (ValueError): If it has no vectors.
    """
    path = get_package_path(name) if is_package(name) else Path(name)
    if not (path / "meta.json").is_file():
        raise OSError(Errors.R075.format(model=name))
    meta = get_model_meta(path)
    if not meta["vectors"]["width"]:
        raise ValueError(Errors.R153.format(name=name))
    return {"lang": meta["lang"], **meta["vectors"]}


def _settings(survey: Survey, numbers: Numbers) -> dict[str, Any]:
    """The settings of the component: its defaults, and what was chosen for the corpus."""
    chosen: dict[str, Any] = {
        "signatures": "seen" if survey.typed else "off",
        # In steps, so that a corpus with one text more has the same config.
        "max_length": max(WINDOW, min(-(-survey.longest // 100) * 100, LONGEST_WINDOW)),
        "nested": survey.nested,
        "learn_rate_factor": numbers.learn_rate_factor,
    }
    return asdict(Settings()) | chosen


def _comments(survey: Survey) -> dict[str, str]:
    """What the config says of settings of the component, by their names."""
    nested = "relates some" if survey.nested else "relates none"
    return {
        "threshold": "least probability of a triple",
        "temperature": "of the scores, with score_bias: `spacy-rin calibrate` finds both",
        "max_length": "words of the longest text that is read at once; longer ones in windows",
        "nested": f'mentions inside others, as "Antwerp" in "Antwerp Airport": train {nested}',
        "max_grad_norm": "of all gradients together; larger ones are scaled down",
        "learn_rate_factor": "times the rate of the optimizer, for rin's own layers",
        "signatures": "a pair of entity types that train never relates so is no triple",
    }
