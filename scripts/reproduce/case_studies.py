"""The two sentences that the paper discusses → training/reproduce/case_studies.md.

Both stand in NYT's test set. The systems are the rows nyt_* of configs/reproduction.yml, and the
page shows what each finds, round by round. Those that `make reproduce ONLY="nyt_*" REPORT=again`
has trained here are read anew; of others the page says what the published one does.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import spacy
import typer
from spacy.language import Language
from spacy.tokens import Doc
from wasabi import msg

from scripts.reproduce.modules.matrix import RUNS, read_matrix
from scripts.reproduce.modules.reports import PUBLISHED
from spacy_rin import get_relations
from spacy_rin.arrays.rounds import Round
from spacy_rin.component import RelationExtractor, find_rin
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.evaluation.markdown import table
from spacy_rin.files import write_text
from spacy_rin.pictures.picture import make_pictures
from spacy_rin.pictures.svg import draw

PAGE = RUNS / "case_studies.md"
# Words that one sentence of the test set alone has together.
SENTENCES = (("Europe", "Denmark", "Norway"), ("Scott", "vision", "York"))
# A probability is shown from here on.
LEAST = 0.05
HEADER = """# Case studies

The two sentences of NYT's test set that the paper discusses, read by systems trained on `nyt_small`
(4,500 sentences of the validation set, seed 0). Written by `scripts/reproduce/case_studies.py`.
Under each system, its rounds: the probability of the best tag of a word, where it is no O, and the
highest probability of a relation over all tails for a word as head, from 0.05 on.
"""


def main(
    matrix: Annotated[Path, typer.Option(help="Rows")] = Path("configs/reproduction.yml"),
    corpus: Annotated[Path, typer.Option(help="Test set")] = Path("corpus/nyt_small/test"),
    output: Annotated[Path, typer.Option(help="Page; pictures go beside it")] = PAGE,
) -> None:
    """Write the page and a picture for each sentence and system."""
    runs = [run for run in read_matrix(matrix) if run.row.startswith("nyt_") and run.seed == 0]
    systems = {r.row: spacy.load(r.folder / "model-best") for r in runs if r.result.exists()}
    if not systems:
        msg.fail('No system is trained: make reproduce ONLY="nyt_*" REPORT=again', exits=1)
    published = PUBLISHED / output.name
    kept = read_sections(published.read_text(encoding="utf8")) if published.exists() else {}
    output.parent.mkdir(parents=True, exist_ok=True)
    parts = [HEADER]
    for words in SENTENCES:
        gold = find_sentence(corpus, words)
        title = " … ".join(words)
        parts.append(f"## {title}\n\n> {gold.text}\n\nGold: {say(gold)}\n")
        for row in (run.row for run in runs):
            picture = output.with_name(f"case_{words[0].lower()}_{row}.svg")
            if row in systems:
                parts.append(write_case(row, systems[row], gold, picture))
            elif (title, row) in kept:
                parts.append(kept[title, row])
                shutil.copyfile(published.with_name(picture.name), picture)
    write_text(output, "\n".join(parts))
    msg.good(f"Wrote {output}")


def read_sections(page: str) -> dict[tuple[str, str], str]:
    """RETURNS (dict): What a page says of each sentence and system, by their headings."""
    sections = {}
    for sentence in page.split("\n## ")[1:]:
        title, *systems = sentence.split("\n### ")
        for text in systems:
            sections[title.splitlines()[0], text.splitlines()[0]] = f"### {text.rstrip()}\n"
    return sections


def write_case(row: str, nlp: Language, gold: Doc, picture: Path) -> str:
    """Draw what a system finds in a sentence.

    row (str): Name of the system.
    nlp (Language): The system.
    gold (Doc): The sentence.
    picture (Path): SVG file to write.
    RETURNS (str): What the page says of it.
    """
    doc, rounds = read_sentence(nlp, gold)
    write_text(picture, draw(next(make_pictures(doc))))
    found = f"### {row}\n\nFound: {say(doc)}\n\n![{row}]({picture.name})\n"
    return f"{found}\n{rounds_table(find_rin(nlp), doc, rounds)}"


def find_sentence(corpus: Path, words: tuple[str, ...]) -> Doc:
    """RETURNS (Doc): The first gold Doc that has all of these words."""
    for doc in read_docs(corpus):
        if set(words) <= {token.text for token in doc}:
            return doc
    raise ValueError(f"No sentence of {corpus} has {', '.join(words)}")


def read_sentence(nlp: Language, gold: Doc) -> tuple[Doc, list[Round]]:
    """RETURNS (tuple): The sentence in gold tokens, as the pipeline reads it, and its rounds."""
    spaces = [bool(token.whitespace_) for token in gold]
    doc = Doc(nlp.vocab, words=[token.text for token in gold], spaces=spaces)
    rin = find_rin(nlp)
    with nlp.select_pipes(disable=[rin.name]):
        doc = nlp(doc)
    (rounds,) = rin.predict_rounds([doc])
    return rin(doc), rounds


def rounds_table(rin: RelationExtractor, doc: Doc, rounds: list[Round]) -> str:
    """RETURNS (str): A line a round: tags, relations by head, and what would be found."""
    rows = []
    for k, found in enumerate(rounds):
        best = found.tags.argmax(axis=1)
        tags = [
            f"{token.text} {rin.tag_names[best[i]]} {found.tags[i, best[i]]:.2f}"
            for i, token in enumerate(doc)
            if rin.tag_names[best[i]] != "O"
        ]
        relations = [
            f"{doc[i].text} {_short(rin.labels[t])} {found.relations[i, t]:.2f}"
            for i, t in np.argwhere(found.relations >= LEAST).tolist()
        ]
        triples = [_text(doc, triple) for triple in found.prediction.triples]
        rows.append([str(k), *("<br>".join(part) or "–" for part in (tags, relations, triples))])
    return table(["round", "tags", "relations by head", "triples"], rows, "llll")


def say(doc: Doc) -> str:
    """RETURNS (str): The triples of a Doc."""
    found = [f"{r.head.text} | {_short(r.label)} | {r.tail.text}" for r in get_relations(doc)]
    return "; ".join(found) or "nothing"


def _text(doc: Doc, triple: Any) -> str:
    head, tail = (doc[start:end].text for start, end, _ in (triple.head, triple.tail))
    return f"{head} → {_short(triple.label)} → {tail} {triple.score:.2f}"


def _short(label: str) -> str:
    """NYT's labels are paths in Freebase."""
    return label.rsplit("/", 1)[-1]


if __name__ == "__main__":
    typer.run(main)
