"""Runs of the recipe for your own data → results/own_data.json, and the tables of the pages.

The runs are those of configs/amount.yml, scored on test, and those of `own_levers`, scored on dev.
What has not been run is left out.
"""

from __future__ import annotations

from statistics import fmean, stdev
from typing import Any, NamedTuple

from scripts.reproduce.modules.reports import Line, Rows
from scripts.reproduce.modules.tables import mean_of
from spacy_rin.evaluation.markdown import table

STRICT, ENTITIES, EXACT = "rel_strict_f", "ents_f", "rel_f"
# Of a thousand sentences.
SILENCE = ("silence", "silence_negated")
KINDS = {"words": "words", "vectors": "words with vectors", "minilm": "MiniLM"}
# Sentences of CoNLL04's train: its first eighth, quarter, half, and all.
AMOUNTS = (115, 230, 461, 922)
SEEDS = 3


class Figure(NamedTuple):
    """A figure of the summary: a mean over the seeds.

    row (str): Row of configs/amount.yml.
    score (str): Which of its scores.
    test (str): Which further test set; empty for the data set's own.
    """

    row: str
    score: str = STRICT
    test: str = ""


FIGURES = {
    "conll04_words_vectors_strict_f": Figure("vectors_922"),
    "conll04_words_strict_f": Figure("words_922"),
    "conll04_trf_strict_f": Figure("minilm_922"),
    "conll04_words_230_strict_f": Figure("vectors_230"),
    "conll04_trf_230_strict_f": Figure("minilm_230"),
    "conll04_words_vectors_ents_f": Figure("vectors_922", ENTITIES),
    "conll04_words_ents_f": Figure("words_922", ENTITIES),
    "conll04_trf_ents_f": Figure("minilm_922", ENTITIES),
    "conll04_words_vectors_raw_strict_f": Figure("vectors_922", test="raw"),
    "conll04_words_raw_strict_f": Figure("words_922", test="raw"),
    "conll04_trf_raw_strict_f": Figure("minilm_922", test="raw"),
    "conll04_words_vectors_apart_strict_f": Figure("vectors_922", test="apart"),
    "conll04_words_apart_strict_f": Figure("words_922", test="apart"),
    "conll04_trf_apart_strict_f": Figure("minilm_922", test="apart"),
    "nyt_1000_words_vectors_strict_f": Figure("vectors_nyt_1000"),
    "nyt_1000_trf_strict_f": Figure("minilm_nyt_1000"),
    "webnlg_words_vectors_exact_f": Figure("vectors_webnlg", "authors_exact_f"),
}


def own_data(rows: Rows, levers: Rows) -> dict[str, Any]:
    """Put the figures together.

    rows (dict): What `reports.summarise` gives of configs/amount.yml.
    levers (dict): The same of the levers.
    RETURNS (dict): A flat `summary` of means, in points from 0 to 100; and of each row the number
        of runs, means and standard deviations, from 0 to 1.
    """
    summary = {}
    for name, (row, score, test) in FIGURES.items():
        for found in rows.get(row, {}).values():
            scores = [score_of(run, score, test) for run in found["runs"]]
            known = [value for value in scores if value is not None]
            if len(known) == len(scores):  # earlier runs lack what was added later
                summary[name] = round(100 * fmean(known), 2)
    return {
        "summary": summary,
        "test": {row: _figures(found) for row, found in rows.items()},
        "dev": {row: _figures(found) for row, found in levers.items()},
    }


def score_of(run: Line, score: str, test: str = "") -> float | None:
    """RETURNS (float | None): A score of a run, on its own test set or on a further one."""
    scores = run.get("further_tests", {}).get(test, {}) if test else run["scores"]
    found: float | None = scores.get(score)
    return found


def amount_table(rows: Rows) -> str:
    """RETURNS (str): F1 by the number of sentences, for every kind of encoder."""
    body = [
        [title] + [_of(rows[f"{kind}_{n}"]) if f"{kind}_{n}" in rows else "–" for n in AMOUNTS]
        for kind, title in KINDS.items()
        if any(f"{kind}_{n}" in rows for n in AMOUNTS)
    ]
    return table(["sentences of train", *map(str, AMOUNTS)], body)


def levers_table(levers: Rows, settings: list[Line]) -> str:
    """Write what each lever brings alone, and what the recipe loses without it.

    levers (dict): What `reports.summarise` gives of the levers.
    settings (list[dict]): What `own_levers` has scored without training.
    RETURNS (str): Markdown.
    """
    prefixes = ("before_with_", "recipe_without_", "recipe_with_")
    names = dict.fromkeys(
        row.removeprefix(prefix) for row in levers for prefix in prefixes if row.startswith(prefix)
    )
    body = [["nothing changed", _of(levers["before"]), _of(levers["recipe"])]]
    for name in names:
        alone = levers.get(f"before_with_{name}")
        without, added = (levers.get(f"recipe_{word}_{name}") for word in ("without", "with"))
        other = f"{_of(added)} (with it)" if added else _of(without) if without else "–"
        body.append([name, _of(alone) if alone else "–", other])
    for name, plain in UNTRAINED.items():
        body.append([name, *(_without(settings, row, plain) for row in ("before", "recipe"))])
    header = ["lever (strict F1, dev)", "with it, before the others", "recipe without it"]
    return table(header, body)


# Levers that need no training, and the setting without them. Both kinds of models have them.
UNTRAINED = {
    "signatures": {"signatures": "off", "fitted": True},
    "threshold": {"signatures": "seen", "fitted": False},
}


def _without(settings: list[Line], row: str, plain: dict[str, Any]) -> str:
    values = [
        line[STRICT]
        for line in settings
        if line["row"] == row and all(line[key] == value for key, value in plain.items())
    ]
    if not values:
        return "–"
    found = mean_of(fmean(values), stdev(values) if len(values) > 1 else None)
    return found if row == "recipe" else f"{found} (without it)"


def _of(row: dict[str, Any]) -> str:
    """Mean and standard deviation of a row, and its runs where they are fewer than the seeds."""
    (found,) = row.values()  # the only data set of the row
    runs = "" if found["n"] >= SEEDS else f" (of {found['n']})"
    return f"{mean_of(found['mean'][STRICT], found['sd'][STRICT])}{runs}"


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    (found,) = row.values()
    kept = [name for name in (STRICT, EXACT, ENTITIES, *SILENCE) if name in found["mean"]]
    mean_and_sd = {
        which: {name: found[which][name] for name in kept if found[which][name] is not None}
        for which in ("mean", "sd")
    }
    return {"dataset": next(iter(row)), "runs": found["n"], **_rounded(mean_and_sd)}


def _rounded(groups: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {key: {name: round(v, 6) for name, v in group.items()} for key, group in groups.items()}
