"""Triples in texts that state none: the package's sentences, and counts made another way."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
import spacy
from paths import ROOT
from processes import run_python
from spacy.language import Language
from toy import gold_docs, texts, trained, write_corpus

from spacy_rin import get_relations
from spacy_rin.evaluation import silence
from spacy_rin.evaluation.report import evaluate
from spacy_rin.evaluation.silence import FILES, read_silent_docs, score_silence

SENTENCES = {name: path.read_text(encoding="utf8").splitlines() for name, path in FILES.items()}


def demo_texts() -> set[str]:
    """The texts of the demo corpus, without their spaces."""
    found = set()
    with zipfile.ZipFile(ROOT / "assets" / "demo.zip") as archive:
        for name in archive.namelist():
            for line in archive.read(name).decode("utf8").splitlines():
                row = json.loads(line)
                found.add("".join((row.get("text") or "".join(row["tokens"])).split()))
    return found


def test_there_are_enough_sentences_and_each_is_another() -> None:
    assert len(SENTENCES["silence"]) >= 300 and len(SENTENCES["silence_negated"]) >= 100
    sentences = [text for found in SENTENCES.values() for text in found]
    assert len({text.casefold() for text in sentences}) == len(sentences)
    assert all(text == text.strip() and re.search(r"^[A-Z].*\.$", text) for text in sentences)
    assert not {"".join(text.split()) for text in sentences} & demo_texts()


def test_readme_counts_the_sentences() -> None:
    table = (FILES["silence"].parent / "README.md").read_text(encoding="utf8")
    for name, path in FILES.items():
        assert f"| `{path.name}` | `{name}` | {len(SENTENCES[name])} |" in table


def test_negated_sentences_deny() -> None:
    words = r"\b(not|never|no|nor|neither|nobody|none|myth|false|untrue|wrong|wrongly|mistakenly)\b"
    words += r"|\b(denied|refused|without|ruled out|lie|far from)\b"
    sentences = SENTENCES["silence_negated"]
    assert [text for text in sentences if not re.search(words, text, re.IGNORECASE)] == []


@pytest.mark.processes
def test_wheel_has_the_sentences(tmp_path: Path) -> None:
    """All data in the package's folders, built as pip builds it."""
    sources = tmp_path / "sources"
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        sources.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, sources)
    ignored = shutil.ignore_patterns("*.egg-info", "__pycache__")
    shutil.copytree(ROOT / "src", sources / "src", ignore=ignored)
    code = "from setuptools.build_meta import build_wheel; build_wheel('../wheel')"
    done = run_python("-c", code, cwd=sources)
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "wheel").glob("*.whl")
    package = ROOT / "src" / "spacy_rin"
    data = {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert {f"spacy_rin/evaluation/texts/{path.name}" for path in FILES.values()} < data
    assert data <= set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.training
def test_scores_are_triples_in_a_thousand_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of sentences that the toy pipeline finds triples in, as if they stated none."""
    nlp = trained()
    sets = {"silence": texts()[::2], "silence_negated": [*texts()[1::2], "Plato ! " * 9]}
    for name, lines in sets.items():
        (tmp_path / name).with_suffix(".txt").write_text("\n".join(lines), encoding="utf8")
    files = {name: (tmp_path / name).with_suffix(".txt") for name in sets}
    monkeypatch.setattr(silence, "FILES", files)
    result = evaluate(nlp, write_corpus(tmp_path / "test.spacy", gold_docs(nlp.vocab)))
    assert list(result["invented"]) == list(sets)
    for name, lines in sets.items():
        found = [relation for text in lines for relation in get_relations(nlp(text))]
        row = result["invented"][name]
        assert row["texts"] == len(lines) and row["triples"] == len(found) > 0
        assert sum(row["by_label"].values()) == len(found)
        assert result["scores"][name] == row["per_1000"] == 1000 * len(found) / len(lines)
        surest = max(relation.score for relation in found)
        assert row["surest"][0]["score"] == pytest.approx(surest, abs=1e-4)


@pytest.mark.training
def test_own_texts_replace_those_of_the_package(tmp_path: Path) -> None:
    nlp = trained()
    test = write_corpus(tmp_path / "test.spacy", gold_docs(nlp.vocab))
    lines = ["Plato was born in Athens .", "it rained all day .", "it rained all day ."]
    (tmp_path / "own.txt").write_text("\n".join(lines), encoding="utf8")
    scores = evaluate(nlp, test, silence=tmp_path / "own.txt")["scores"]
    assert scores["silence"] == pytest.approx(1000 / 3)
    assert scores["silence_negated"] == evaluate(nlp, test)["scores"]["silence_negated"]


def test_pipeline_of_another_language_has_no_score_on_english() -> None:
    assert score_silence(spacy.blank("de")) == {}
    assert list(score_silence(spacy.blank("en"))) == ["silence", "silence_negated"]


def test_docs_with_relations_are_left_out(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    docs = gold_docs(nlp.vocab)
    silent = [doc for doc in docs if not get_relations(doc)]
    found = read_silent_docs(nlp, write_corpus(tmp_path / "docs.spacy", docs))
    assert [doc.text for doc in found] == [doc.text for doc in silent]
    assert [len(doc.ents) for doc in found] == [len(doc.ents) for doc in silent]


@pytest.mark.parametrize("name", ["texts.txt", "texts.jsonl"])
def test_entities_of_plain_texts_are_left_open(tmp_path: Path, name: str) -> None:
    text = "Plato never saw Athens ."
    line = json.dumps({"text": text}) if name.endswith("jsonl") else text
    (tmp_path / name).write_text(line, encoding="utf8")
    (doc,) = read_silent_docs(spacy.blank("en"), tmp_path / name)
    assert doc.text == text and not doc.has_annotation("ENT_IOB")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("no.txt", None, "no such file"),
        ("empty.txt", "", "holds no text without a relation"),
        ("bad.jsonl", '{"text": 3}', "bad.jsonl:1"),
        ("table.csv", "a", "Can't tell the format"),
    ],
)
def test_what_can_not_be_read_is_said(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf8")
    with pytest.raises(ValueError, match=message):
        score_silence(spacy.blank("en"), tmp_path / name)


def test_docs_that_all_have_relations_are_no_texts(tmp_path: Path) -> None:
    nlp: Language = spacy.blank("en")
    docs = [doc for doc in gold_docs(nlp.vocab) if get_relations(doc)]
    path = write_corpus(tmp_path / "docs.spacy", docs)
    with pytest.raises(ValueError, match="holds no text without a relation"):
        score_silence(nlp, path)
