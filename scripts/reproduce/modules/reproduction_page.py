"""results/reproduction.jsonl → its part of the results page; plots are `reproduction_plots.py`'s.

What is said of a row that differs from the published figure stands in results/notes.yml, by row.
"""

from __future__ import annotations

import statistics
from collections import Counter
from typing import Any

from scripts.reproduce.modules.reports import Rows
from scripts.reproduce.modules.tables import mean_of, prf_table, published_of
from spacy_rin.evaluation.markdown import percent, table

AUTHORS = {"authors_partial_f": "partial", "authors_exact_f": "exact"}
# Rows that users would take, shown in full here and as lines of docs/project.md.
BEST = ("rin_best", "rin_trf_k2")
# Tables over the seeds of a row: title, and the key of its runs.
TABLES = {
    "by_overlap": "sentences of overlap class",
    "by_triples": "sentences with this many triples",
    "by_seen": "triples that stand in train as text, or not",
    "by_frequency": "triples that train has of the label",
    "joined": "unrelated test sentences in one raw text, in spaCy's own tokens",
}
PLOTS = {
    "reproduction_rounds.png": "F1 over the rounds K as the authors' code counts, ± sd of seeds",
    "reproduction_threshold.png": "precision and recall (`rel`) over the threshold",
    "reproduction_training.png": "dev and test over the epochs, `rin_best`",
}
LEGEND = """Test F1, mean ± standard deviation over the seeds. Chosen on dev; in the last column,
the best epoch on test, as the authors' code chooses. Published: partial match on `webnlg_copyre`,
exact match on `webnlg` (which has 216 relations; the paper's exact match used 171). A figure is
marked * if it differs from the published one by more than two standard deviations, of its seeds or
of the published ones, whichever is larger; where neither is known, by more than rounding.

`nyt_small` trains on 4,500 sentences of NYT's validation set, since the 56,195 of train cannot be
downloaded: its figures are **not comparable** with the published ones for NYT (RIN 87.3 partial and
84.7 exact, without interaction 83.5 and 76.9), and tell only how its rows stand to each other. What
they find in the two sentences that the paper discusses, round by round:
[case_studies.md](case_studies.md).
"""


def section(rows: Rows, notes: dict[str, str], wanted: Counter[tuple[str, str]]) -> str:
    """Write the part on reproduced rows: figures, notes, plots, and the tables of the best.

    rows (dict): What `reports.summarise` gives.
    notes (dict): What is said of a row, by row.
    wanted (Counter): Seeds of each row and data set of the matrix.
    RETURNS (str): Markdown.
    """
    parts = ["## Reproduction\n", LEGEND, overview(rows), missing(rows, wanted)]
    parts += differences(rows, notes)
    for name, title in PLOTS.items():
        parts += [f"### {title}\n\n![{title}]({name})\n", notes.get(name, "")]
    best = [(row, data, found) for row in BEST for data, found in rows.get(row, {}).items()]
    for row, data, found in best:
        seeds = f"mean of {found['n']} seeds" if found["n"] > 1 else "one seed"
        parts.append(f"### {row} on {data}, {seeds}\n")
        parts += [prf_table(title, average(found["runs"], key)) for key, title in TABLES.items()]
        parts.append(_errors(found["runs"]))
        parts.append(_further(found["runs"]))
    return "\n".join(parts)


def overview(rows: Rows) -> str:
    """RETURNS (str): A line a row and data set."""
    header = ["row", "data", "seeds", "epochs", "`rel_f`", "`ents_f`"]
    header += [*(f"`{name}`" for name in AUTHORS), "published", "best on test"]
    body = []
    for row, datasets in rows.items():
        for data, found in datasets.items():
            mean, sd = found["mean"], found["sd"]
            measure = next(iter(found["published"]), None)
            mark = "*" if differs(found) else ""
            body.append(
                [row, data, str(found["n"]), str(found["epochs"])]
                + [mean_of(mean[name], sd[name]) for name in ("rel_f", "ents_f")]
                + [mean_of(mean[n], sd[n]) + (mark if n == measure else "") for n in AUTHORS]
                + [_published(found), _best_on_test(found, measure)]
            )
    return table(header, body, "ll" + "r" * (len(header) - 2))


