"""What is published → the pages that show it: results/README.md, and the tables of other pages.

Between `<!-- NAME: start -->` and `<!-- NAME: end -->` a page has a table that is written here.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

import srsly
from wasabi import msg

from scripts.reproduce.modules import reproduction_page
from scripts.reproduce.modules.headlines import results_table
from scripts.reproduce.modules.matrix import read_matrix
from scripts.reproduce.modules.own_data import (
    amount_table,
    levers_table,
    own_data,
)
from scripts.reproduce.modules.reports import PUBLISHED, REPORT, Rows, read_report, summarise
from scripts.reproduce.modules.speed_tables import FIRST, extract_table, speed_table, way_table
from scripts.reproduce.modules.tables import drills_table, mean_of, prf_table
from spacy_rin.evaluation.card import SCORES
from spacy_rin.evaluation.markdown import percent, table
from spacy_rin.files import write_json, write_text

PAGE = PUBLISHED / "README.md"
BENCHMARK = PUBLISHED / "benchmark.json"
EXTRACT = PUBLISHED / "extract.json"
WAY = PUBLISHED / "way.json"
DRILLS = PUBLISHED / "drills.json"
NOTES = PUBLISHED / "notes.yml"
JUDGED = PUBLISHED / "judged_errors.yml"
README = Path("README.md")
PROJECT = Path("docs/project.md")
PERFORMANCE = Path("docs/performance.md")
OWN_DATA = Path("docs/your-own-data.md")
SCALING = Path("docs/scaling.md")
RELIABILITY = Path("docs/reliability.md")
FACTS = Path("docs/from-annotations-to-facts.md")
# The project's runs on WebNLG without `--vars.joined 0.2`, and with it.
BY_SENTENCE = PUBLISHED / "webnlg" / "rin.json"
LEARNED_PASSAGES = PUBLISHED / "webnlg" / "rin_joined.json"
# Other reports of rows: name, title, and the matrix in configs/ that has the rows.
REPORTS = {
    "precision": ("float32 and bfloat16 products", "precision"),
    "float32": (
        "Rows trained again, where products are float32 "
        "(those under Reproduction are mostly bfloat16)",
        "reproduction",
    ),
    "tuning": ("What was tried for rin_best.cfg", "tuning"),
    "amount": ("How many sentences it takes, on CoNLL04", "amount"),
}
SCORE_TABLE = table(["score", ""], [[f"`{name}`", text] for name, text in SCORES.items()], "ll")
HEADER = f"""# Results

Rendered by `make publish` from the files beside it, which hold the seeds, versions, data checksums
and hardware they were made with. Those in folders were written by `spacy-rin evaluate` and hold the
whole config. The reports of rows (`.jsonl`) were written by `make reproduce`: each line is a run,
and says which config was trained and what was set otherwise. Models are chosen on dev; labels and
vocabulary come from train.

Triples are counted over sets, micro-averaged; a missed entity makes its triples misses. A predicted
triple is right if it has the gold triple's

{SCORE_TABLE}
The published figures of RIN stand beside `authors_*`. These count every cell over the threshold as
a prediction, also between words that are not tagged as entities.
"""

PLOTS = """
Time and memory against n, l, K and batch size (`make bench`; all cases in
[benchmark.json](benchmark.json)):

