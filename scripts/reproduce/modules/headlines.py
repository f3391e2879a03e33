"""The README's table of results: what the best rows reach, beside what was published."""

from __future__ import annotations

from typing import NamedTuple

from scripts.reproduce.modules.reports import Rows
from scripts.reproduce.modules.tables import mean_of, published_of
from spacy_rin.evaluation.markdown import table


class Headline(NamedTuple):
    """A line of the table.

    text (str): What is counted, and the row.
    row (str): Row of configs/reproduction.yml.
    dataset (str): Its data set.
    score (str): Which of its scores.
    source (str): Whose the published figure is, if there is one.
    """

    text: str
    row: str
    dataset: str
    score: str
    source: str = ""


HEADLINES = (
    Headline(
        "WebNLG (216 relations), exact match, BiLSTM: `rin_best`",
        *("rin_best", "webnlg", "authors_exact_f", "paper, 171 relations"),
    ),
    Headline(
        "WebNLG (216 relations), exact match, MiniLM: `rin_trf_k2`",
        *("rin_trf_k2", "webnlg", "authors_exact_f"),
    ),
    Headline(
        "WebNLG (form of CopyRE), partial match, BiLSTM: `rin_best`",
        *("rin_best", "webnlg_copyre", "authors_partial_f", "paper"),
    ),
    Headline(
        "WebNLG (form of CopyRE), partial match, MiniLM: `rin_trf_k2`",
        *("rin_trf_k2", "webnlg_copyre", "authors_partial_f", "slides, BERT-base"),
    ),
    Headline(
        "NYT (4,500 training sentences), exact match with entity labels, MiniLM: `nyt_trf_k2`",
        *("nyt_trf_k2", "nyt_small", "rel_strict_f"),
    ),
)


def results_table(rows: Rows) -> str:
    """Write the headlines whose rows have been run.

    rows (dict): What `reports.summarise` gives of configs/reproduction.yml.
    RETURNS (str): Markdown.
    """
    body = []
    for text, row, dataset, score, source in HEADLINES:
        found = rows.get(row, {}).get(dataset)
        if found:
            published = found["published"].get(score)
            beside = f"{published_of(*published)} ({source})" if published else "–"
            ours = mean_of(found["mean"][score], found["sd"][score])
            body.append([text, ours, str(found["n"]), beside])
    return table(["test F1", "spacy-rin", "seeds", "published"], body)
