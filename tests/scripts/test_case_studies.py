"""The page of the case studies, on a small trained pipeline."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from spacy.vocab import Vocab
from toy import gold_docs, rin_of, trained, write_corpus

from scripts.reproduce import case_studies
from scripts.reproduce.modules.matrix import Run
from spacy_rin import get_relations


def test_sentence_is_read_in_its_tokens_round_by_round() -> None:
    nlp = trained()
    gold = next(doc for doc in gold_docs(nlp.vocab) if get_relations(doc))
    doc, rounds = case_studies.read_sentence(nlp, gold)
    assert [t.text_with_ws for t in doc] == [t.text_with_ws for t in gold]
    assert case_studies.say(doc) == case_studies.say(gold) != "nothing"
    rows = case_studies.rounds_table(rin_of(nlp), doc, rounds).splitlines()[2:]
    assert len(rows) == len(rounds) > 1
    last = rows[-1].split(" | ")
    for relation in get_relations(gold):
        assert f"{relation.head.text} → {relation.label} → {relation.tail.text}" in last[3]
        assert relation.label in last[2]
    assert all(ent[-1].text in last[1] for ent in gold.ents)


def test_sentence_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = write_corpus(tmp_path / "test.spacy", gold_docs(Vocab()))
    with pytest.raises(ValueError, match="Atlantis"):
        case_studies.find_sentence(path, ("Atlantis",))


def test_page_says_what_is_published_of_systems_that_are_not_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    corpus, page = write_corpus(tmp_path / "test.spacy", gold_docs(Vocab())), Path("new/page.md")
    words = tuple(t.text for t in next(doc for doc in gold_docs(Vocab()) if get_relations(doc)))
    monkeypatch.setattr(case_studies, "SENTENCES", (words,))
    runs = [Run(row, "x", 0, "a.cfg", 1, ()) for row in ("nyt_a", "nyt_b", "nyt_c")]
    monkeypatch.setattr(case_studies, "read_matrix", lambda path: runs)
    monkeypatch.setattr(Run, "folder", property(lambda run: tmp_path / run.row))

    def train(*rows: str) -> None:
        for row in rows:
            (tmp_path / row).mkdir()
            trained().to_disk(tmp_path / row / "model-best")
            (tmp_path / row / "result.json").touch()

    def headings() -> list[str]:
        return [line[4:] for line in page.read_text("utf8").splitlines() if line[:4] == "### "]

    def publish() -> None:
        shutil.copytree(page.parent, case_studies.PUBLISHED)
        shutil.rmtree(page.parent)

    train("nyt_a", "nyt_c")
    case_studies.main(Path("m.yml"), corpus, page)
    assert headings() == ["nyt_a", "nyt_c"]
    before = page.read_text("utf8")
    case_studies.main(Path("m.yml"), corpus, page)
    assert page.read_text("utf8") == before
    publish()
    for row in ("nyt_a", "nyt_c"):
        shutil.rmtree(tmp_path / row)
    train("nyt_b")
    case_studies.main(Path("m.yml"), corpus, page)
    assert headings() == ["nyt_a", "nyt_b", "nyt_c"]
    after = page.read_text("utf8")
    for part in before.split("### ")[1:]:
        assert part.strip() in after
    shown = set(re.findall(r"\((case_\w+\.svg)\)", after))
    assert len(shown) == 3 and {path.name for path in page.parent.glob("*.svg")} == shown