def differs(found: dict[str, Any]) -> bool:
    """Whether a row is further from the published figure than two of its standard deviations."""
    for name, (mean, published_sd) in found["published"].items():
        sd = max(100 * (found["sd"][name] or 0), published_sd or 0)
        # published figures are rounded to a tenth
        return bool(abs(100 * found["mean"][name] - mean) > (2 * sd or 0.05))
    return False


def differences(rows: Rows, notes: dict[str, str]) -> list[str]:
    """RETURNS (list[str]): A paragraph for each row that differs, as far as one is written."""
    different = [row for row, data in rows.items() if any(differs(f) for f in data.values())]
    return [f"**{row}.** {notes[row].strip()}\n" for row in different if row in notes]


def missing(rows: Rows, wanted: Counter[tuple[str, str]]) -> str:
    """RETURNS (str): Which runs of the matrix have not been made, and how to make them."""
    lacking = {
        f"{row} on {data}": n - rows.get(row, {}).get(data, {}).get("n", 0)
        for (row, data), n in wanted.items()
    }
    names = [f"{name} ({n} seeds)" if n > 1 else name for name, n in lacking.items() if n > 0]
    return f"Not run yet (`make reproduce`): {', '.join(names)}.\n" if names else ""


def average(runs: list[dict[str, Any]], key: str) -> dict[str, dict[str, float]]:
    """RETURNS (dict): A table of the runs, each figure the mean over the seeds."""
    return {
        name: {
            figure: statistics.mean(run[key][name][figure] for run in runs)
            for figure in ("rel_p", "rel_r", "rel_f")
        }
        for name in runs[0][key]
    }


def _errors(runs: list[dict[str, Any]]) -> str:
    lines = []
    for key, title in (("missed", "gold triples that were missed"), ("wrong", "wrong triples")):
        kinds = sorted({kind for run in runs for kind in run[key]})
        total = sum(sum(run[key].values()) for run in runs)
        body = [[k, percent(sum(run[key].get(k, 0) for run in runs) / total)] for k in kinds]
        lines.append(table([title, "%"], body))
    others = [run["among_others"] for run in runs]
    scores = ", ".join(f"{x.upper()} {percent(_mean(others, f'rel_{x}'))}" for x in "prf")
    lines.append(
        f"Among {others[0]['texts_without_triple']} texts of another data set, half as many as the "
        f"test has, which count as without triple: {scores}; "
        f"{_mean(others, 'found_in_them'):.0f} triples were found in them.\n"
    )
    return "\n".join(lines)


def judged_errors(judgements: dict[str, Any]) -> str:
    """RETURNS (str): What was judged of errors by hand, as shares."""
    parts = []
    for row, kinds in judgements.items():
        parts.append(f"### Errors of {row} on webnlg, judged by hand\n")
        for title, errors in kinds.items():
            numbers = {kind: len(found) for kind, found in errors["judged"].items()}
            total = sum(numbers.values())
            header = [f"{total} of {errors['of']} {title} triples, drawn by chance", "%"]
            parts.append(table(header, [[k, percent(n / total)] for k, n in numbers.items()]))
    return "\n".join(parts)


def _further(runs: list[dict[str, Any]]) -> str:
    tests = [run.get("further_tests", {}) for run in runs]
    scores = [test["authors"] for test in tests if "authors" in test]
    if not scores:
        return ""
    names = ("rel_f", "ents_f", *AUTHORS)
    figures = ", ".join(f"`{name}` {percent(_mean(scores, name))}" for name in names)
    return (
        "On the authors' own test file (full spans of the sentences of `webnlg_copyre`, marked up "
        f"otherwise than `webnlg`; 121 of its 125 relations are in train): {figures}.\n"
    )


def _mean(rows: list[dict[str, float]], key: str) -> float:
    return statistics.mean(row[key] for row in rows)


def _published(found: dict[str, Any]) -> str:
    for name, (mean, sd) in found["published"].items():
        return f"{AUTHORS[name]} {published_of(mean, sd)}"
    return ""


def _best_on_test(found: dict[str, Any], measure: str | None) -> str:
    mean, sd = found["best_on_test"]["mean"], found["best_on_test"]["sd"]
    if measure is None or measure not in mean:
        return ""
    return f"{AUTHORS[measure]} {mean_of(mean[measure], sd[measure])}"