![time](benchmark_time.png)
![memory](benchmark_memory.png)
"""


def write_pages() -> None:
    """Write the results page and the tables of the others."""
    runs = {path: srsly.read_json(path) for path in sorted(PUBLISHED.glob("*/*.json"))}
    rows = read_rows(REPORT, REPORT)
    benchmark, extract = (_read(path) for path in (BENCHMARK, EXTRACT))
    tables = {PROJECT: {"runs": overview(runs, PROJECT.parent)}, README: {}}
    if rows:
        best = {row: rows[row] for row in reproduction_page.BEST if row in rows}
        tables[README]["results"] = results_table(rows)
        tables[PROJECT]["best"] = reproduction_page.overview(best)
    if benchmark:
        tables[README]["speed"] = speed_table(benchmark, FIRST)
        tables[PERFORMANCE] = {"speed": speed_table(benchmark)}
    if "webnlg" in rows.get("rin_best", {}) and {BY_SENTENCE, LEARNED_PASSAGES} <= runs.keys():
        tables[OWN_DATA] = {"passages": passages_table(runs, rows)}
    amounts, levers = read_rows("amount", "amount"), read_levers()
    if amounts:
        write_json(PUBLISHED / "own_data.json", own_data(amounts, levers))
        tables.setdefault(OWN_DATA, {})["amount"] = amount_table(amounts)
    if "recipe" in levers and "before" in levers:
        tables.setdefault(OWN_DATA, {})["levers"] = levers_table(
            levers, read_report(PUBLISHED / "levers_settings.jsonl")
        )
    if drills := _read(DRILLS):
        tables[RELIABILITY] = {"drills": drills_table(drills)}
    if extract:
        tables[SCALING] = {"extract": extract_table(extract)}
    if way := _read(WAY):
        tables[FACTS] = {"way": way_table(way)}
    # All are made before any is written.
    pages = {PAGE: results_page(runs, rows, benchmark)}
    for path, contents in tables.items():
        pages[path] = path.read_text(encoding="utf8")
        for name, content in contents.items():
            pages[path] = fill(pages[path], name, content)
    for path, text in pages.items():
        write_text(path, text)
        msg.good(f"Wrote {path}")


def read_rows(name: str, matrix: str) -> Rows:
    """RETURNS (dict): The rows of a published report, in the order of a matrix in configs/."""
    lines = read_report(PUBLISHED / f"{name}.jsonl")
    return summarise(lines, read_matrix(Path("configs") / f"{matrix}.yml")) if lines else {}


def read_levers() -> Rows:
    """RETURNS (dict): The rows of the levers, whose matrix is made when they are trained."""
    return summarise(read_report(PUBLISHED / "levers.jsonl"), [])


def results_page(runs: dict[Path, Any], rows: Rows, benchmark: dict[str, Any] | None) -> str:
    """RETURNS (str): Every published figure, with where it comes from."""
    sections = [HEADER, "## Test F1 of all runs\n", overview(runs, PUBLISHED)]
    for name, (title, matrix) in REPORTS.items():
        found = read_rows(name, matrix)
        sections += [f"## {title}\n\n{seeds_table(found)}"] if found else []
    if rows:
        matrix_runs = read_matrix(Path("configs") / f"{REPORT}.yml")
        wanted = Counter((run.row, run.dataset) for run in matrix_runs)
        sections.append(reproduction_page.section(rows, _read(NOTES) or {}, wanted))
    judged = _read(JUDGED)
    sections += [reproduction_page.judged_errors(judged)] if judged else []
    sections += ["## Time and memory\n", speed_table(benchmark), PLOTS] if benchmark else []
    return "\n".join([*sections, *(_run(path, run) for path, run in runs.items())])


def overview(runs: dict[Path, Any], folder: Path) -> str:
    """RETURNS (str): One row a run; links are relative to `folder`."""
    names = ("rel", "rel_strict", "rel_partial", "authors_partial", "authors_exact", "ents")
    rows = [
        [f"[{path.parent.name} / {path.stem}]({Path(os.path.relpath(path, folder)).as_posix()})"]
        + [percent(run["scores"][f"{name}_f"]) for name in names]
        + [f"{run['speed']['words_per_s']:,}"]
        for path, run in runs.items()
    ]
    return table(["run (test F1)", *(f"`{name}_f`" for name in names), "words/s"], rows)


def seeds_table(rows: Rows) -> str:
    """RETURNS (str): Mean ± standard deviation of F1 over the seeds of every row and data set."""
    names = ("rel", "rel_strict", "rel_partial", "authors_partial", "authors_exact", "ents")
    body = [
        [f"{row} on {data}", str(found["n"]), str(found["epochs"])]
        + [percent(fmean(run["dev_score"] for run in found["runs"]))]
        + [mean_of(found["mean"][f"{n}_f"], found["sd"][f"{n}_f"]) for n in names]
        for row, datasets in rows.items()
        for data, found in datasets.items()
    ]
    header = ["row (test F1, chosen on dev)", "seeds", "epochs", "dev `rel_f`"]
    header += [f"`{name}_f`" for name in names]
    return table(header, body)


def passages_table(runs: dict[Path, Any], rows: Rows) -> str:
    """RETURNS (str): F1 on raw texts that hold several test records, by how they are read."""
    plain = rows["rin_best"]["webnlg"]["runs"]
    found = {
        "by sentences, with a splitter in front": runs[BY_SENTENCE]["joined"],
        "whole": reproduction_page.average(plain, "joined"),
        "whole, by a model that has learned with `level = 0.2`": runs[LEARNED_PASSAGES]["joined"],
    }
    body = [[name, *(percent(by[n]["rel_f"]) for n in "124")] for name, by in found.items()]
    return table(["read (`rel_f`)", "one", "two", "four"], body)


def fill(text: str, name: str, content: str) -> str:
    """Put a table between its two marks; a page without them stays as it is."""
    start, end = f"<!-- {name}: start -->", f"<!-- {name}: end -->"
    before, has_start, rest = text.partition(start)
    _, has_end, after = rest.partition(end)
    if not (has_start and has_end):
        msg.warn(f"No {start} ... {end} in a page: its table was not written")
        return text
    return f"{before}{start}\n{content}{end}{after}"


def _run(path: Path, run: dict[str, Any]) -> str:
    model = run["config"]["components"]["rin"]["model"]
    data = ", ".join(
        f"{part} {d['docs']} sentences, {d['triples']} triples (md5 {d['md5'][:8]})"
        for part, d in run["data"].items()
    )
    hardware, versions = run.get("train_hardware") or run["hardware"], run["versions"]
    seconds = run["train_seconds"]
    lines = [
        f"## {path.parent.name} / {path.stem}\n",
        f"K = {model['rounds']}, seed {run['seed']}, {len(run['history'])} evaluations on dev"
        + (f", trained in {seconds / 60:.0f} minutes" if seconds else "")
        + f" on {hardware['gpu'] or hardware['processor']}, {hardware['torch_threads']} threads on "
        + f"{hardware['cores']} cores; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ".",
        f"\nData: {data}.\n",
        prf_table("score", _flat(run["scores"])),
    ]
    for title, key in (
        ("sentences of overlap class", "by_overlap"),
        ("sentences with this many triples", "by_triples"),
        ("triples that stand in train as text, or not", "by_seen"),
        ("test sentences in one raw text, read by the whole pipeline", "joined"),
    ):
        if run[key]:
            lines.append(prf_table(title, run[key]))
    return "\n".join(lines)


def _flat(scores: dict[str, float]) -> dict[str, dict[str, float]]:
    names = [name[:-2] for name in scores if name.endswith("_f")]
    return {n: {f"rel_{x}": scores[f"{n}_{x}"] for x in "prf"} for n in names}


def _read(path: Path) -> Any:
    """RETURNS (Any): What a JSON or YAML file holds, None where there is none."""
    read = srsly.read_json if path.suffix == ".json" else srsly.read_yaml
    return read(path) if path.exists() else None
